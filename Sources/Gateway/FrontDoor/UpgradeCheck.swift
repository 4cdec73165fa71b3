/// Finds what is wrong with a WebSocket upgrade, so that the client can be told. libwebsockets checks the
/// same, but hangs up without a word.
struct UpgradeCheck {
  var connection: String?
  var key: String?
  var version: String?
  var offered: String?
  let supported: [String]

  /// The answer to a malformed upgrade; nil if it is well-formed.
  func refusal(of request: HTTPRequest) -> HTTPResponse? {
    guard request.method == .get, request.headers["host"] != nil else {
      return .invalidRequest(
        status: 400, code: "invalid_upgrade", message: "A WebSocket upgrade is a GET with a Host header.")
    }
    guard let connection, connection.utf8.count <= Self.longestList,
      commaSeparated(connection.lowercased()).contains("upgrade")
    else {
      return .invalidRequest(
        status: 400, code: "invalid_upgrade", message: "Send 'Connection: Upgrade' with 'Upgrade: websocket'.")
    }
    guard version == "13" else {
      return .invalidRequest(
        status: 426, code: "unsupported_version", message: "Only version 13 of the WebSocket protocol is spoken.",
        headers: [("Sec-WebSocket-Version", "13")])
    }
    // RFC 6455 §4.1: sixteen bytes in base64.
    guard let key, key.utf8.count == 24 else {
      return .invalidRequest(
        status: 400, code: "invalid_upgrade", message: "Sec-WebSocket-Key must be 16 bytes in base64.")
    }
    return subprotocolRefusal(offered: request.subprotocols)
  }

  /// libwebsockets picks the first sub-protocol it knows out of a copy of at most 126 bytes, each name
  /// in front of it at most 63.
  private func subprotocolRefusal(offered list: [String]) -> HTTPResponse? {
    guard let offered, !offered.isEmpty else { return nil }
    guard offered.utf8.count <= Self.longestList else {
      return .invalidRequest(
        status: 400, code: "subprotocol_too_long",
        message: "Sec-WebSocket-Protocol is longer than 126 bytes. Use a shorter key or the Authorization header."
      )
    }
    guard let chosen = list.firstIndex(where: supported.contains) else {
      return .invalidRequest(
        status: 400, code: "unknown_subprotocol",
        message: "No sub-protocol in Sec-WebSocket-Protocol is spoken here. Offer \(supported.joined(separator: ", "))."
      )
    }
    guard list[..<chosen].allSatisfy({ $0.utf8.count <= 63 }) else {
      return .invalidRequest(
        status: 400, code: "subprotocol_too_long",
        message: "Offer \(list[chosen]) as the first sub-protocol in Sec-WebSocket-Protocol.")
    }
    return nil
  }

  private static let longestList = 126
}
