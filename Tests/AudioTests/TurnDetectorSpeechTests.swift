import Testing

@testable import Audio

/// The real detector on real speech.
@Suite struct TurnDetectorSpeechTests {
  private static let sentences = [
    ("en-us", "The quick brown fox jumps over the lazy dog."),
    ("en-us+f3", "I would like to book a table for two people tomorrow evening."),
    ("en-gb", "Please tell me how you handled failure in distributed systems."),
  ]
  /// 150 ms.
  private static let tolerance = 2400

  private func turns(
    _ samples: [Int16], _ configuration: TurnDetector.Configuration = .init(), pieces maximum: Int = 480
  ) -> [TurnLog.Turn] {
    var detector = TurnDetector(configuration: configuration)
    var log = TurnLog()
    for piece in pieces(samples, maximum: maximum, seed: 1) { log.add(detector.process(samples16k: piece)) }
    log.add(detector.endTurn())
    return log.turns
  }

  @Test(arguments: sentences, [(-20.0, -95.0), (-45, -95), (-10, -95), (-20, -50), (-30, -50)])
  func findsWhereASentenceStartsAndEnds(
    _ sentence: (String, String), _ levels: (speech: Double, noise: Double)
  )
    throws
  {
    let speech = try Speech.espeak(sentence.1, voice: sentence.0).scaled(to: levels.speech)
    let input = mix(
      silence(seconds: 1.5) + speech + silence(seconds: 1.5),
      noise(levels.noise, seconds: 3 + Double(speech.count) / 16000 + 1))
    let found = turns(input)
    try #require(found.count == 1)
    let turn = found[0]
    #expect(abs(turn.start + 300 * 16 - 24000) <= Self.tolerance)
    #expect(abs(turn.lastVoiced - 24000 - speech.count) <= Self.tolerance)
    #expect(turn.end - turn.lastVoiced == 500 * 16)
    #expect(turn.reason == .silence)
    #expect(turn.audio == Array(input[turn.start..<turn.end]))
  }

  @Test(arguments: sentences)
  func losesNothingOfQuietSpeechInANoisyRoom(voice: String, text: String) throws {
    let speech = try Speech.espeak(text, voice: voice).scaled(to: -45)
    let input = mix(
      silence(seconds: 1) + speech + silence(seconds: 1),
      noise(-60, seconds: 3 + Double(speech.count) / 16000))
    let found = turns(input)
    try #require(found.count == 1)
    #expect(found[0].start <= 16000)
    #expect(found[0].end >= 16000 + speech.count)
  }

  @Test(.enabled(if: Speech.humanClip != nil, "the default workers are not installed"))
  func findsAHumanVoice() throws {
    let clip = try Speech.human()
    for (level, background) in [(-20.0, -95.0), (-10, -95), (-20, -50)] {
      let speech = clip.scaled(to: level)
      let input = mix(
        silence(seconds: 1.5) + speech + silence(seconds: 2),
        noise(background, seconds: 4 + Double(speech.count) / 16000))
      // The speaker pauses for up to a second between his sentences.
      let found = turns(input, .init(silenceDurationMilliseconds: 1500))
      try #require(found.count == 1)
      #expect(abs(found[0].start + 300 * 16 - 24000) <= Self.tolerance)
      #expect(abs(found[0].lastVoiced - 24000 - speech.count) <= Self.tolerance)
    }
  }

  @Test func hearsSpeechFromTheFirstSample() throws {
    let speech = try Speech.espeak("Hello there, how are you?").scaled(to: -20)
    let found = turns(speech + silence(seconds: 1))
    try #require(found.count == 1)
    #expect(found[0].start == 0)
  }

  @Test func aPauseInASentenceDoesNotCutItButALongOneDoes() throws {
    let first = try Speech.espeak("I would like to book a table").scaled(to: -20)
    let second = try Speech.espeak("for two people tomorrow evening").scaled(to: -20)
    let ends = silence(seconds: 1)
    let background = noise(-60, seconds: 12)
    #expect(turns(mix(ends + first + silence(seconds: 0.3) + second + ends, background)).count == 1)
    #expect(turns(mix(ends + first + silence(seconds: 0.9) + second + ends, background)).count == 2)
  }

  @Test(arguments: [-75, -60, -50, -40, -30] as [Double])
  func steadyNoiseIsNoTurn(level: Double) {
    #expect(turns(noise(level, seconds: 30)).isEmpty)
  }

  @Test func silenceIsNoTurn() {
    #expect(turns(silence(seconds: 10)).isEmpty)
  }

  /// In its first second a sudden noise cannot be told from a fricative; after that it must not hold the turn.
  @Test(arguments: [-50, -40, -30, -20] as [Double])
  func aFanThatStartsIsAShortTurnAtMost(level: Double) {
    let found = turns(mix(noise(-65, seconds: 20), silence(seconds: 3) + noise(level, seconds: 17, seed: 2)))
    #expect(found.count <= 1)
    #expect(found.allSatisfy { $0.lastVoiced <= Int(4.1 * 16000) })
  }

  @Test func clicksAreNoTurn() {
    var generator = SeededGenerator(seed: 5)
    var input = noise(-65, seconds: 20)
    for click in stride(from: 8000, to: input.count - 400, by: 5200) {
      // 3 ms at full scale, dying away within 10 ms more.
      for offset in 0..<200 {
        let envelope = offset < 48 ? 1 : 1 - Double(offset - 48) / 152
        input[click + offset] = Int16(Double.random(in: -32000...32000, using: &generator) * envelope)
      }
    }
    #expect(turns(input).isEmpty)
  }
}
