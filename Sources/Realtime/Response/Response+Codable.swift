extension Response: Codable {
  private enum CodingKeys: String, CodingKey {
    case id, object, status, output, audio, metadata, usage, viva
    case statusDetails = "status_details"
    case outputModalities = "output_modalities"
    case conversationID = "conversation_id"
    case maxOutputTokens = "max_output_tokens"
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    id = try fields.decode(String.self, forKey: .id)
    status = try fields.requiredChoice(.status)
    statusDetails = try fields.decodeIfPresent(ResponseStatusDetails.self, forKey: .statusDetails)
    output = try fields.decodeIfPresent([ConversationItem].self, forKey: .output) ?? []
    outputModalities = try fields.decodeIfPresent([Modality].self, forKey: .outputModalities) ?? [.audio]
    conversationID = try fields.decodeIfPresent(String.self, forKey: .conversationID)
    metadata = try fields.decodeIfPresent([String: String].self, forKey: .metadata)
    maxOutputTokens = try fields.decodeIfPresent(TokenLimit.self, forKey: .maxOutputTokens) ?? .unlimited
    usage = try fields.decodeIfPresent(Usage.self, forKey: .usage)
    viva = try fields.decodeIfPresent(ResponseLatency.self, forKey: .viva)

    let audio = try fields.nested(RealtimeSession.AudioKeys.self, .audio)
    if let output = try audio?.nested(RealtimeSession.OutputKeys.self, .output) {
      self.audio = Audio(
        format: try output.decodeIfPresent(AudioFormat.self, forKey: .format) ?? .pcm,
        voice: try output.decodeIfPresent(Voice.self, forKey: .voice))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(id, forKey: .id)
    try fields.encode("realtime.response", forKey: .object)
    try fields.encode(status, forKey: .status)
    try fields.encode(statusDetails, forKey: .statusDetails)
    try fields.encode(output.map(\.withoutAudio), forKey: .output)
    try fields.encode(outputModalities, forKey: .outputModalities)
    try fields.encode(conversationID, forKey: .conversationID)
    try fields.encode(metadata, forKey: .metadata)
    try fields.encode(maxOutputTokens, forKey: .maxOutputTokens)
    try fields.encode(usage, forKey: .usage)
    try fields.encodeIfPresent(viva, forKey: .viva)

    guard let audio else { return }
    var audioFields = fields.nestedContainer(keyedBy: RealtimeSession.AudioKeys.self, forKey: .audio)
    var output = audioFields.nestedContainer(keyedBy: RealtimeSession.OutputKeys.self, forKey: .output)
    try output.encode(audio.format, forKey: .format)
    // A response knows voices by name only, whereas a session may show an id.
    try output.encode(audio.voice?.name, forKey: .voice)
  }
}
