/// A `multipart/form-data` body (RFC 7578), read whole. Sans-IO, safe on any bytes, linear in their number.
struct MultipartForm: Equatable {
  struct Part: Equatable {
    /// Of `Content-Disposition`.
    var name: String
    /// Without parameters, in lower case; nil when the part has none, which means text.
    var contentType: String?
    var body: ArraySlice<UInt8>
  }

  /// What is wrong with a form.
  struct Malformed: Error, Equatable {
    var reason: String
  }

  static let maximumParts = 16
  /// Of one part.
  static let maximumHeaderBytes = 4 << 10

  private(set) var parts: [Part] = []

  /// - Parameter boundary: as `boundary(of:)` gives it.
  init(_ body: [UInt8], boundary: String) throws(Malformed) {
    let dashes = Array("--\(boundary)".utf8)
    let delimiter = [Self.cr, Self.lf] + dashes
    // The first may stand at the very beginning; a preamble before it is nobody's.
    var rest = body[...]
    if rest.starts(with: dashes) {
      rest = rest.dropFirst(dashes.count)
    } else if let first = Self.find(delimiter, in: rest) {
      rest = rest[(first + delimiter.count)...]
    } else {
      throw Malformed(reason: "its boundary is nowhere in it")
    }
    while !rest.starts(with: [Self.dash, Self.dash]) {
      rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
      guard rest.starts(with: [Self.cr, Self.lf]) else {
        throw Malformed(reason: "a boundary is followed by something else than the end of the line")
      }
      // The line's end stays: a part without headers begins with an empty line.
      guard let end = Self.find(delimiter, in: rest) else { throw Malformed(reason: "its last part has no end") }
      guard end > rest.startIndex else { throw Malformed(reason: "a part is empty") }
      guard parts.count < Self.maximumParts else {
        throw Malformed(reason: "it has more than \(Self.maximumParts) parts")
      }
      parts.append(try Self.part(rest[..<end]))
      rest = rest[(end + delimiter.count)...]
    }
  }

  /// The first part of that name.
  subscript(name: String) -> Part? { parts.first { $0.name == name } }

  /// The boundary of a `Content-Type` that is `multipart/form-data`; nil when it has none, or one that cannot be
  /// (RFC 2046, section 5.1.1).
  static func boundary(of contentType: String) -> String? {
    guard contentType.utf8.count <= maximumHeaderBytes, let value = HeaderValue(contentType),
      value.value == "multipart/form-data", let boundary = value.parameters["boundary"],
      (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
      boundary.utf8.last != 0x20
    else { return nil }
    return boundary
  }

  // MARK: One part

  /// - Parameter bytes: from the line's end behind the boundary to the one before the next.
  private static func part(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> Part {
    let blank: [UInt8] = [cr, lf, cr, lf]
    guard let end = find(blank, in: bytes.prefix(maximumHeaderBytes)) else {
      throw Malformed(
        reason: "a part has no empty line behind its headers, or they are longer than \(maximumHeaderBytes) bytes")
    }
    var name: String?
    var contentType: String?
    for line in bytes[bytes.startIndex..<end].split(separator: lf) {
      let line = line.last == cr ? line.dropLast() : line
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let field = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      let value = HeaderValue(String(decoding: line[(colon + 1)...], as: UTF8.self))
      if field == "content-disposition", value?.value == "form-data" {
        name = value?.parameters["name"]
      } else if field == "content-type" {
        contentType = value?.value
      }
    }
    guard let name else { throw Malformed(reason: "a part has no name in its Content-Disposition") }
    return Part(name: name, contentType: contentType, body: bytes[(end + blank.count)...])
  }

  /// Where `pattern` begins in `bytes`. Its first byte must not come again in it: so what matched in vain is not looked
  /// at again, unless it is the empty line, which is four bytes long.
  private static func find(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.withUnsafeBufferPointer { buffer in
      var start = 0
      while start + pattern.count <= buffer.count {
        guard buffer[start] == pattern[0] else {
          start += 1
          continue
        }
        var length = 1
        while length < pattern.count, buffer[start + length] == pattern[length] { length += 1 }
        if length == pattern.count { return bytes.startIndex + start }
        start += pattern.count == 4 ? 1 : length
      }
      return nil
    }
  }

  private static let cr: UInt8 = 0x0D
  private static let lf: UInt8 = 0x0A
  private static let dash = UInt8(ascii: "-")
}

/// A header's value with parameters: `form-data; name="sdp"` (RFC 9110, section 5.6.6).
struct HeaderValue: Equatable {
  /// In lower case.
  var value: String
  /// By name in lower case; the first of a name counts.
  var parameters: [String: String] = [:]

  /// Nil when it cannot be read: no value, or a quotation without an end.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    var index = 0
    value = Self.text(Self.trimmed(Self.token(bytes, &index))).lowercased()
    guard !value.isEmpty else { return nil }
    while index < bytes.count {
      index += 1  // the semicolon
      let piece = Self.token(bytes, &index, stoppingAt: UInt8(ascii: "="))
      guard index < bytes.count, bytes[index] == UInt8(ascii: "=") else { continue }
      index += 1
      let name = Self.text(Self.trimmed(piece)).lowercased()
      while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
      let argument: [UInt8]
      if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
        guard let quoted = Self.quoted(bytes, &index) else { return nil }
        argument = quoted
        _ = Self.token(bytes, &index)
      } else {
        argument = Array(Self.trimmed(Self.token(bytes, &index)))
      }
      if parameters[name] == nil { parameters[name] = Self.text(argument[...]) }
    }
  }

  /// Up to a semicolon, or to `stop`.
  private static func token(_ bytes: [UInt8], _ index: inout Int, stoppingAt stop: UInt8 = UInt8(ascii: ";"))
    -> ArraySlice<UInt8>
  {
    let start = index
    while index < bytes.count, bytes[index] != UInt8(ascii: ";"), bytes[index] != stop { index += 1 }
    return bytes[start..<index]
  }

  private static func quoted(_ bytes: [UInt8], _ index: inout Int) -> [UInt8]? {
    var result: [UInt8] = []
    index += 1
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        index += 1
        return result
      case UInt8(ascii: "\\") where index + 1 < bytes.count:
        index += 1
        result.append(bytes[index])
      default: result.append(bytes[index])
      }
      index += 1
    }
    return nil
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop { $0 == 0x20 || $0 == 0x09 }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    return bytes
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
