/// Which pages of other sites may use this server from a browser: the list for `Origin`, and CORS (Fetch §3.2).
struct OriginPolicy: Sendable {
  /// How long a browser may remember the answer to a preflight, in seconds.
  private static let maximumAge = "600"

  /// Values of `Origin` allowed beside the server's own; `*` allows all.
  let allowed: [String]

  /// Why a request that changes something, or a WebSocket, is refused: a page of another site must not act with its
  /// visitor's key. Requests without `Origin` do not come from pages.
  func refusal(of request: HTTPRequest) -> HTTPResponse? {
    guard let origin = request.header("origin"), !allows(origin, of: request) else { return nil }
    var response = HTTPResponse.originNotAllowed(origin)
    response.headers.append(("Vary", "Origin"))
    return response
  }

  /// The answer to an `OPTIONS` request. Any header may be sent: OpenAI's SDK has a dozen of its own.
  func preflight(_ request: HTTPRequest, _ route: Route) -> HTTPResponse {
    if let refusal = refusal(of: request) { return refusal }
    let methods = ((route.methods ?? [.get, .head, .post]) + [.options]).map(\.rawValue).joined(separator: ", ")
    var headers = [("Allow", methods)] + route.acceptHeaders
    if request.header("origin") != nil {
      headers.append(("Access-Control-Allow-Methods", methods))
      if let asked = request.header("access-control-request-headers") {
        headers.append(("Access-Control-Allow-Headers", asked))
      }
      headers.append(("Access-Control-Max-Age", Self.maximumAge))
    }
    return marked(HTTPResponse(status: 204, headers: headers), for: request)
  }

  /// `response` as a page of an allowed origin may read it.
  func marked(_ response: HTTPResponse, for request: HTTPRequest) -> HTTPResponse {
    var response = response
    if !response.headers.contains(where: { $0.name == "Vary" }) { response.headers.append(("Vary", "Origin")) }
    if let origin = request.header("origin"), allows(origin, of: request) {
      response.headers.append(("Access-Control-Allow-Origin", origin))
      response.headers.append(("Access-Control-Expose-Headers", "Location, ETag, Accept-Patch, Retry-After"))
    }
    return response
  }

  private func allows(_ origin: String, of request: HTTPRequest) -> Bool {
    let host = origin.split(separator: "/").last.map(String.init)
    return host == request.header("host") || allowed.contains(origin) || allowed.contains("*")
  }
}
