import Audio
import Workers

/// A session's calls to its workers: their results come back as inputs.
extension Session {
  func recognize(_ call: CallID, _ request: RecognitionRequest) {
    let (audio, feed) = AsyncStream.makeStream(of: [Int16].self)
    let events = workers.recognizer.recognize(request, audio: audio)
    let task = run(call, workers.recognizer.name, failed: SessionInput.recognitionFailed) { session in
      for try await event in events { session.take(.recognition(call, event)) }
    }
    calls.began(call, task: task, audio: feed)
  }

  func complete(_ call: CallID, _ request: CompletionRequest) {
    let priority = CallPriority(isAhead: request.isAhead)
    // The model's server may still hold the beginning of this session's prompt.
    let events = CallAffinity.$current.withValue(CallAffinity.key(ofSession: id)) {
      CallPriority.$current.withValue(priority) { workers.languageModel.complete(request) }
    }
    let task = run(call, workers.languageModel.name, failed: SessionInput.completionFailed) { session in
      for try await event in events { session.take(.completion(call, event)) }
    }
    calls.began(call, task: task, priority: priority)
  }

  func speak(_ call: CallID, _ request: SpeechRequest) {
    let priority = CallPriority(isAhead: request.isAhead)
    let chunks = CallPriority.$current.withValue(priority) { workers.synthesizer.synthesize(request) }
    let task = run(call, workers.synthesizer.name, failed: SessionInput.speechFailed) { session in
      for try await chunk in chunks { session.take(.speech(call, chunk)) }
      if !Task.isCancelled { session.take(.speechEnded(call)) }
    }
    calls.began(call, task: task, priority: priority)
  }

  /// Says a phrase as it was said before, or has it spoken, and keeps it for the next time.
  func speakPhrase(_ call: CallID, _ request: SpeechRequest) {
    guard let key = phraseKey(request) else { return speak(call, request) }
    if let phrase = phrases.phrase(for: key) { return onShard { $0.take(.phrase(call, phrase)) } }
    var request = request
    // Encoded for everybody, not as one synthesizer likes it.
    request.acceptsOpus = false
    let priority = CallPriority(isAhead: request.isAhead)
    let chunks = CallPriority.$current.withValue(priority) { workers.synthesizer.synthesize(request) }
    let task = run(call, workers.synthesizer.name, failed: SessionInput.speechFailed) { session in
      var recording = PhraseRecording()
      for try await chunk in chunks {
        recording.take(chunk)
        session.take(.speech(call, chunk))
      }
      guard !Task.isCancelled else { return }
      session.take(.speechEnded(call))
      let samples = recording.finish()
      if !samples.isEmpty { session.phrases.learn(samples, for: key) }
    }
    calls.began(call, task: task, priority: priority)
  }

  func judgeTurn(_ call: CallID, _ audio: [Int16]) {
    guard let detector = workers.endOfTurn else { return onShard { $0.take(.endOfTurnFailed(call)) } }
    let task = Task {
      // Without a judgement the transcript decides.
      let probability = try? await detector.probability(of: audio)
      guard !Task.isCancelled else { return }
      take(probability.map { .endOfTurn(call, probability: $0) } ?? .endOfTurnFailed(call))
      calls.ended(call)
    }
    calls.began(call, task: task)
  }

  func callTool(_ call: CallID, _ request: ToolRequest) {
    guard let caller = workers.tools else {
      let failure = ToolOutcome.failure(#"{"error":{"type":"unavailable","message":"No tools here."}}"#)
      return onShard { $0.take(.toolReturned(call, failure)) }
    }
    let task = Task {
      let outcome = await caller.call(request)
      guard !Task.isCancelled else { return }
      take(.toolReturned(call, outcome))
      calls.ended(call)
    }
    calls.began(call, task: task)
  }

  /// Reads a worker's results on the shard until they end; the core ignores those of a call that is over.
  private func run(
    _ call: CallID, _ worker: String, failed: @escaping @Sendable (CallID, WorkerError) -> SessionInput,
    _ body: @escaping @Sendable (isolated Session) async throws -> Void
  ) -> Task<Void, Never> {
    Task {
      do {
        try await body(self)
        if !Task.isCancelled {
          take(failed(call, WorkerError(.malformed, worker: worker, message: "ended without a result")))
        }
      } catch let error as WorkerError {
        take(failed(call, error))
      } catch is CancellationError {
      } catch {
        take(failed(call, WorkerError(.connection, worker: worker, message: String(describing: error))))
      }
      calls.ended(call)
    }
  }
}
