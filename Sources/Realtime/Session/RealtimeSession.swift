/// The effective configuration of a session, whole, as `session.created` and `session.updated` show it.
public struct RealtimeSession: Sendable, Equatable {
  public var id: String
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
  public var voice: String?
  /// 0.25...1.5.
  public var speed = 1.0

  public var tools: [Tool] = []
  public var toolChoice = ToolChoice.auto
  public var maxOutputTokens = TokenLimit.unlimited
  public var truncation = Truncation.auto
  /// What the server is to add to its events: `item.input_audio_transcription.logprobs`.
  public var include: [String] = []
  /// Carried for clients that trace with OpenAI; Viva does not read it.
  public var tracing: JSONValue?
  /// Seconds since 1970.
  public var expiresAt: Int?

  public init(id: String, model: String) {
    self.id = id
    self.model = model
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

extension RealtimeSession: Encodable {
  enum CodingKeys: String, CodingKey {
    case id, object, type, model, instructions, audio, tools, truncation, include, tracing, prompt
    case outputModalities = "output_modalities"
    case toolChoice = "tool_choice"
    case maxOutputTokens = "max_output_tokens"
    case expiresAt = "expires_at"
  }

  enum AudioKeys: String, CodingKey {
    case input, output
  }

  enum InputKeys: String, CodingKey {
    case format, transcription
    case noiseReduction = "noise_reduction"
    case turnDetection = "turn_detection"
  }

  enum OutputKeys: String, CodingKey {
    case format, voice, speed
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(id, forKey: .id)
    try fields.encode("realtime.session", forKey: .object)
    try fields.encode("realtime", forKey: .type)
    try fields.encode(model, forKey: .model)
    try fields.encode([modality], forKey: .outputModalities)
    try fields.encode(instructions, forKey: .instructions)
    try fields.encode(tools, forKey: .tools)
    try fields.encode(toolChoice, forKey: .toolChoice)
    try fields.encode(maxOutputTokens, forKey: .maxOutputTokens)
    try fields.encode(truncation, forKey: .truncation)
    try fields.encode(include.isEmpty ? nil : include, forKey: .include)
    try fields.encode(tracing, forKey: .tracing)
    try fields.encodeNil(forKey: .prompt)
    try fields.encode(expiresAt, forKey: .expiresAt)

    var audio = fields.nestedContainer(keyedBy: AudioKeys.self, forKey: .audio)
    var input = audio.nestedContainer(keyedBy: InputKeys.self, forKey: .input)
    try input.encode(inputFormat, forKey: .format)
    try input.encode(noiseReduction, forKey: .noiseReduction)
    try input.encode(transcription, forKey: .transcription)
    try input.encode(turnDetection, forKey: .turnDetection)
    var output = audio.nestedContainer(keyedBy: OutputKeys.self, forKey: .output)
    try output.encode(outputFormat, forKey: .format)
    try output.encode(voice, forKey: .voice)
    try output.encode(speed, forKey: .speed)
  }
}
