/// The effective configuration of a session, whole, as `session.created` and `session.updated` show it.
public struct RealtimeSession: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// A conversation.
    case realtime
    /// The server writes down what it hears and answers nothing.
    case transcription
  }

  public var id: String
  public let kind: Kind
  /// The agent that answers.
  public var model: String
  public var modality = Modality.audio
  public var instructions = ""

  public var inputFormat = AudioFormat.pcm
  public var noiseReduction: NoiseReduction?
  /// nil: the client wants no transcripts of what the user says.
  public var transcription: Transcription?
  /// nil: the client commits turns and asks for responses itself.
  public var turnDetection: TurnDetection? = TurnDetection()

  public var outputFormat = AudioFormat.pcm
  public var voice: Voice?
  /// 0.25...1.5.
  public var speed = 1.0

  public var tools: [Tool] = []
  public var toolChoice = ToolChoice.auto
  public var maxOutputTokens = TokenLimit.unlimited
  public var truncation = Truncation.auto
  /// Whether the model may call several functions in one response; nil leaves it to the model.
  public var parallelToolCalls: Bool?
  /// How much the model may think before it answers; nil leaves it to the model.
  public var reasoningEffort: ReasoningEffort?
  /// What the server is to add to its events: `item.input_audio_transcription.logprobs`.
  public var include: [String] = []
  /// Carried for clients that trace with OpenAI; Viva does not read it.
  public var tracing: JSONValue?
  /// Seconds since 1970.
  public var expiresAt: Int?

  public init(id: String, model: String, kind: Kind = .realtime) {
    self.id = id
    self.model = model
    self.kind = kind
    guard kind == .transcription else { return }
    transcription = Transcription()
    keepQuiet()
  }

  /// Nothing of a transcription session may start or stop a response.
  mutating func keepQuiet() {
    turnDetection?.createResponse = false
    turnDetection?.interruptResponse = false
  }

  /// A session has one conversation, named after it.
  public var conversationID: String {
    "conv_" + (id.hasPrefix("sess_") ? id.dropFirst(5) : id[...])
  }

  /// Whether the client set a limit.
  public var limitsTokens: Bool { maxOutputTokens != .unlimited }

  /// Whether old items may be left out of what the model sees.
  public var truncatesAutomatically: Bool { truncation != .disabled }
}
