import Audio
import Realtime
import Runtime
import Workers

/// Finds the user's turns in the audio, and lets the user take the floor.
extension SessionCore {
  /// Turns that may wait for their transcript.
  private static let longestBacklog = 16

  mutating func appendAudio(_ bytes: [UInt8], at now: Instant) {
    guard let samples = PCM16.decode(bytes) else { return }
    greetIfReady(at: now)
    for event in input.append(samples) { take(event, at: now) }
    if input.manualSeconds > limits.inputBufferSeconds {
      input.clear()
      send(
        .error(
          .invalidRequest(
            code: "input_audio_buffer_full",
            message:
              "The input audio buffer held more than \(limits.inputBufferSeconds) s of uncommitted audio and was cleared. Commit turns sooner.",
            param: "audio")))
    }
  }

  // MARK: server_vad

  private mutating func take(_ event: TurnEvent, at now: Instant) {
    switch event {
    case .speechStarted(let sample):
      turnStarted(atSample: sample, at: now)
    case .audio(let audio):
      turnContinued(audio)
    case .speechStopped(let sample, let lastVoiced, _):
      let age = Duration.microseconds((input.samples - lastVoiced) * 1_000_000 / InputAudio.sampleRate)
      turnEnded(atSample: sample, lastVoiced: now.advanced(by: .zero - age), at: now)
    }
  }

  private mutating func turnStarted(atSample sample: Int, at now: Instant) {
    idleDue = nil
    if turns.count >= Self.longestBacklog { dropOldestTurn(at: now) }
    let turn = UserTurn(
      itemID: makeID("item"), responds: session.turnDetection?.createResponse ?? false, marks: TurnMarks())
    turns.append(turn)
    send(
      .inputAudioBufferSpeechStarted(
        audioStartMilliseconds: TurnDetector.milliseconds(atSample: sample), itemID: turn.itemID))
    if session.turnDetection?.interruptResponse == true { bargeIn(at: now) }
    startRecognition(ofTurn: turns.count - 1)
  }

  private mutating func turnContinued(_ audio: [Int16]) {
    guard let index = turns.lastIndex(where: \.isSpeaking) else { return }
    turns[index].audio += audio
    if let call = turns[index].call { act(.feed(call, audio)) }
  }

  private mutating func turnEnded(atSample sample: Int, lastVoiced: Instant, at now: Instant) {
    guard let index = turns.lastIndex(where: \.isSpeaking) else { return }
    turns[index].marks.lastVoiced = lastVoiced
    send(
      .inputAudioBufferSpeechStopped(
        audioEndMilliseconds: TurnDetector.milliseconds(atSample: sample), itemID: turns[index].itemID))
    observe(.latency(.endpointing, now - lastVoiced))
    endTurn(index, at: now)
  }

  // MARK: Commit and clear

  mutating func commitAudio(at now: Instant) throws(RealtimeError) {
    if let index = turns.lastIndex(where: \.isSpeaking) {
      // The client speaks for itself now: it will ask for the response.
      turns[index].responds = false
      for event in input.endTurn() { take(event, at: now) }
      return
    }
    let audio = session.turnDetection == nil ? input.takeManual() : []
    guard audio.count >= InputAudio.sampleRate / 10 else {
      let held = audio.count * 1000 / InputAudio.sampleRate
      let why =
        session.turnDetection == nil ? "" : " Under server_vad the server commits each turn by itself."
      throw .invalidRequest(
        code: "input_audio_buffer_commit_empty",
        message:
          "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has \(held)ms of audio.\(why)",
        param: nil)
    }
    turns.append(
      UserTurn(itemID: makeID("item"), audio: audio, responds: false, marks: TurnMarks(lastVoiced: now)))
    startRecognition(ofTurn: turns.count - 1)
    endTurn(turns.count - 1, at: now)
  }

  mutating func clearAudio() {
    input.clear()
    if let index = turns.lastIndex(where: \.isSpeaking) {
      if let call = turns[index].call { act(.cancel(call)) }
      turns.remove(at: index)
    }
    send(.inputAudioBufferCleared)
  }

  /// Audio came so much faster than real time that the recogniser is this far behind: the oldest turn is given up.
  private mutating func dropOldestTurn(at now: Instant) {
    guard let turn = turns.first else { return }
    if let call = turn.call { act(.cancel(call)) }
    let error = WorkerError(
      .refused, worker: "viva",
      message: "\(turns.count) turns wait for transcription; send audio in real time",
      status: 400)
    failTurn(0, error, at: now)
  }

  /// The turn becomes an item; its transcript follows.
  private mutating func endTurn(_ index: Int, at now: Instant) {
    turns[index].isSpeaking = false
    guard state.items.count < limits.items else {
      if let call = turns.remove(at: index).call { act(.cancel(call)) }
      send(.error(conversationFull))
      return
    }
    turns[index].marks.ended = now
    let id = turns[index].itemID
    let previous = state.items.last?.id
    send(.inputAudioBufferCommitted(itemID: id, previousItemID: previous))
    add(.message(id: id, role: .user, parts: [.inputAudio(audio: nil, transcript: nil)]), after: previous)
    observe(.turn)
    if let call = turns[index].call {
      act(.endAudio(call))
      if let early = turns[index].earlyTranscript { transcribed(call, early, at: now) }
    }
  }

  // MARK: The floor

  /// The user speaks: the agent falls silent, and its history ends where the user stopped hearing it.
  private mutating func bargeIn(at now: Instant) {
    if response != nil {
      observe(.bargeIn)
      stopResponse(.turnDetected, at: now)
    } else if playout.ahead(at: now.nanoseconds) > 0 {
      observe(.bargeIn)
      truncateTail(at: now)
    }
  }

  /// All was sent, but not all was played yet.
  private mutating func truncateTail(at now: Instant) {
    let played = playout.played(at: now.nanoseconds)
    playout.stop(at: now.nanoseconds)
    guard let (id, message) = spoken.max(by: { ($0.value.playoutStart ?? 0) < ($1.value.playoutStart ?? 0) }),
      let start = message.playoutStart
    else { return }
    truncate(itemID: id, message: message, to: max(0, played - start))
  }

  /// Cuts the history of a spoken message to what had been heard at `position`, in samples of its audio.
  mutating func truncate(itemID: String, message: MessageOutput, to position: Int) {
    let heard = message.spoken.heard(at: position)
    let milliseconds = position * 1000 / SpokenText.sampleRate
    record(
      .itemTruncated(itemID: itemID, heard: heard, audioEndMilliseconds: milliseconds),
      then: [
        .conversationItemTruncated(
          itemID: itemID, contentIndex: message.address.contentIndex, audioEndMilliseconds: milliseconds,
          heard: heard)
      ])
  }

  // MARK: Silence

  /// When silence will count as a turn, from the moment the agent will have been heard to its end.
  mutating func armIdleTimeout(at now: Instant) {
    guard let timeout = session.turnDetection?.idleTimeoutMilliseconds, turns.isEmpty else {
      idleDue = nil
      return
    }
    let remaining = playout.ahead(at: now.nanoseconds) * 1000 / SpokenText.sampleRate
    idleDue = now + .milliseconds(remaining + timeout)
  }

  mutating func idleTimedOut(at now: Instant) {
    idleDue = nil
    guard turns.isEmpty, response == nil, let timeout = session.turnDetection?.idleTimeoutMilliseconds else {
      return
    }
    let id = makeID("item")
    let previous = state.items.last?.id
    send(
      .inputAudioBufferTimeoutTriggered(
        audioStartMilliseconds: max(0, input.milliseconds - timeout),
        audioEndMilliseconds: input.milliseconds,
        itemID: id))
    send(.inputAudioBufferCommitted(itemID: id, previousItemID: previous))
    add(.message(id: id, role: .user, parts: [.inputAudio(audio: nil, transcript: "")]), after: previous)
    startResponse(
      .model,
      hint: "The user has been silent for a while. Ask in one short sentence whether they are still there.",
      at: now)
  }
}
