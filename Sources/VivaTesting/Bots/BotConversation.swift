import Runtime
import Synchronization

/// One connection of a bot: speaks in real time, a piece of microphone at a time as a browser does, and listens.
///
/// All of it happens on the connection's thread. The lock is for the start and for hanging up.
final class BotConversation: Sendable {
  private struct State {
    var ear: BotEar
    var mouth: BotMouth
    /// When the next piece is to be sent.
    var due: Instant
    var isHangingUp = false
    var isClosed = false
    var whenDone: CheckedContinuation<Void, Never>?
  }

  private enum Step {
    case say(ClientFrame?, next: Instant)
    case hangUp
  }

  private let tally: BotTally
  private let end: Instant
  private let answers: Int
  private let state: Mutex<State>

  init(_ voice: BotVoice, first: Int, tally: BotTally, until end: Instant, answers: Int) {
    self.tally = tally
    self.end = end
    self.answers = answers
    let now = Instant.now
    state = Mutex(State(ear: BotEar(voice.format, at: now), mouth: BotMouth(voice, first: first), due: now))
  }

  /// Speaks until it is time to hang up or the connection is gone.
  func speak(to client: WebSocketClient) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { done in
        state.withLock {
          $0.whenDone = done
          $0.due = .now
        }
        client.schedule(after: .zero) { self.say(to: client) }
      }
    } onCancel: {
      hangUp()
    }
    hangUp()
  }

  func heard(_ event: WebSocketClient.Event) {
    let findings: [BotFinding] = state.withLock { state in
      switch event {
      case .text(let text): return state.ear.heard(text: text, at: .now)
      case .binary(let packet): return state.ear.heard(packet: packet, at: .now)
      case .closed(let code, let reason):
        state.isClosed = true
        guard !state.isHangingUp else { return [] }
        return [.failed("closed: \(code.map { "\($0) \(reason)" } ?? "without a close frame")")]
      }
    }
    tally.add(findings)
  }

  private func hangUp() {
    state.withLock { $0.isHangingUp = true }
  }

  private func say(to client: WebSocketClient) {
    let (step, findings) = state.withLock { nextStep(&$0, at: Instant.now) }
    tally.add(findings)
    switch step {
    case .say(let frame, let next):
      if let frame { client.send(frame) }
      client.schedule(after: next - .now) { self.say(to: client) }
    case .hangUp:
      state.withLock { $0.whenDone.take() }?.resume()
    }
  }

  private func nextStep(_ state: inout State, at now: Instant) -> (Step, [BotFinding]) {
    guard now < end, state.ear.answers < answers, !state.isClosed, !state.isHangingUp else { return (.hangUp, []) }
    var findings = state.ear.overdue(at: now)
    findings.append(.late(now - state.due))
    let due = state.due
    state.due = due + state.mouth.pieceDuration
    guard state.ear.isConfigured else { return (.say(nil, next: state.due), findings) }
    let piece = state.mouth.piece(mayStart: state.ear.isSilent(at: now))
    if let padding = piece.endOfSpeech {
      state.ear.finishedSpeaking(lastVoiced: due.advanced(by: .zero - padding))
      findings.append(.spoke)
    }
    return (.say(piece.frame, next: state.due), findings)
  }
}
