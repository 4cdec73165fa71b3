extension RealtimeSession {
  /// The session as a `session.update` would make it. All or nothing.
  ///
  /// - Parameter audioHasBeenProduced: the voice is fixed from then on.
  /// - Throws: an `invalid_request_error` with the path of the field at fault.
  public func applying(_ patch: SessionPatch, audioHasBeenProduced: Bool) throws(RealtimeError) -> RealtimeSession {
    try checkFixedFields(patch, audioHasBeenProduced: audioHasBeenProduced)
    var session = self
    session.modality = patch.modality ?? modality
    session.instructions = patch.instructions ?? instructions

    session.inputFormat = patch.inputFormat ?? inputFormat
    session.noiseReduction = noiseReduction.applying(patch.noiseReduction) { ($0 ?? NoiseReduction()).applying($1) }
    session.transcription = transcription.applying(patch.transcription) { ($0 ?? Transcription()).applying($1) }
    session.turnDetection = turnDetection.applying(patch.turnDetection) { ($0 ?? TurnDetection()).applying($1) }

    session.outputFormat = patch.outputFormat ?? outputFormat
    session.voice = patch.voice ?? voice
    session.speed = patch.speed ?? speed

    session.tools = patch.tools ?? tools
    session.toolChoice = patch.toolChoice ?? toolChoice
    session.parallelToolCalls = patch.parallelToolCalls ?? parallelToolCalls
    session.reasoningEffort = patch.reasoningEffort ?? reasoningEffort
    session.maxOutputTokens = patch.maxOutputTokens ?? maxOutputTokens
    session.truncation = patch.truncation ?? truncation
    session.include = patch.include ?? include
    session.tracing = tracing.applying(patch.tracing) { $1 }
    if kind == .transcription { session.keepQuiet() }
    try session.checkRanges()
    return session
  }

  private func checkFixedFields(_ patch: SessionPatch, audioHasBeenProduced: Bool) throws(RealtimeError) {
    if let kind = patch.kind, kind != self.kind {
      throw Self.fixed(
        "type",
        "The type of a session cannot be changed: it is '\(self.kind.rawValue)'. Open a new session, with ?intent=transcription for a transcription session."
      )
    }
    if kind == .transcription { try patch.checkThatItOnlyTranscribes() }
    if let model = patch.model, model != self.model {
      throw Self.fixed(
        "model",
        "The model of a session cannot be changed: it is '\(self.model)'. Open a new session with ?model=\(model).")
    }
    if let voice = patch.voice, voice.name != self.voice?.name, audioHasBeenProduced {
      throw Self.fixed("audio.output.voice", "The voice cannot be changed once the session has produced audio.")
    }
    if let tracing, case .value(let new) = patch.tracing, new != tracing {
      throw Self.fixed("tracing", "Tracing cannot be changed once it is enabled; null turns it off.")
    }
  }

  private func checkRanges() throws(RealtimeError) {
    try Self.check("audio.output.speed", speed, in: 0.25...1.5)
    if let strength = noiseReduction?.strength {
      try Self.check("audio.input.noise_reduction.strength", strength, in: 0...100)
    }
    if let turnDetection {
      let path = "audio.input.turn_detection"
      try Self.check("\(path).threshold", turnDetection.threshold, in: 0...1)
      try Self.check("\(path).prefix_padding_ms", turnDetection.prefixPaddingMilliseconds, in: 0...5000)
      try Self.check("\(path).silence_duration_ms", turnDetection.silenceDurationMilliseconds, in: 0...10_000)
      if let timeout = turnDetection.idleTimeoutMilliseconds {
        try Self.check("\(path).idle_timeout_ms", timeout, in: 5000...30_000)
      }
    }
    let logprobs = "item.input_audio_transcription.logprobs"
    for (index, name) in include.enumerated() where name != logprobs {
      throw .invalidRequest(
        code: "invalid_value", message: .unknownValue(name, allowed: [logprobs]), param: "session.include[\(index)]")
    }
  }

  private static func check<Value>(
    _ field: String, _ value: Value, in range: ClosedRange<Value>
  ) throws(RealtimeError) {
    guard !range.contains(value) else { return }
    throw .invalidRequest(
      code: "invalid_value",
      message: "Invalid value \(value) for 'session.\(field)': expected \(range.lowerBound) to \(range.upperBound).",
      param: "session.\(field)")
  }

  private static func fixed(_ field: String, _ message: String) -> RealtimeError {
    .invalidRequest(
      code: "cannot_update_\(field.split(separator: ".").last ?? "")", message: message, param: "session.\(field)")
  }
}

extension Optional {
  fileprivate func applying<Change>(_ patch: Patch<Change>, merge: (Wrapped?, Change) -> Wrapped) -> Wrapped? {
    switch patch {
    case .absent: self
    case .null: nil
    case .value(let change): merge(self, change)
    }
  }
}
