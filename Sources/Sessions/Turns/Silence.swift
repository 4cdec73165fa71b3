import Realtime
import Runtime

/// `idle_timeout_ms`: silence after an answer counts as a turn of its own.
extension SessionCore {
  /// After the agent has spoken once, silence will count as a turn, from the moment it will have been heard to its end.
  mutating func watchSilence(at now: Instant) {
    let isQuiet = response == nil && !isSilenced && turns.isEmpty && tools.running.isEmpty && state.responses > 0
    guard isQuiet, let timeout = session.turnDetection?.idleTimeoutMilliseconds else {
      silence = nil
      return
    }
    guard silence == nil else { return }
    guard let end = playout.end(at: now) else { return }
    silence = WatchedSilence(began: end, lasting: .milliseconds(timeout))
    listenToSilence(at: now)
  }

  /// Notes where in the audio the silence begins, and takes it for a turn when it has lasted long enough.
  mutating func listenToSilence(at now: Instant) {
    guard let silence, silence.nextDeadline <= now else { return }
    guard let start = silence.startMilliseconds else {
      self.silence?.startMilliseconds = input.milliseconds
      return listenToSilence(at: now)
    }
    self.silence = nil
    silenceTimedOut(startMilliseconds: start, at: now)
  }

  private mutating func silenceTimedOut(startMilliseconds: Int, at now: Instant) {
    guard turns.isEmpty, response == nil, state.items.count < limits.items else { return }
    let id = makeID("item")
    let previous = state.items.last?.id
    send(
      .inputAudioBufferTimeoutTriggered(
        audioStartMilliseconds: startMilliseconds, audioEndMilliseconds: input.milliseconds, itemID: id))
    send(.inputAudioBufferCommitted(itemID: id, previousItemID: previous))
    add(.message(id: id, role: .user, parts: [.inputAudio(audio: nil, transcript: "")]), after: previous)
    startResponse(
      .model,
      hint: "The user has been silent for a while. Ask in one short sentence whether they are still there.",
      at: now)
  }
}

/// A silence that may become a turn.
struct WatchedSilence: Sendable {
  /// When the agent has been heard to its end.
  let began: Instant
  let due: Instant
  /// Where the client's audio was then.
  var startMilliseconds: Int?

  init(began: Instant, lasting duration: Duration) {
    self.began = began
    due = began + duration
  }

  var nextDeadline: Instant { startMilliseconds == nil ? began : due }
}
