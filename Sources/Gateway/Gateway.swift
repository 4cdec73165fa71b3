import VivaConfiguration
import Realtime
import Runtime
import Sessions
import Synchronization
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
  private let addresses: ForwardedAddress
  private let origins: OriginPolicy
  private let clientSecrets: ClientSecretEndpoint
  private let metrics: MetricsRegistry
  private let readiness: @Sendable () -> Readiness
  private let page: PageFiles
  private let operatorsEndpoint: AdminEndpoint?
  private let workersEndpoint: WorkersEndpoint?
  /// While calls over WebRTC are taken.
  private let calls = Mutex<Calls?>(nil)

  private struct Calls {
    var endpoint: CallEndpoint
    var media: MediaPorts
  }

  /// - Parameters:
  ///   - admin: What `/v1/admin/` of the admin listener reaches; nil: it is not served.
  ///   - workers: What the page shows of the workers; nil: nothing.
  ///   - readiness: called on the gateway's thread, must be quick.
  public init(
    settings: Settings, keys: ServerKeys, registry: SessionRegistry, metrics: MetricsRegistry,
    admin: AdminServices? = nil, workers: WatchedWorkers? = nil, readiness: @escaping @Sendable () -> Readiness
  ) throws {
    self.settings = settings
    self.registry = registry
    keyring = Keyring(serverKeys: keys, maximumEphemeralKeys: settings.server.maximumEphemeralKeys)
    doorkeeper = Doorkeeper(
      keyring: keyring, trustedProxies: settings.server.trustedProxies,
      failedLoginsPerMinute: settings.limits.failedLoginsPerMinute,
      connectionsPerMinute: settings.limits.connectionsPerMinute)
    addresses = ForwardedAddress(trustedProxies: settings.server.trustedProxies)
    origins = OriginPolicy(allowed: settings.server.allowedOrigins)
    clientSecrets = ClientSecretEndpoint(keyring: keyring, registry: registry)
    self.metrics = metrics
    self.readiness = readiness
    operatorsEndpoint = admin.map { AdminEndpoint($0, registry) }
    workersEndpoint = workers.map(WorkersEndpoint.init)
    page = try PageFiles()
  }

  /// Opens the listeners, and the UDP ports of calls.
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
    configuration.additionalHeaders = ["x-forwarded-proto"]
    configuration.maximumMessageBytes = settings.limits.messageBytes
    configuration.maximumSendQueueBytes = settings.limits.sendQueueBytes
    let media = settings.webRTC.enabled ? try MediaPorts(registry.shards, settings: settings.webRTC) : nil
    let door = FrontDoor(configuration: configuration, handler: self)
    let ports: [ListenerID: Int]
    do {
      ports = try door.start()
    } catch {
      media?.stop()
      throw error
    }
    if let media {
      media.show(in: metrics)
      media.start()
      calls.withLock {
        $0 = Calls(
          endpoint: CallEndpoint(registry: registry, media: media, maximumGuests: settings.limits.roomGuests),
          media: media)
      }
    }
    return (door, ports[Self.client] ?? server.listen.port, ports[Self.admin] ?? server.admin.port)
  }

  /// Ends all calls, and takes no more of them: after the door was stopped, and for the same reason.
  public func endCalls(closeCode: UInt16 = 1001, reason: String, within limit: Duration = .seconds(3)) async {
    guard let calls = calls.withLock({ $0.take() }) else { return }
    calls.endpoint.hangUpAll(code: closeCode, reason: reason)
    let deadline = Instant.now + limit
    while calls.endpoint.count > 0, Instant.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
    calls.media.stop()
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
      let refusal =
        switch purpose {
        case .open(let wanted): registry.refusal(of: wanted)
        case .join(let session, _): session.refusal
        }
      if let refusal { throw refusal.response }
      return .accept(RealtimeConnection(registry: registry, purpose: purpose, srtp: srtpAccess(of: request)))
    } catch {
      return .refuse(origins.marked(error, for: request))
    }
  }

  private func srtpAccess(of request: HTTPRequest) -> SRTPAccess {
    guard let endpoint = calls.withLock({ $0?.endpoint }) else { return .off }
    let hasTLS = settings.server.tlsCertificate != nil && settings.server.tlsKey != nil
    return addresses.isPrivate(request, hasTLS: hasTLS) ? .granted(endpoint) : .exposed
  }

  public func respond(to request: HTTPRequest) -> HTTPResponse {
    request.listener == Self.admin ? admin(request) : client(request)
  }

  private func client(_ request: HTTPRequest) -> HTTPResponse {
    let route = Route(path: request.path)
    if route.isCrossOrigin, request.method == .options { return origins.preflight(request, route) }
    let methods = route.methods ?? [request.method]
    guard methods.contains(request.method) else {
      return .wrongMethod(allowed: methods.map(\.rawValue).joined(separator: ", "))
    }
    guard route.isCrossOrigin else { return answer(request, route) }
    if [.post, .patch, .delete].contains(request.method), let refusal = origins.refusal(of: request) { return refusal }
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
      case .calls:
        let grant = try doorkeeper.grant(for: request, at: now)
        return try callEndpoint().open(request, grant) { () throws(HTTPResponse) in
          try doorkeeper.countConnection(of: grant, at: now)
        }
      case .call(let id), .hangUp(let id):
        let grant = try doorkeeper.grant(for: request, at: now)
        return try callEndpoint().respond(to: request, callID: id, grant)
      case .workers:
        guard let workersEndpoint else { return .notFound(request.path) }
        return try workersEndpoint.states(doorkeeper.grant(for: request, at: now))
      case .faults:
        guard let workersEndpoint else { return .notFound(request.path) }
        return try workersEndpoint.faults(request) { () throws(HTTPResponse) in
          try doorkeeper.grant(for: request, at: now)
        }
      case .notServed(let remedy): return .notServed(request.path, remedy: remedy)
      case .page: return page.response(for: request.path) ?? .notFound(request.path)
      }
    } catch {
      return error
    }
  }

  private func callEndpoint() throws(HTTPResponse) -> CallEndpoint {
    guard let endpoint = calls.withLock({ $0?.endpoint }) else {
      throw .notServed(
        Route.callsPath,
        remedy: "Calls over WebRTC are switched off here (webrtc.enabled). Connect a WebSocket to /v1/realtime.")
    }
    return endpoint
  }

  private func admin(_ request: HTTPRequest) -> HTTPResponse {
    if let operatorsEndpoint, request.path.hasPrefix(AdminEndpoint.prefix) {
      do throws(HTTPResponse) {
        return operatorsEndpoint.respond(to: request, try doorkeeper.grant(for: request, at: .now))
      } catch {
        return error
      }
    }
    guard request.method == .get || request.method == .head else { return .wrongMethod(allowed: "GET, HEAD") }
    switch request.path {
    case "/healthz": return HTTPResponse(status: 200, text: "ok\n")
    case "/readyz": return ready()
    case "/metrics":
      return HTTPResponse(status: 200, text: metrics.render(), contentType: MetricsRegistry.contentType)
    case "/sessions": return HTTPResponse(status: 200, json: sessionList())
    default: return .notFound(request.path)
    }
  }

  private func sessionList() -> [UInt8] {
    SessionList(registry.snapshot(), calls: calls.withLock { $0?.endpoint }?.bySession ?? [:]).encoded()
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
