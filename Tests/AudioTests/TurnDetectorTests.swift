import Testing

@testable import Audio

@Suite struct TurnDetectorTests {
  private static let frame = VoiceFrame.samples

  /// One character a frame: `#` is voiced.
  private func detector(_ script: String, _ configuration: TurnDetector.Configuration, at start: Int = 0)
    -> TurnDetector
  {
    TurnDetector(configuration: configuration, startingAt: start) { _ in
      ScriptedDetector(script.map { $0 == "#" })
    }
  }

  private func ramp(_ range: Range<Int>) -> [Int16] { range.map { Int16(truncatingIfNeeded: $0) } }

  private func frames(_ count: Int) -> [Int16] { ramp(0..<count * Self.frame) }

  private func withoutAudio(_ events: [TurnEvent]) -> [TurnEvent] {
    events.filter { if case .audio = $0 { false } else { true } }
  }

  @Test func startsWithTheFourthVoicedFrameAndReachesBackByThePadding() {
    var turns = detector("..........####", .init(prefixPaddingMilliseconds: 100))
    #expect(turns.process(samples16k: frames(13)).isEmpty)
    #expect(!turns.isSpeaking)
    let start = 10 * Self.frame - 1600
    #expect(
      turns.process(samples16k: ramp(13 * Self.frame..<14 * Self.frame)) == [
        .speechStarted(atSample: start), .audio(ramp(start..<14 * Self.frame)),
      ])
    #expect(turns.isSpeaking)
    #expect(TurnDetector.milliseconds(atSample: start) == 100)
  }

  @Test(arguments: ["...###...", "..#..#..#..#..", "###...###", "..##...##.."])
  func scatteredVoiceStartsNothing(script: String) {
    var turns = detector(script, .init())
    #expect(turns.process(samples16k: frames(60)).isEmpty)
  }

  @Test func neverReachesBackBeforeTheStart() {
    var turns = detector("..####", .init())
    #expect(turns.process(samples16k: frames(6)).first == .speechStarted(atSample: 0))
  }

  @Test func endsAfterTheSilenceAndCountsItIn() {
    var turns = detector("####", .init(silenceDurationMilliseconds: 200))
    let events = turns.process(samples16k: frames(14))
    #expect(
      withoutAudio(events) == [
        .speechStarted(atSample: 0),
        .speechStopped(atSample: 14 * Self.frame, lastVoicedSample: 4 * Self.frame, reason: .silence),
      ])
  }

  @Test func aShorterGapDoesNotEndATurnAndALoneVoicedFrameDoesNotLengthenIt() {
    var turns = detector("####........####....#.....", .init(silenceDurationMilliseconds: 200))
    let events = turns.process(samples16k: frames(60))
    #expect(
      withoutAudio(events).last
        == .speechStopped(atSample: 26 * Self.frame, lastVoicedSample: 16 * Self.frame, reason: .silence))
  }

  @Test func neverReachesBackIntoTheTurnBefore() {
    var turns = detector(
      "####.....####", .init(prefixPaddingMilliseconds: 1000, silenceDurationMilliseconds: 100))
    let events = withoutAudio(turns.process(samples16k: frames(20)))
    #expect(events[2] == .speechStarted(atSample: 9 * Self.frame))
  }

  @Test func cutsALongTurnAndStartsTheNextAtOnce() {
    let limit = 50 * Self.frame
    var turns = detector(String(repeating: "#", count: 130), .init(maximumTurnMilliseconds: 1000))
    let events = withoutAudio(turns.process(samples16k: frames(120)))
    #expect(
      events == [
        .speechStarted(atSample: 0),
        .speechStopped(atSample: limit, lastVoicedSample: limit, reason: .maximumLength),
        .speechStarted(atSample: limit),
        .speechStopped(atSample: 2 * limit, lastVoicedSample: 2 * limit, reason: .maximumLength),
        .speechStarted(atSample: 2 * limit),
      ])
  }

  @Test func aLongTurnCutInAPauseStartsNothing() {
    let script = String(repeating: "#", count: 45)
    var turns = detector(script, .init(maximumTurnMilliseconds: 1000))
    #expect(withoutAudio(turns.process(samples16k: frames(120))).count == 2)
    #expect(!turns.isSpeaking)
  }

  @Test func endingATurnHandsOutItsLastSamples() {
    var turns = detector(String(repeating: "#", count: 100), .init())
    _ = turns.process(samples16k: ramp(0..<5 * Self.frame + 17))
    #expect(
      turns.endTurn() == [
        .audio(ramp(5 * Self.frame..<5 * Self.frame + 17)),
        .speechStopped(
          atSample: 5 * Self.frame + 17, lastVoicedSample: 5 * Self.frame, reason: .client),
      ])
    #expect(!turns.isSpeaking)
    #expect(turns.endTurn().isEmpty)
    // Who goes on speaking starts a turn where the last one ended.
    let next = turns.process(samples16k: frames(4))
    #expect(next.first == .speechStarted(atSample: 5 * Self.frame + 17))
  }

  @Test func resetForgetsTheTurnAndKeepsCounting() {
    var turns = detector("########", .init(), at: 1000)
    _ = turns.process(samples16k: frames(4))
    turns.reset()
    #expect(!turns.isSpeaking)
    #expect(turns.position == 1000 + 4 * Self.frame)
    let next = turns.process(samples16k: frames(4))
    #expect(next.first == .speechStarted(atSample: 1000 + 4 * Self.frame))
  }

  @Test func aNewConfigurationAppliesAtOnceAndKeepsTheTurn() {
    var turns = detector("..............####", .init(prefixPaddingMilliseconds: 300))
    _ = turns.process(samples16k: frames(14))
    turns.configuration.prefixPaddingMilliseconds = 40
    turns.configuration.silenceDurationMilliseconds = 100
    let started = turns.process(samples16k: ramp(14 * Self.frame..<18 * Self.frame))
    #expect(
      started == [
        .speechStarted(atSample: 12 * Self.frame), .audio(ramp(12 * Self.frame..<18 * Self.frame)),
      ])
    turns.configuration.silenceDurationMilliseconds = 60
    #expect(withoutAudio(turns.process(samples16k: frames(3))).count == 1)
  }

  @Test func configurationsOutOfRangeAreSafe() {
    for value in [Int.min, -1, 0, .max] {
      let configuration = TurnDetector.Configuration(
        threshold: .infinity, prefixPaddingMilliseconds: value, silenceDurationMilliseconds: value,
        maximumTurnMilliseconds: value, pauseMilliseconds: value)
      var turns = detector(String(repeating: "#", count: 60), configuration)
      let events = withoutAudio(turns.process(samples16k: frames(600)))
      #expect(events.first == .speechStarted(atSample: 0))
    }
  }

  /// Random voice, configurations, piece sizes, commits and clears: each turn's audio is exactly its span of the
  /// input, turns are in order and apart, and the pieces make no difference.
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func noSampleIsLostOrDoubled(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var script: [Bool] = []
    while script.count < 1500 {
      let voiced = Bool.random(using: &generator)
      script += [Bool](repeating: voiced, count: .random(in: 1...40, using: &generator))
    }
    let configuration = TurnDetector.Configuration(
      prefixPaddingMilliseconds: .random(in: 0...700, using: &generator),
      silenceDurationMilliseconds: .random(in: 20...700, using: &generator),
      maximumTurnMilliseconds: .random(in: 1000...4000, using: &generator),
      pauseMilliseconds: .random(in: 20...300, using: &generator))
    let input = (0..<1500 * Self.frame).map { _ in Int16.random(in: .min ... .max, using: &generator) }
    let hasClient = seed.isMultiple(of: 2)

    var turns = TurnDetector(configuration: configuration) { _ in ScriptedDetector(script) }
    var log = TurnLog()
    for piece in pieces(input, maximum: seed.isMultiple(of: 3) ? 40 : 5000, seed: seed) {
      log.add(turns.process(samples16k: piece))
      #expect(turns.isSpeaking == log.isRunning)
      guard hasClient else { continue }
      if Int.random(in: 0..<300, using: &generator) == 0 { log.add(turns.endTurn()) }
      if Int.random(in: 0..<300, using: &generator) == 0 {
        turns.reset()
        log.dropRunning()
      }
    }
    log.add(turns.endTurn())
    #expect(turns.position == input.count)

    #expect(log.turns.count > 5)
    if !hasClient, configuration.silenceDurationMilliseconds > configuration.pauseMilliseconds! + 200 {
      #expect(log.turns.contains { $0.pauses > 0 })
    }
    var end = 0
    for turn in log.turns {
      #expect(turn.start >= end)
      #expect(turn.audio == Array(input[turn.start..<turn.end]))
      #expect((turn.start...turn.end).contains(turn.lastVoiced))
      end = turn.end
    }
    if !hasClient {
      var whole = TurnDetector(configuration: configuration) { _ in ScriptedDetector(script) }
      var wholeLog = TurnLog()
      wholeLog.add(whole.process(samples16k: input) + whole.endTurn())
      #expect(wholeLog.turns == log.turns)
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func silenceThatWasNotDecodedCountsLikeZeros(seed: UInt64) {
    var dice = seed
    func below(_ bound: Int) -> Int {
      dice = dice &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((dice >> 33) % UInt64(bound))
    }
    let configuration = TurnDetector.Configuration(
      prefixPaddingMilliseconds: below(400), silenceDurationMilliseconds: 200 + below(400),
      maximumTurnMilliseconds: 2000, pauseMilliseconds: 100)
    let loud: (Double) -> any VoiceActivityDetector = { _ in LoudnessDetector() }
    var skipping = TurnDetector(configuration: configuration, detector: loud)
    var whole = TurnDetector(configuration: configuration, detector: loud)
    for _ in 0..<200 {
      let count = below(3) == 0 ? below(3000) : Self.frame * below(40)
      let isVoice = below(2) == 0
      let zeros = [Int16](repeating: 0, count: count)
      let events = isVoice ? skipping.process(samples16k: zeros.map { _ in 5000 }) : skipping.process(silence: count)
      #expect(events == whole.process(samples16k: isVoice ? zeros.map { _ in 5000 } : zeros))
      #expect(skipping.position == whole.position)
    }
  }
}

/// Voice is what is loud.
private struct LoudnessDetector: VoiceActivityDetector {
  func isVoiced(frame: UnsafeBufferPointer<Int16>) -> Bool { frame.contains { $0 > 2000 } }
}
