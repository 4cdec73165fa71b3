/// A whole response. `Content-Length` and `Connection` are added when it is sent.
public struct HTTPResponse: Sendable {
  /// 200...599.
  public var status: Int
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]

  public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// An error in OpenAI's shape, for requests that are refused before a handler sees them.
  /// - Parameter message: free of what JSON would escape.
  static func invalidRequest(
    status: Int, code: String, message: String, headers: [(name: String, value: String)] = []
  ) -> HTTPResponse {
    HTTPResponse(
      status: status,
      headers: [("Content-Type", "application/json")] + headers,
      body: Array(
        """
        {"error":{"message":"\(message)","type":"invalid_request_error","param":null,"code":"\(code)"}}
        """.utf8))
  }

  /// The bytes on the wire (RFC 9112).
  func serialized(omittingBody: Bool, keepAlive: Bool) -> [UInt8] {
    var head = "HTTP/1.1 \(status) \(Self.reasonPhrases[status] ?? "Status")\r\n"
    for (name, value) in headers {
      head += "\(Self.withoutLineBreaks(name)): \(Self.withoutLineBreaks(value))\r\n"
    }
    let mayHaveBody = status != 204 && status != 304
    if mayHaveBody { head += "Content-Length: \(body.count)\r\n" }
    head += keepAlive ? "\r\n" : "Connection: close\r\n\r\n"
    var bytes = Array(head.utf8)
    if mayHaveBody, !omittingBody { bytes += body }
    return bytes
  }

  /// A header value may echo what a client sent: it must not start a header of its own.
  private static func withoutLineBreaks(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
    return String(decoding: text.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self)
  }

  private static let reasonPhrases = [
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 301: "Moved Permanently", 302: "Found",
    304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required",
    412: "Precondition Failed", 413: "Content Too Large", 415: "Unsupported Media Type",
    422: "Unprocessable Content", 426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout",
  ]
}
