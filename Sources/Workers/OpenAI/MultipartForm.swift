import NIOCore

/// A body of `multipart/form-data` (RFC 7578).
struct MultipartForm {
  /// In which no value can be expected to hold it: 128 random bits.
  private let boundary = "viva-" + (0..<4).map { _ in String(UInt32.random(in: 0...UInt32.max), radix: 16) }.joined()
  private var out = ByteBuffer()

  var contentType: String { "multipart/form-data; boundary=\(boundary)" }

  mutating func add(_ name: String, _ value: String) {
    begin("name=\"\(name)\"")
    out.writeString("\r\n\(value)\r\n")
  }

  mutating func add(_ name: String, file: String, contentType: String, _ content: ByteBuffer) {
    begin("name=\"\(name)\"; filename=\"\(file)\"")
    out.writeString("Content-Type: \(contentType)\r\n\r\n")
    out.writeImmutableBuffer(content)
    out.writeString("\r\n")
  }

  /// The whole body.
  func encoded() -> ByteBuffer {
    var body = out
    body.writeString("--\(boundary)--\r\n")
    return body
  }

  private mutating func begin(_ disposition: String) {
    out.writeString("--\(boundary)\r\nContent-Disposition: form-data; \(disposition)\r\n")
  }
}
