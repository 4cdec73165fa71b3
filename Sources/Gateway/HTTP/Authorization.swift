import VivaConfiguration

/// Who may come in.
struct Authorization: Sendable {
  /// How browsers, which cannot set headers on a WebSocket, present their key.
  static let keySubprotocol = "openai-insecure-api-key."

  let keys: ServerKeys
  /// Values of `Origin` allowed beside the server's own.
  let allowedOrigins: [String]

  /// Why a request may not pass; nil when it may.
  func refusal(of request: HTTPRequest) -> HTTPResponse? {
    guard let key = presentedKey(request) else { return .missingKey }
    return keys.authorises(key) ? nil : .wrongKey
  }

  /// A page of another site must not open a WebSocket with its visitor's key.
  func originRefusal(of request: HTTPRequest) -> HTTPResponse? {
    guard let origin = request.header("origin") else { return nil }
    let host = origin.split(separator: "/").last.map(String.init)
    if host == request.header("host") || allowedOrigins.contains(origin) || allowedOrigins.contains("*") {
      return nil
    }
    return .error(
      403,
      .invalidRequest(
        code: "origin_not_allowed",
        message: "Pages of \(origin) may not connect. Add it to server.allowed_origins in viva.yaml.",
        param: nil))
  }

  private func presentedKey(_ request: HTTPRequest) -> String? {
    if let header = request.header("authorization") {
      let parts = header.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
      return String(parts[1])
    }
    return request.subprotocols.first { $0.hasPrefix(Self.keySubprotocol) }
      .map { String($0.dropFirst(Self.keySubprotocol.count)) }
  }
}
