/// The fields that a `session.update` names; the others stay as they are.
public struct SessionPatch: Sendable, Equatable {
  /// Which kind of session it is for; nil when it does not say.
  public var kind: RealtimeSession.Kind?
  public var model: String?
  public var modality: Modality?
  /// `""` clears them.
  public var instructions: String?

  public var inputFormat: AudioFormat?
  public var noiseReduction = Patch<RealtimeSession.NoiseReduction>.absent
  public var transcription = Patch<RealtimeSession.Transcription>.absent
  public var turnDetection = Patch<TurnDetectionPatch>.absent

  public var outputFormat: AudioFormat?
  public var voice: Voice?
  public var speed: Double?

  /// `[]` removes all.
  public var tools: [RealtimeSession.Tool]?
  public var toolChoice: RealtimeSession.ToolChoice?
  public var parallelToolCalls: Bool?
  public var reasoningEffort: ReasoningEffort?
  public var maxOutputTokens: TokenLimit?
  public var truncation: Truncation?
  public var include: [String]?
  public var tracing = Patch<JSONValue>.absent
  /// Vendor field `viva.srtp.sdp`: an SDP offer of SRTP with keys in it (RFC 4568), for the audio of a WebSocket's
  /// session. No part of the effective session, which others may see.
  public var srtpOffer: String?

  public init() {}
}

extension SessionPatch {
  /// Reads the `session` of a form, which stands alone. Safe on any bytes.
  ///
  /// - Throws: an `invalid_request_error` that names the field at fault, below `session`.
  public static func decode(_ bytes: [UInt8]) throws(RealtimeError) -> SessionPatch {
    do {
      return try RealtimeJSON.decode(SessionPatch.self, from: bytes)
    } catch {
      var refusal = RealtimeError(decoding: error)
      refusal.param = refusal.param.map { $0.isEmpty ? "session" : "session.\($0)" } ?? "session"
      throw refusal
    }
  }
}

extension SessionPatch: Decodable {
  /// - Throws: `RealtimeError` for what Viva does not do, `DecodingError` for what is no session at all.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: RealtimeSession.CodingKeys.self)
    try OtherDialects.refuse(OtherDialects.sessionFields, in: decoder)
    kind = try fields.choice(.type)
    model = try fields.label(.model, upTo: 128)
    modality = try fields.modality(.outputModalities)
    instructions = try fields.text(.instructions, upTo: Limits.instructions)
    tools = try fields.list(.tools, upTo: Limits.tools)
    toolChoice = try fields.decodeIfPresent(RealtimeSession.ToolChoice.self, forKey: .toolChoice)
    parallelToolCalls = try fields.decodeIfPresent(Bool.self, forKey: .parallelToolCalls)
    reasoningEffort = try fields.reasoningEffort(.reasoning)
    maxOutputTokens = try fields.decodeIfPresent(TokenLimit.self, forKey: .maxOutputTokens)
    truncation = try fields.decodeIfPresent(Truncation.self, forKey: .truncation)
    include = try fields.list(.include, upTo: 16)
    tracing = try fields.patch(.tracing)
    if case .value(let tracing) = tracing, tracing.text.utf8.count > Limits.tracing {
      throw fields.refusal(.tracing, "Invalid length: expected at most \(Limits.tracing) bytes of JSON.")
    }
    try fields.refusePrompt(.prompt)
    let viva = try fields.nested(RealtimeSession.VivaKeys.self, .viva)
    srtpOffer = try viva?.nested(RealtimeSession.SRTPKeys.self, .srtp)?.requiredLabel(.sdp, upTo: Limits.offer)

    let audio = try fields.nested(RealtimeSession.AudioKeys.self, .audio)
    if let input = try audio?.nested(RealtimeSession.InputKeys.self, .input) {
      inputFormat = try input.decodeIfPresent(AudioFormat.self, forKey: .format)
      noiseReduction = try input.patch(.noiseReduction)
      transcription = try input.patch(.transcription)
      turnDetection = try input.patch(.turnDetection)
    }
    if let output = try audio?.nested(RealtimeSession.OutputKeys.self, .output) {
      outputFormat = try output.decodeIfPresent(AudioFormat.self, forKey: .format)
      voice = try output.decodeIfPresent(Voice.self, forKey: .voice)
      speed = try output.number(.speed)
    }
  }
}

extension KeyedDecodingContainer {
  /// Prompt templates live in OpenAI's account, not here.
  func refusePrompt(_ key: Key) throws {
    guard contains(key), try !decodeNil(forKey: key) else { return }
    throw refusal(
      key, code: "unsupported_parameter", "Stored prompts are not supported. Send their text as 'instructions'.")
  }
}
