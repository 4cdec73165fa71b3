/// Everything `viva.yaml` says, checked. Every value has a default except the workers.
public struct Settings: Sendable, Equatable {
  public var server = ServerSettings()
  public var audio = AudioSettings()
  public var webRTC = WebRTCSettings()
  public var limits = LimitSettings()
  public var workers = WorkerSettings()
  public var pool = PoolSettings()
  public var ladder = LadderSettings()
  public var callbacks = CallbackSettings()
  /// nil: nothing is kept.
  public var answerCache: AnswerCacheSettings?
  public var checkpoints = CheckpointSettings()
  /// Who is told what happens in sessions.
  public var webhooks: [WebhookSettings] = []
  public var agents: [String: Agent] = [:]
  /// The agent for a session that names none.
  public var defaultAgent = "assistant"
  /// The configuration file's folder: what relative paths in it are relative to, and where worker processes run.
  public var folder = "."

  public init() {}
}

public struct ServerSettings: Sendable, Equatable {
  /// Where clients come in: page, HTTP, WebSocket.
  public var listen = ListenAddress(host: "127.0.0.1", port: 8080)
  /// `/metrics`, `/healthz` and `/readyz`, apart from the clients.
  public var admin = ListenAddress(host: "127.0.0.1", port: 8081)
  /// Lets `admin` be reachable from other machines. It has neither keys nor TLS.
  public var adminPublic = false
  /// PEM files; both or none, read again when they change. A public bind needs them. The loader resolves relative paths.
  public var tlsCertificate: String?
  public var tlsKey: String?
  /// Server keys; any of them authorises. Never logged.
  public var keys: [String] = []
  /// A file with one key a line, made with a fresh key at the first start if there is no other key; nil is none.
  /// The loader resolves a relative path, the default's too, against the configuration file's folder.
  public var keyFile: String? = "../.viva/keys"
  /// Values of `Origin` that may open a WebSocket beside the server's own; `*` allows all.
  public var allowedOrigins: [String] = []
  /// Proxies in front of the server, whose word in `X-Forwarded-For` is taken for whom they forward.
  public var trustedProxies: [AddressRange] = []
  /// Client secrets (`POST /v1/realtime/client_secrets`) that may be valid at once, 1...1000000.
  public var maximumEphemeralKeys = 10_000
  /// Session threads; 0 is one a core.
  public var shards = 0
  /// Whoever may open sessions may break workers on purpose. Only where this machine alone can reach `listen`.
  public var development = false

  public init() {}
}

public struct AudioSettings: Sendable, Equatable {
  /// How far ahead of its playing time agent audio is sent, in milliseconds, 100...5000.
  public var sendAheadMilliseconds = 400

  public init() {}
}
