import Testing

@testable import Audio

@Suite struct TurnPauseTests {
  private static let frame = VoiceFrame.samples

  /// One character a frame: `#` is voiced.
  private func detector(_ script: String, silence: Int = 400, pause: Int? = 100) -> TurnDetector {
    TurnDetector(configuration: .init(silenceDurationMilliseconds: silence, pauseMilliseconds: pause)) { _ in
      ScriptedDetector(script.map { $0 == "#" })
    }
  }

  private func frames(_ count: Int) -> [Int16] { [Int16](repeating: 1, count: count * Self.frame) }

  private func withoutAudio(_ events: [TurnEvent]) -> [TurnEvent] {
    events.filter { if case .audio = $0 { false } else { true } }
  }

  @Test("a pause is told once, with the audio up to it before, and so is its end")
  func pauseAndResume() {
    var turns = detector("####............##....")
    #expect(
      turns.process(samples16k: frames(20)) == [
        .speechStarted(atSample: 0), .audio(frames(9)),
        .paused(atSample: 9 * Self.frame, lastVoicedSample: 4 * Self.frame), .audio(frames(9)),
        .resumed(atSample: 18 * Self.frame), .audio(frames(2)),
      ])
  }

  @Test("each pause of a turn is told, and the end of the turn instead of a resume")
  func severalPauses() {
    var turns = detector("####......##......##")
    #expect(
      withoutAudio(turns.process(samples16k: frames(45))) == [
        .speechStarted(atSample: 0), .paused(atSample: 9 * Self.frame, lastVoicedSample: 4 * Self.frame),
        .resumed(atSample: 12 * Self.frame), .paused(atSample: 17 * Self.frame, lastVoicedSample: 12 * Self.frame),
        .resumed(atSample: 20 * Self.frame), .paused(atSample: 25 * Self.frame, lastVoicedSample: 20 * Self.frame),
        .speechStopped(atSample: 40 * Self.frame, lastVoicedSample: 20 * Self.frame, reason: .silence),
      ])
  }

  @Test("a lone voiced frame is no resume")
  func loneFrame() {
    var turns = detector("####.......#.......")
    #expect(withoutAudio(turns.process(samples16k: frames(18))).count == 2)
  }

  @Test("nobody is told when no pause was asked for, or the silence ends the turn first", arguments: [nil, 400, 9000])
  func never(pause: Int?) {
    var turns = detector("####......##", pause: pause)
    let events = withoutAudio(turns.process(samples16k: frames(45)))
    #expect(events.count == 2)
  }

  @Test("a silence duration that is shortened in a pause ends the turn with the next frame")
  func shortened() {
    var turns = detector("####", silence: 4000)
    #expect(withoutAudio(turns.process(samples16k: frames(16))).count == 2)
    #expect(turns.silenceMilliseconds == 240)
    turns.configuration.silenceDurationMilliseconds = 100
    #expect(
      turns.process(samples16k: frames(1)) == [
        .audio(frames(1)),
        .speechStopped(atSample: 17 * Self.frame, lastVoicedSample: 4 * Self.frame, reason: .silence),
      ])
  }

  @Test("a silence duration that is lengthened in a pause keeps the turn")
  func lengthened() {
    var turns = detector("####", silence: 400)
    _ = turns.process(samples16k: frames(16))
    turns.configuration.silenceDurationMilliseconds = 1000
    #expect(withoutAudio(turns.process(samples16k: frames(37))).isEmpty)
    #expect(withoutAudio(turns.process(samples16k: frames(1))).count == 1)
  }

  @Test("the silence so far can be asked for")
  func silenceSoFar() {
    var turns = detector("####..##")
    #expect(turns.silenceMilliseconds == 0)
    _ = turns.process(samples16k: frames(4))
    #expect(turns.silenceMilliseconds == 0)
    _ = turns.process(samples16k: frames(2))
    #expect(turns.silenceMilliseconds == 40)
    _ = turns.process(samples16k: frames(2))
    #expect(turns.silenceMilliseconds == 0)
    _ = turns.endTurn()
    #expect(turns.silenceMilliseconds == 0)
  }

  @Test("a pause ends with its turn: the next one has its own")
  func nextTurn() {
    var turns = detector("####......######......")
    _ = turns.process(samples16k: frames(10))
    _ = turns.endTurn()
    #expect(
      withoutAudio(turns.process(samples16k: frames(12))) == [
        .speechStarted(atSample: 10 * Self.frame),
        .paused(atSample: 21 * Self.frame, lastVoicedSample: 16 * Self.frame),
      ])
  }

  @Test("no detector is made before the first frame, and a new one for a new threshold")
  func lazy() {
    var made: [Double] = []
    var turns = TurnDetector { threshold in
      made.append(threshold)
      return ScriptedDetector([])
    }
    turns.configuration.threshold = 0.6
    _ = turns.process(samples16k: [1, 2])
    #expect(made == [])
    _ = turns.process(samples16k: frames(2))
    #expect(made == [0.6])
    turns.configuration.threshold = 0.7
    _ = turns.process(samples16k: frames(2))
    #expect(made == [0.6, 0.7])
  }
}
