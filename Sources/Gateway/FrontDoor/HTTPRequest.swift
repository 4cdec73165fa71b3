/// A request as the handler sees it: parsed, decoded and bounded.
public struct HTTPRequest: Sendable {
  public enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
  }

  public var method: Method
  /// Begins with "/", percent-decoded, with "." and ".." segments and doubled slashes resolved.
  public var path: String
  /// Names and values in order, percent-decoded. A name without "=" has the empty value.
  public var query: [(name: String, value: String)] = []
  /// By lower-case name. Repeated headers are joined by ",".
  public var headers: [String: String] = [:]
  /// What the client offered in `Sec-WebSocket-Protocol`, in its order.
  public var subprotocols: [String] = []
  public var body: [UInt8] = []
  public var listener: ListenerID
  /// The address of the TCP peer, without port.
  public var remoteAddress: String

  /// A header by name, whatever its case. Collected are `accept`, `access-control-request-headers`,
  /// `authorization`, `content-length`, `content-type`, `cookie`, `host`, `if-match`, `if-none-match`, `origin`,
  /// `sec-websocket-protocol`, `user-agent`, `x-forwarded-for` and `Configuration.additionalHeaders`.
  public func header(_ name: String) -> String? { headers[name.lowercased()] }

  /// The first value of a query parameter.
  public func queryValue(_ name: String) -> String? { query.first { $0.name == name }?.value }
}
