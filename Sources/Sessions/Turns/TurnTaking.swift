import Audio
import Realtime
import Runtime
import Workers

/// Finds the user's turns in the audio.
extension SessionCore {
  /// Turns that may wait for their transcript.
  private static let longestBacklog = 16

  mutating func appendAudio(_ payload: [UInt8], at now: Instant) throws(RealtimeError) {
    guard !playout.isServed else {
      throw .invalidRequest(
        code: "unsupported_event",
        message:
          "The audio of this session comes over its media track. Send sound there; a recording goes with conversation.item.create.",
        param: "type")
    }
    let samples: [Int16]
    do throws(AudioPayloadError) {
      samples = try input.decode(payload)
    } catch {
      throw error.realtimeError(param: "audio", bytes: payload.count)
    }
    greetIfReady(at: now)
    for event in input.append(samples) { take(event, at: now) }
    if input.manual.count > limits.inputBufferSeconds * InputAudio.sampleRate {
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

  // MARK: Media

  mutating func hear(_ samples: [Int16], at now: Instant) {
    for event in input.hear(samples) { take(event, at: now) }
    // A track brings sound all the time, and a client that commits by itself means the newest of it.
    input.keepNewestManual(limits.inputBufferSeconds * InputAudio.sampleRate)
  }

  mutating func hearSilence(_ samples: Int, at now: Instant) {
    guard samples > 0 else { return }
    for event in input.hearSilence(samples) { take(event, at: now) }
  }

  // MARK: server_vad

  private mutating func take(_ event: TurnEvent, at now: Instant) {
    switch event {
    case .speechStarted(let sample):
      turnStarted(atSample: sample, at: now)
    case .audio(let audio):
      turnContinued(audio)
    case .paused(_, let lastVoiced):
      turnPaused(lastVoiced: lastVoiced)
    case .resumed:
      turnResumed()
    case .speechStopped(let sample, let lastVoiced, let reason):
      let age = Duration.microseconds((input.samples - lastVoiced) * 1_000_000 / InputAudio.sampleRate)
      // A client that commits by itself asks for the response by itself.
      let responds =
        reason != .client && session.kind == .realtime && session.turnDetection?.createResponse == true && !isSilenced
      turnEnded(
        atSample: sample, lastVoiced: now.advanced(by: .zero - age), responds: responds, at: now)
    }
  }

  /// Takes new settings of the detector; nil is manual turns, so what is being said is committed as it stands.
  mutating func configureTurnDetection(_ turnDetection: TurnDetection?, at now: Instant) {
    if turnDetection == nil {
      for event in input.endTurn() { take(event, at: now) }
    }
    input.configure(turnDetection)
    silence = nil
  }

  private mutating func turnStarted(atSample sample: Int, at now: Instant) {
    let turn = UserTurn(itemID: makeID("item"), marks: TurnMarks())
    send(
      .inputAudioBufferSpeechStarted(
        audioStartMilliseconds: TurnDetector.milliseconds(atSample: sample), itemID: turn.itemID))
    if session.turnDetection?.interruptResponse == true { bargeIn(at: now) }
    begin(turn)
    watchInterruption(at: now)
  }

  /// Puts a turn on the list, and its audio in somebody's ear.
  mutating func begin(_ turn: UserTurn) {
    turns.append(turn)
    if turns.count > Self.longestBacklog { dropOldestTurn() }
    while turns.count > 1, waitingSamples > longestWaitingAudio { dropOldestTurn() }
    startRecognition(ofTurn: turns.count - 1)
  }

  /// Of turns that wait for their transcript.
  private var waitingSamples: Int { turns.reduce(0) { $0 + ($1.isSpeaking ? 0 : $1.audio.count) } }

  private var longestWaitingAudio: Int {
    max(limits.inputBufferSeconds, 2 * limits.turnSeconds) * InputAudio.sampleRate
  }

  private mutating func turnContinued(_ audio: [Int16]) {
    guard let index = turns.lastIndex(where: \.isSpeaking) else { return }
    turns[index].audio += audio
    if let call = turns[index].call { act(.feed(call, audio)) }
  }

  private mutating func turnEnded(
    atSample sample: Int, lastVoiced: Instant, responds: Bool, at now: Instant
  ) {
    guard let index = turns.lastIndex(where: \.isSpeaking) else { return }
    turns[index].responds = responds
    endPause(ofTurn: index)
    cutOff?.due = nil
    turns[index].marks.lastVoiced = lastVoiced
    send(
      .inputAudioBufferSpeechStopped(
        audioEndMilliseconds: TurnDetector.milliseconds(atSample: sample), itemID: turns[index].itemID))
    observe(.latency(.endpointing, now - lastVoiced))
    endTurn(index, at: now)
  }

  // MARK: Commit and clear

  mutating func commitAudio(at now: Instant) throws(RealtimeError) {
    if turns.contains(where: \.isSpeaking) {
      for event in input.endTurn() { take(event, at: now) }
      return
    }
    guard state.items.count < limits.items else { throw conversationFull }
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
    begin(UserTurn(itemID: makeID("item"), audio: audio, marks: TurnMarks(lastVoiced: now)))
    endTurn(turns.count - 1, at: now)
  }

  mutating func clearAudio() {
    input.clear()
    if let index = turns.lastIndex(where: \.isSpeaking) {
      endPause(ofTurn: index)
      if let call = turns[index].call { act(.cancel(call)) }
      turns.remove(at: index)
      cutOff = nil
    }
    send(.inputAudioBufferCleared)
  }

  /// Audio came so much faster than real time that the recogniser is this far behind: the oldest turn is given up.
  private mutating func dropOldestTurn() {
    guard let index = turns.firstIndex(where: { !$0.isSpeaking }) else { return }
    if let call = turns[index].call { act(.cancel(call)) }
    let error = WorkerError(
      .refused, worker: "viva",
      message: "\(turns.count) turns wait for transcription; send audio in real time",
      status: 400)
    failTurn(index, error)
  }

  /// The turn becomes an item; its transcript follows.
  private mutating func endTurn(_ index: Int, at now: Instant) {
    turns[index].isSpeaking = false
    guard state.items.count < limits.items else {
      if let call = turns.remove(at: index).call { act(.cancel(call)) }
      send(.inputAudioBufferCleared)
      send(.error(conversationFull))
      return
    }
    turns[index].marks.ended = now
    retained.append(turns[index].audio, at: InputAudio.sampleRate, to: turns[index].itemID)
    let id = turns[index].itemID
    let previous = state.items.last?.id
    send(.inputAudioBufferCommitted(itemID: id, previousItemID: previous))
    add(.message(id: id, role: .user, parts: [.inputAudio(audio: nil, transcript: nil)]), after: previous)
    observe(.turn)
    if let call = turns[index].call {
      act(.endAudio(call))
      if let early = turns[index].earlyTranscript { transcribed(call, early, at: now) }
    } else if turns[index].retry.due == nil {
      // Its recogniser was given up while it was being spoken; now that it is whole it is worth another try.
      turns[index].retry = Retry()
      startRecognition(ofTurn: index)
    }
  }
}
