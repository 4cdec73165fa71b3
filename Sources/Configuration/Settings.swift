/// Everything `viva.yaml` says, checked. Every value has a default except the workers.
public struct Settings: Sendable, Equatable {
  public var server = ServerSettings()
  public var audio = AudioSettings()
  public var limits = LimitSettings()
  public var workers = WorkerSettings()
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
  /// PEM files; both or none. A public bind needs them. The loader resolves relative paths.
  public var tlsCertificate: String?
  public var tlsKey: String?
  /// Server keys; any of them authorises. Never logged.
  public var keys: [String] = []
  /// A file with one key a line, made with a fresh key at the first start if there is no other key; nil is none.
  /// The loader resolves a relative path, the default's too, against the configuration file's folder.
  public var keyFile: String? = "../.viva/keys"
  /// Values of `Origin` that may open a WebSocket beside the server's own; `*` allows all.
  public var allowedOrigins: [String] = []
  /// Session threads; 0 is one a core.
  public var shards = 0

  public init() {}
}

public struct AudioSettings: Sendable, Equatable {
  /// How far ahead of its playing time agent audio is sent, in milliseconds, 100...5000.
  public var sendAheadMilliseconds = 400

  public init() {}
}

public struct LimitSettings: Sendable, Equatable {
  public var sessions = 1000
  /// Largest WebSocket message, in bytes. 15 MiB of audio are 20 MiB of base64.
  public var messageBytes = 22 << 20
  /// Bytes that may wait for a client that does not read, before it is closed with 1008.
  public var sendQueueBytes = 8 << 20
  /// Longest uncommitted input audio, in seconds.
  public var inputBufferSeconds = 300
  /// A user turn is cut and committed after this many seconds of speech under `server_vad`.
  public var turnSeconds = 60
  /// Items a conversation may hold.
  public var items = 2000
  /// A session ends after this many minutes.
  public var sessionMinutes = 60

  public init() {}
}

public struct WorkerSettings: Sendable, Equatable {
  /// Providers in order of preference; the second is tried when the first fails before its first result.
  public var asr: [ProviderSettings] = []
  public var llm: [ProviderSettings] = []
  public var tts: [ProviderSettings] = []

  public init() {}
}

public struct ProviderSettings: Sendable, Equatable {
  public enum WireProtocol: String, Sendable, CaseIterable {
    case wyoming, openai
    /// A local `espeak-ng` command a sentence: the TTS of last resort.
    case espeak
  }
  /// What a Wyoming `transcript-chunk` carries.
  public enum Partials: String, Sendable, CaseIterable {
    /// As the worker's `info` says; none where it says nothing.
    case auto
    /// The whole text so far.
    case whole
    /// A piece to append.
    case piece
    case none
  }

  /// What a language model makes of functions.
  public enum ToolUse: String, Sendable, CaseIterable {
    /// It chooses by itself whether to call one.
    case chosen
    /// It calls one only when made to (`tool_choice` is `required` or names a function); otherwise it is told of
    /// none. For small models, which are led astray by functions.
    case forced
  }

  public var name: String
  public var wireProtocol: WireProtocol
  /// `tcp://host:port` for Wyoming, `http(s)://host:port/v1` for OpenAI; nil for espeak.
  public var url: String?
  /// The model asked of an OpenAI server.
  public var model: String?
  /// Default voice of a TTS.
  public var voice: String?
  /// Bearer key for an OpenAI server.
  public var apiKey: String?
  public var partials = Partials.auto
  /// Of an LLM.
  public var tools = ToolUse.chosen
  public var deadlines = Deadlines()
  /// Set when Viva starts and supervises the worker itself.
  public var process: ProcessSettings?

  public init(name: String, wireProtocol: WireProtocol, url: String? = nil) {
    self.name = name
    self.wireProtocol = wireProtocol
    self.url = url
  }
}

/// Slow is failed: limits of one worker call, in milliseconds.
public struct Deadlines: Sendable, Equatable {
  public var connect = 1000
  /// From the request (for ASR: from the end of the audio) to the first result (for ASR: the final text).
  public var firstResult = 5000
  /// Between two results.
  public var gap = 5000

  public init() {}
}

public struct ProcessSettings: Sendable, Equatable {
  /// Executable and arguments; relative paths are relative to the configuration file's folder.
  public var command: [String]
  public var environment: [String: String] = [:]
  /// How long it may take until it answers, in seconds.
  public var readyTimeoutSeconds = 60

  public init(command: [String]) {
    self.command = command
  }
}
