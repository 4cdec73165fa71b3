import VivaConfiguration
import Realtime
import Runtime
import Sessions
import Telemetry

/// Viva's front door: the page, the Realtime API, and the admin listener apart from both.
public final class Gateway: FrontDoorHandler {
  /// What `/readyz` says beside yes or no.
  public struct Readiness: Sendable {
    public var isReady: Bool
    /// One line a worker, say.
    public var detail: String

    public init(isReady: Bool, detail: String) {
      self.isReady = isReady
      self.detail = detail
    }
  }

  private static let client = ListenerID(rawValue: "client")
  private static let admin = ListenerID(rawValue: "admin")

  private let settings: Settings
  private let registry: SessionRegistry
  private let authorization: Authorization
  private let metrics: MetricsRegistry
  private let readiness: @Sendable () -> Readiness
  private let page: PageFiles

  /// - Parameter readiness: called on the gateway's thread, must be quick.
  public init(
    settings: Settings, keys: ServerKeys, registry: SessionRegistry, metrics: MetricsRegistry,
    readiness: @escaping @Sendable () -> Readiness
  ) throws {
    self.settings = settings
    self.registry = registry
    authorization = Authorization(keys: keys, allowedOrigins: settings.server.allowedOrigins)
    self.metrics = metrics
    self.readiness = readiness
    page = try PageFiles()
  }

  /// Opens the listeners.
  ///
  /// - Returns: what stops them, and the ports that they are bound to.
  public func start() throws -> (door: FrontDoor, clientPort: Int, adminPort: Int) {
    let server = settings.server
    var client = FrontDoor.Configuration.Listener(
      id: Self.client, host: server.listen.host, port: server.listen.port)
    if let certificate = server.tlsCertificate, let key = server.tlsKey {
      client.tls = .init(certificateFile: certificate, privateKeyFile: key)
    }
    var configuration = FrontDoor.Configuration(listeners: [
      client, .init(id: Self.admin, host: server.admin.host, port: server.admin.port),
    ])
    configuration.maximumMessageBytes = settings.limits.messageBytes
    configuration.maximumSendQueueBytes = settings.limits.sendQueueBytes
    let door = FrontDoor(configuration: configuration, handler: self)
    let ports = try door.start()
    return (door, ports[Self.client] ?? server.listen.port, ports[Self.admin] ?? server.admin.port)
  }

  // MARK: FrontDoorHandler

  public func admit(_ request: HTTPRequest) -> UpgradeDecision {
    guard request.listener == Self.client, request.path == "/v1/realtime" else {
      return .refuse(.notFound(request.path))
    }
    if let refusal = authorization.originRefusal(of: request) ?? authorization.refusal(of: request) {
      return .refuse(refusal)
    }
    if let refusal = unsupported(request) { return .refuse(refusal) }
    let agent = request.queryValue("model")
    if let refusal = registry.refusal(agent: agent) { return .refuse(refusal.response) }
    return .accept(RealtimeConnection(registry: registry, agent: agent))
  }

  public func respond(to request: HTTPRequest) -> HTTPResponse {
    guard request.method == .get || request.method == .head else { return .wrongMethod(allowed: "GET, HEAD") }
    return request.listener == Self.admin ? admin(request) : client(request)
  }

  /// Forms of a Realtime session that later releases bring.
  private func unsupported(_ request: HTTPRequest) -> HTTPResponse? {
    for (parameter, remedy) in [
      ("intent", "Leave it out: transcripts come with every conversation session."),
      ("call_id", "Leave it out: a session has one client."),
    ] where request.queryValue(parameter) != nil {
      return .error(
        400,
        .invalidRequest(
          code: "unsupported_parameter", message: "'\(parameter)' is not supported yet. \(remedy)",
          param: parameter))
    }
    return nil
  }

  private func client(_ request: HTTPRequest) -> HTTPResponse {
    switch request.path {
    case "/healthz": HTTPResponse(status: 200, text: "ok\n")
    case "/readyz": ready()
    case "/v1/models": authorization.refusal(of: request) ?? models()
    case "/v1/realtime":
      .error(
        426,
        .invalidRequest(
          code: "upgrade_required", message: "This address speaks WebSocket: ask with 'Upgrade: websocket'.",
          param: nil),
        headers: [("Upgrade", "websocket")])
    default: page.response(for: request.path) ?? .notFound(request.path)
    }
  }

  private func admin(_ request: HTTPRequest) -> HTTPResponse {
    switch request.path {
    case "/healthz": HTTPResponse(status: 200, text: "ok\n")
    case "/readyz": ready()
    case "/metrics":
      HTTPResponse(status: 200, text: metrics.render(), contentType: MetricsRegistry.contentType)
    default: .notFound(request.path)
    }
  }

  private func ready() -> HTTPResponse {
    let readiness = readiness()
    return HTTPResponse(status: readiness.isReady ? 200 : 503, text: readiness.detail)
  }

  /// The agents, in the shape of OpenAI's list of models.
  private func models() -> HTTPResponse {
    HTTPResponse(status: 200, json: ModelList(names: registry.agentNames).encoded())
  }
}
