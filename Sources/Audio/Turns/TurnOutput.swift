/// Events in the making, with the audio of consecutive frames in one.
struct TurnOutput {
  private var events: [TurnEvent] = []
  var audio: [Int16] = []

  mutating func emit(_ event: TurnEvent) {
    flush()
    events.append(event)
  }

  mutating func finish() -> [TurnEvent] {
    flush()
    return events
  }

  private mutating func flush() {
    guard !audio.isEmpty else { return }
    events.append(.audio(audio))
    audio = []
  }
}
