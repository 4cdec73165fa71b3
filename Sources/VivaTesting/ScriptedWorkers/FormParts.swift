import Foundation
import NIOCore

/// The parts of a `multipart/form-data` body (RFC 7578).
struct FormParts {
  struct Part {
    var name: String
    var fileName: String?
    var content: [UInt8]
  }

  var all: [Part] = []

  /// Nil if the body is not of that form.
  init?(_ contentType: String, _ body: ByteBuffer) {
    guard contentType.hasPrefix("multipart/form-data"), let mark = contentType.range(of: "boundary=") else {
      return nil
    }
    let boundary = contentType[mark.upperBound...].prefix { $0 != ";" }.trimmingCharacters(in: ["\""])
    // So that the first boundary has a line end before it, like the others.
    let data = Data("\r\n".utf8) + Data(body.readableBytesView)
    let delimiter = Data("\r\n--\(boundary)".utf8)
    var rest = data[...]
    guard let first = rest.range(of: delimiter) else { return nil }
    rest = rest[first.upperBound...]
    while rest.starts(with: Data("\r\n".utf8)) {
      guard let end = rest.range(of: delimiter), let part = Self.part(rest[rest.startIndex..<end.lowerBound]) else {
        return nil
      }
      all.append(part)
      rest = rest[end.upperBound...]
    }
    guard rest.starts(with: Data("--".utf8)) else { return nil }
  }

  func first(_ name: String) -> Part? { all.first { $0.name == name } }

  private static func part(_ data: Data) -> Part? {
    guard let gap = data.range(of: Data("\r\n\r\n".utf8)) else { return nil }
    let headers = String(decoding: data[data.startIndex..<gap.lowerBound], as: UTF8.self)
    guard let name = headers.firstMatch(of: /[; ]name="([^"]*)"/) else { return nil }
    let fileName = headers.firstMatch(of: /filename="([^"]*)"/).map { String($0.1) }
    return Part(name: String(name.1), fileName: fileName, content: Array(data[gap.upperBound...]))
  }
}
