public struct WorkerSettings: Sendable, Equatable {
  /// Providers in order of preference; the second is tried when the first fails before its first result.
  public var asr: [ProviderSettings] = []
  public var llm: [ProviderSettings] = []
  public var tts: [ProviderSettings] = []
  /// Models that hear whether a turn is over, for `semantic_vad`; may be empty.
  public var endOfTurn: [ProviderSettings] = []

  public init() {}
}

public struct ProviderSettings: Sendable, Equatable {
  public enum WireProtocol: String, Sendable, CaseIterable {
    case wyoming, openai
    /// Viva's own, for models that hear the end of a turn.
    case http
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

  /// What an OpenAI TTS is asked to answer with.
  public enum AudioResponse: String, Sendable, CaseIterable {
    /// Bare 16-bit samples, at `sampleRate`.
    case pcm
    /// Ogg Opus; its packets go on to clients of `audio/opus` as they are where that is possible.
    case opus
    case wav
  }

  public var name: String
  public var wireProtocol: WireProtocol
  /// `tcp://host:port` for Wyoming, `http(s)://host:port/v1` for OpenAI, `http(s)://host:port` for `http`;
  /// nil for espeak.
  public var url: String?
  /// The model asked of an OpenAI server.
  public var model: String?
  /// Default voice of a TTS.
  public var voice: String?
  /// Bearer key for an OpenAI server.
  public var apiKey: String?
  public var partials = Partials.auto
  /// Whether an OpenAI ASR is asked for its text piece by piece.
  public var streams = true
  /// Of an OpenAI TTS.
  public var responseFormat = AudioResponse.pcm
  /// Of an OpenAI TTS's `pcm`, which does not tell it, in Hz, 8000...48000.
  public var sampleRate = 24_000
  /// Of an LLM.
  public var tools = ToolUse.chosen
  public var deadlines = Deadlines()
  /// Neighbours in the file that both have one share their calls in proportion, above 0; nil: strictly in order.
  public var weight: Double?
  public var breaker = BreakerOptions()
  /// Calls at once, 1...65535; nil: as many as come.
  public var slots: Int?
  /// Of the pool; nil: of none. Goes with `slots`, as do the two below.
  public var device: String?
  /// MiB of its device.
  public var memory = 0
  /// In milliseconds, from a cancel to the free slot. A worker that needs more than 100 keeps what it works on.
  public var cancelLatency = 20
  /// Servers of the same model that stand in for each other, 64 at most, in the place of `url`; empty: one, at `url`.
  public var instances: [InstanceSettings] = []
  /// Set when Viva starts and supervises the worker itself.
  public var process: ProcessSettings?

  public init(name: String, wireProtocol: WireProtocol, url: String? = nil) {
    self.name = name
    self.wireProtocol = wireProtocol
    self.url = url
  }
}

/// One of several servers of a provider.
public struct InstanceSettings: Sendable, Equatable {
  public var url: String
  /// As in `ProviderSettings`, like those below.
  public var device: String?
  public var slots: Int
  public var memory: Int

  public init(url: String, device: String? = nil, slots: Int, memory: Int = 0) {
    self.url = url
    self.device = device
    self.slots = slots
    self.memory = memory
  }
}

extension ProviderSettings {
  /// The provider as each of its instances has it, with the instance's name; the provider itself where it lists none.
  public var atInstances: [(name: String, settings: ProviderSettings)] {
    guard !instances.isEmpty else { return [(name, self)] }
    return instances.enumerated().map { position, instance in
      var settings = self
      settings.instances = []
      settings.url = instance.url
      settings.device = instance.device
      settings.slots = instance.slots
      settings.memory = instance.memory
      return ("\(name)/\(position + 1)", settings)
    }
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

/// What differs from the preset of the provider's kind in its circuit breaker; nil is as the preset has it.
public struct BreakerOptions: Sendable, Equatable {
  /// 0...1000; 0 switches this way of opening off.
  public var consecutiveFailures: Int?
  /// 1...1000.
  public var successesToClose: Int?
  /// In seconds, 1...3600.
  public var waitDurationInOpenState: Int?
  /// 1...1000.
  public var permittedNumberOfCallsInHalfOpenState: Int?
  /// Calls, 1...10000.
  public var slidingWindowSize: Int?
  /// 1...10000.
  public var minimumNumberOfCalls: Int?
  /// In percent, 1...100.
  public var failureRateThreshold: Double?
  /// In percent, 1...100.
  public var slowCallRateThreshold: Double?
  /// To the first result, in milliseconds, 10...300000.
  public var slowCallDurationThreshold: Int?

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
