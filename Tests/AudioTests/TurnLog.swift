import Testing

@testable import Audio

/// Folds events into turns, as a caller does, and checks their order.
struct TurnLog {
  struct Turn: Equatable {
    var start: Int
    var audio: [Int16] = []
    var isPaused = false
    var pauses = 0
    var end = 0
    var lastVoiced = 0
    var reason = TurnEvent.StopReason.client
  }

  private(set) var turns: [Turn] = []
  private var running: Turn?

  var isRunning: Bool { running != nil }

  mutating func add(_ events: [TurnEvent]) {
    for event in events {
      switch event {
      case .speechStarted(let sample):
        #expect(running == nil)
        running = Turn(start: sample)
      case .audio(let samples):
        #expect(running != nil)
        running?.audio += samples
      case .paused(let sample, let lastVoiced):
        #expect(running?.isPaused == false)
        #expect(running.map { $0.start + $0.audio.count } == sample)
        #expect(lastVoiced < sample)
        running?.isPaused = true
        running?.pauses += 1
      case .resumed(let sample):
        #expect(running?.isPaused == true)
        #expect(running.map { $0.start + $0.audio.count } == sample)
        running?.isPaused = false
      case .speechStopped(let sample, let lastVoiced, let reason):
        guard var turn = running else {
          Issue.record("speechStopped without a turn")
          return
        }
        turn.end = sample
        turn.lastVoiced = lastVoiced
        turn.reason = reason
        turns.append(turn)
        running = nil
      }
    }
  }

  mutating func dropRunning() {
    running = nil
  }
}
