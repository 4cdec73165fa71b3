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
  private let keyring: Keyring
  private let doorkeeper: Doorkeeper
  private let origins: OriginPolicy
  private let clientSecrets: ClientSecretEndpoint
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
    keyring = Keyring(serverKeys: keys, maximumEphemeralKeys: settings.server.maximumEphemeralKeys)
    doorkeeper = Doorkeeper(
      keyring: keyring, failedLoginsPerMinute: settings.limits.failedLoginsPerMinute,
      connectionsPerMinute: settings.limits.connectionsPerMinute)
    origins = OriginPolicy(allowed: settings.server.allowedOrigins)
    clientSecrets = ClientSecretEndpoint(keyring: keyring, registry: registry)
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

  /// Makes an ephemeral key that opens sessions, for the address of the page that is printed at the start.
  ///
  /// - Parameter serverKey: whose sessions these will be.
  /// - Returns: nil when `serverKey` is none, or there are too many keys.
  public func callerKey(for serverKey: String, seconds: Int) -> String? {
    guard let parent = keyring.serverGrant(for: serverKey) else { return nil }
    return try? keyring.mint(Grant(scope: .caller, owner: parent.owner), seconds: seconds, at: .now).key
  }

  // MARK: FrontDoorHandler

  public func admit(_ request: HTTPRequest) -> UpgradeDecision {
    guard request.listener == Self.client else { return .refuse(.notFound(request.path)) }
    switch Route(path: request.path) {
    case .realtime: break
    case .notServed(let remedy): return .refuse(.notServed(request.path, remedy: remedy))
    default: return .refuse(.notFound(request.path))
    }
    if let refusal = origins.refusal(of: request) { return .refuse(refusal) }
    let now = Instant.now
    do throws(HTTPResponse) {
      let grant = try doorkeeper.grant(for: request, at: now)
      let purpose = try ConnectionPurpose(request, grant, registry: registry)
      try doorkeeper.countConnection(of: grant, at: now)
      if case .open(let wanted) = purpose, let refusal = registry.refusal(of: wanted) { throw refusal.response }
      return .accept(RealtimeConnection(registry: registry, purpose: purpose))
    } catch {
      return .refuse(origins.marked(error, for: request))
    }
  }

  public func respond(to request: HTTPRequest) -> HTTPResponse {
    request.listener == Self.admin ? admin(request) : client(request)
  }

  private func client(_ request: HTTPRequest) -> HTTPResponse {
    let route = Route(path: request.path)
    if route.isCrossOrigin, request.method == .options { return origins.preflight(request) }
    let methods = route.methods ?? [request.method]
    guard methods.contains(request.method) else {
      return .wrongMethod(allowed: methods.map(\.rawValue).joined(separator: ", "))
    }
    guard route.isCrossOrigin else { return answer(request, route) }
    if request.method == .post, let refusal = origins.refusal(of: request) { return refusal }
    return origins.marked(answer(request, route), for: request)
  }

  private func answer(_ request: HTTPRequest, _ route: Route) -> HTTPResponse {
    let now = Instant.now
    do throws(HTTPResponse) {
      switch route {
      case .health: return HTTPResponse(status: 200, text: "ok\n")
      case .readiness: return ready()
      case .models: return models(try doorkeeper.grant(for: request, at: now))
      case .realtime: return .upgradeRequired
      case .clientSecrets:
        return clientSecrets.respond(to: request, try doorkeeper.grant(for: request, at: now), at: now)
      case .notServed(let remedy): return .notServed(request.path, remedy: remedy)
      case .page: return page.response(for: request.path) ?? .notFound(request.path)
      }
    } catch {
      return error
    }
  }

  private func admin(_ request: HTTPRequest) -> HTTPResponse {
    guard request.method == .get || request.method == .head else { return .wrongMethod(allowed: "GET, HEAD") }
    switch request.path {
    case "/healthz": return HTTPResponse(status: 200, text: "ok\n")
    case "/readyz": return ready()
    case "/metrics":
      return HTTPResponse(status: 200, text: metrics.render(), contentType: MetricsRegistry.contentType)
    case "/sessions": return HTTPResponse(status: 200, json: SessionList(registry.snapshot()).encoded())
    default: return .notFound(request.path)
    }
  }

  private func ready() -> HTTPResponse {
    let readiness = readiness()
    return HTTPResponse(status: readiness.isReady ? 200 : 503, text: readiness.detail)
  }

  /// The agents, in the shape of OpenAI's list of models: those that the key may talk to.
  private func models(_ grant: Grant) -> HTTPResponse {
    let names = grant.session?.model.map { [$0] } ?? registry.agentNames
    return HTTPResponse(status: 200, json: ModelList(names: names).encoded())
  }
}
