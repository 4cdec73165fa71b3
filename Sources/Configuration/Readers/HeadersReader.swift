/// `headers:` of a tool, sent with each request.
enum HeadersReader {
  /// What the HTTP client or Viva's signature says itself.
  private static let reserved: Set<String> = [
    "host", "connection", "content-length", "content-type", "transfer-encoding", "te", "trailer", "upgrade",
    "expect", "webhook-id", "webhook-timestamp", "webhook-signature",
  ]
  private static let maximumCount = 32

  static func read(_ value: Value) -> [String: String] {
    var headers: [String: String] = [:]
    value.section { headers = read($0) }
    if headers.count > maximumCount { value.report("has more than \(maximumCount) entries") }
    return headers
  }

  private static func read(_ section: Section) -> [String: String] {
    var headers: [String: String] = [:]
    var names: Set<String> = []
    for name in section.keys {
      guard let value = section.value(name), let text = value.text() else { continue }
      // RFC 9110, 5.6.2 and 5.5. The value is not shown: it may be a key.
      if name.wholeMatch(of: /[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}/) == nil {
        value.report("is not a name of a header")
      } else if reserved.contains(name.lowercased()) {
        value.report("is set by Viva itself")
      } else if !names.insert(name.lowercased()).inserted {
        value.report("is given more than once")
      } else if text.utf8.count > 8192 || text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
        value.report("is not a value of a header", allowed: "up to 8192 bytes without control characters")
      } else {
        headers[name] = text
      }
    }
    return headers
  }
}
