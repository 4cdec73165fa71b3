extension RealtimeSession: Encodable {
  enum CodingKeys: String, CodingKey {
    case id, object, type, model, instructions, audio, tools, truncation, include, tracing, prompt, reasoning, viva
    case outputModalities = "output_modalities"
    case toolChoice = "tool_choice"
    case parallelToolCalls = "parallel_tool_calls"
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

  enum VivaKeys: String, CodingKey {
    case srtp
  }

  enum SRTPKeys: String, CodingKey {
    case sdp
  }

  enum OutputKeys: String, CodingKey {
    case format, voice, speed
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(id, forKey: .id)
    try fields.encode(kind.objectName, forKey: .object)
    try fields.encode(kind.rawValue, forKey: .type)
    try fields.encode(include.isEmpty ? nil : include, forKey: .include)
    try fields.encode(expiresAt, forKey: .expiresAt)

    var audio = fields.nestedContainer(keyedBy: AudioKeys.self, forKey: .audio)
    var input = audio.nestedContainer(keyedBy: InputKeys.self, forKey: .input)
    try input.encode(inputFormat, forKey: .format)
    try input.encode(noiseReduction, forKey: .noiseReduction)
    try input.encode(transcription, forKey: .transcription)
    switch kind {
    case .transcription:
      try input.encode(turnDetection.map(TurnDetection.WithoutResponses.init), forKey: .turnDetection)
    case .realtime:
      try input.encode(turnDetection, forKey: .turnDetection)
      try encodeAnswers(into: &fields)
      var output = audio.nestedContainer(keyedBy: OutputKeys.self, forKey: .output)
      try output.encode(outputFormat, forKey: .format)
      try output.encode(voice, forKey: .voice)
      try output.encode(speed, forKey: .speed)
    }
  }

  /// What only a conversation has.
  private func encodeAnswers(into fields: inout KeyedEncodingContainer<CodingKeys>) throws {
    try fields.encode(model, forKey: .model)
    try fields.encode([modality], forKey: .outputModalities)
    try fields.encode(instructions, forKey: .instructions)
    try fields.encode(tools, forKey: .tools)
    try fields.encode(toolChoice, forKey: .toolChoice)
    try fields.encodeIfPresent(parallelToolCalls, forKey: .parallelToolCalls)
    try fields.encodeIfPresent(reasoningEffort.map { ["effort": $0.rawValue] }, forKey: .reasoning)
    try fields.encode(maxOutputTokens, forKey: .maxOutputTokens)
    try fields.encode(truncation, forKey: .truncation)
    try fields.encode(tracing, forKey: .tracing)
    try fields.encodeNil(forKey: .prompt)
  }
}

extension RealtimeSession.Kind {
  fileprivate var objectName: String {
    switch self {
    case .realtime: "realtime.session"
    case .transcription: "realtime.transcription_session"
    }
  }
}
