/// One answer of the agent, as `response.created` and `response.done` describe it.
public struct Response: Sendable, Equatable {
  public struct Audio: Sendable, Equatable {
    public var format: AudioFormat
    public var voice: Voice?

    public init(format: AudioFormat, voice: Voice?) {
      self.format = format
      self.voice = voice
    }
  }

  public var id: String
  public var status: ResponseStatus
  public var statusDetails: ResponseStatusDetails?
  /// The finished items. Their audio is left out of the event.
  public var output: [ConversationItem] = []
  public var outputModalities: [Modality] = [.audio]
  public var audio: Audio?
  /// nil for a response outside the conversation.
  public var conversationID: String?
  public var metadata: [String: String]?
  public var maxOutputTokens = TokenLimit.unlimited
  /// nil while it is in progress.
  public var usage: Usage?
  /// Vendor field.
  public var viva: ResponseLatency?

  public init(id: String, status: ResponseStatus) {
    self.id = id
    self.status = status
  }
}

public enum ResponseStatus: String, Sendable, Codable, CaseIterable {
  case inProgress = "in_progress"
  case completed, cancelled, failed, incomplete
}

/// Why a response ended as it did.
public struct ResponseStatusDetails: Sendable, Equatable, Codable {
  public struct Failure: Sendable, Equatable, Codable {
    public var type: String?
    public var code: String?
    public var message: String?

    public init(type: String?, code: String?, message: String?) {
      self.type = type
      self.code = code
      self.message = message
    }
  }

  /// The response's status, once more.
  public var type: String
  /// `turn_detected`, `client_cancelled`, `max_output_tokens`, `content_filter`.
  public var reason: String?
  public var error: Failure?

  public init(type: String, reason: String? = nil, error: Failure? = nil) {
    self.type = type
    self.reason = reason
    self.error = error
  }
}

/// What a turn cost, stage by stage, in milliseconds; nil where a stage did not happen.
public struct ResponseLatency: Sendable, Equatable {
  /// The caller's last voiced sample → the end of the turn was decided.
  public var endpointing: Double?
  /// End of turn → final transcript.
  public var asr: Double?
  /// The model was asked → its first token.
  public var llmFirstToken: Double?
  /// The synthesizer was asked → its first audio.
  public var ttsFirstByte: Double?
  /// First synthesised audio → first audio sent.
  public var firstAudioOut: Double?
  /// The caller's last voiced sample → first audio sent.
  public var response: Double?
  /// No model answered: the words are what one has answered to the same question before.
  public var cached: Bool?

  public init(
    endpointing: Double? = nil, asr: Double? = nil, llmFirstToken: Double? = nil, ttsFirstByte: Double? = nil,
    firstAudioOut: Double? = nil, response: Double? = nil, cached: Bool? = nil
  ) {
    self.endpointing = endpointing
    self.asr = asr
    self.llmFirstToken = llmFirstToken
    self.ttsFirstByte = ttsFirstByte
    self.firstAudioOut = firstAudioOut
    self.response = response
    self.cached = cached
  }
}

extension ResponseLatency: Codable {
  private enum CodingKeys: String, CodingKey {
    case endpointing = "endpointing_ms"
    case asr = "asr_ms"
    case llmFirstToken = "llm_first_token_ms"
    case ttsFirstByte = "tts_first_byte_ms"
    case firstAudioOut = "first_audio_out_ms"
    case response = "response_latency_ms"
    case cached
  }
}
