extension SessionPatch {
  /// Refuses what only a conversation has.
  func checkThatItOnlyTranscribes() throws(RealtimeError) {
    if let field = conversationFields.first(where: \.isNamed)?.field {
      throw .invalidRequest(
        code: "unsupported_parameter",
        message: "A transcription session has no '\(field)': leave it out, or open a session of type 'realtime'.",
        param: "session.\(field)")
    }
    if case .null = transcription {
      throw .invalidRequest(
        code: "unsupported_value", message: "A transcription session always transcribes: name an object, or nothing.",
        param: "session.audio.input.transcription")
    }
    for (field, isAsked) in answers where isAsked {
      let path = "audio.input.turn_detection.\(field)"
      throw .invalidRequest(
        code: "unsupported_value",
        message:
          "Nothing answers in a transcription session: '\(path)' can only be false there. Leave it out, or open a session of type 'realtime'.",
        param: "session.\(path)")
    }
  }

  /// What the types let a transcription session have, as if it could answer.
  private var answers: [(field: String, isAsked: Bool)] {
    let detection = turnDetection.value
    return [
      ("create_response", detection?.createResponse == true),
      ("interrupt_response", detection?.interruptResponse == true),
    ]
  }

  private var conversationFields: [(field: String, isNamed: Bool)] {
    [
      ("output_modalities", modality != nil), ("instructions", instructions != nil), ("tools", tools != nil),
      ("tool_choice", toolChoice != nil), ("parallel_tool_calls", parallelToolCalls != nil),
      ("reasoning", reasoningEffort != nil), ("max_output_tokens", maxOutputTokens != nil),
      ("truncation", truncation != nil), ("tracing", tracing.isValue), ("audio.output.format", outputFormat != nil),
      ("audio.output.voice", voice != nil), ("audio.output.speed", speed != nil),
      ("audio.input.turn_detection.idle_timeout_ms", turnDetection.value?.idleTimeoutMilliseconds.isValue == true),
    ]
  }
}
