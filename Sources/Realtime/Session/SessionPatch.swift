/// The fields that a `session.update` names; the others stay as they are.
public struct SessionPatch: Sendable, Equatable {
  public var model: String?
  public var modality: Modality?
  /// `""` clears them.
  public var instructions: String?

  public var inputFormat: AudioFormat?
  public var noiseReduction = Patch<RealtimeSession.NoiseReduction>.absent
  public var transcription = Patch<RealtimeSession.Transcription>.absent
  public var turnDetection = Patch<TurnDetectionPatch>.absent

  public var outputFormat: AudioFormat?
  public var voice: String?
  public var speed: Double?

  /// `[]` removes all.
  public var tools: [RealtimeSession.Tool]?
  public var toolChoice: RealtimeSession.ToolChoice?
  public var maxOutputTokens: TokenLimit?
  public var truncation: Truncation?
  public var include: [String]?
  public var tracing = Patch<JSONValue>.absent

  public init() {}
}

extension SessionPatch: Decodable {
  /// - Throws: `RealtimeError` for what this release cannot do, `DecodingError` for what no release can.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: RealtimeSession.CodingKeys.self)
    let type = try fields.decodeIfPresent(String.self, forKey: .type) ?? "realtime"
    if type == "transcription" {
      throw fields.refusal(
        .type, code: "unsupported_value",
        "Transcription-only sessions are not supported yet. Use type 'realtime' with audio.input.transcription set, and create_response false in turn_detection."
      )
    }
    guard type == "realtime" else {
      throw fields.refusal(.type, .unknownValue(type, allowed: ["realtime"]))
    }
    model = try fields.decodeIfPresent(String.self, forKey: .model)
    modality = try fields.modality(.outputModalities)
    instructions = try fields.decodeIfPresent(String.self, forKey: .instructions)
    tools = try fields.decodeIfPresent([RealtimeSession.Tool].self, forKey: .tools)
    toolChoice = try fields.decodeIfPresent(RealtimeSession.ToolChoice.self, forKey: .toolChoice)
    maxOutputTokens = try fields.decodeIfPresent(TokenLimit.self, forKey: .maxOutputTokens)
    truncation = try fields.decodeIfPresent(Truncation.self, forKey: .truncation)
    include = try fields.decodeIfPresent([String].self, forKey: .include)
    tracing = try fields.patch(.tracing)
    try fields.refusePrompt(.prompt)

    let audio = try fields.nested(RealtimeSession.AudioKeys.self, .audio)
    if let input = try audio?.nested(RealtimeSession.InputKeys.self, .input) {
      inputFormat = try input.decodeIfPresent(AudioFormat.self, forKey: .format)
      noiseReduction = try input.patch(.noiseReduction)
      transcription = try input.patch(.transcription)
      turnDetection = try input.patch(.turnDetection)
    }
    if let output = try audio?.nested(RealtimeSession.OutputKeys.self, .output) {
      outputFormat = try output.decodeIfPresent(AudioFormat.self, forKey: .format)
      voice = try output.voice(.voice)
      speed = try output.number(.speed)
    }
  }
}

extension KeyedDecodingContainer {
  private enum VoiceKeys: CodingKey {
    case id
  }

  /// A voice's name, or `{"id": …}`; nil when absent or null.
  func voice(_ key: Key) throws -> String? {
    if let voice = try? nested(VoiceKeys.self, key) { return try voice.requiredLabel(.id, upTo: 128) }
    return try label(key, upTo: 128)
  }

  /// Prompt templates live in OpenAI's account, not here.
  func refusePrompt(_ key: Key) throws {
    guard contains(key), try !decodeNil(forKey: key) else { return }
    throw refusal(
      key, code: "unsupported_parameter", "Stored prompts are not supported. Send their text as 'instructions'.")
  }
}
