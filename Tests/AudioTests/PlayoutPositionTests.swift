import Audio
import Testing

@Suite struct PlayoutPositionTests {
  private let second: Int64 = 1_000_000_000
  private let millisecond: Int64 = 1_000_000

  @Test func playsFromTheFirstSendInRealTime() {
    var playout = PlayoutPosition(sampleRate: 24000)
    #expect(playout.played(at: 5 * second) == 0)
    playout.sent(samples: 9600, at: 5 * second)
    #expect(playout.played(at: 5 * second) == 0)
    #expect(playout.ahead(at: 5 * second) == 9600)
    #expect(playout.played(at: 5 * second + 100 * millisecond) == 2400)
    #expect(playout.ahead(at: 5 * second + 100 * millisecond) == 7200)
  }

  @Test func pausesWhenNothingIsLeftAndGoesOnWithTheNextSend() {
    var playout = PlayoutPosition(sampleRate: 24000)
    playout.sent(samples: 2400, at: 0)
    #expect(playout.played(at: 3 * second) == 2400)
    playout.sent(samples: 2400, at: 3 * second)
    #expect(playout.played(at: 3 * second) == 2400)
    #expect(playout.played(at: 3 * second + 50 * millisecond) == 3600)
    #expect(playout.played(at: 9 * second) == 4800)
    #expect(playout.ahead(at: 9 * second) == 0)
  }

  @Test func stopThrowsAwayWhatWasNotPlayed() {
    var playout = PlayoutPosition(sampleRate: 24000)
    playout.sent(samples: 24000, at: 0)
    #expect(playout.stop(at: 250 * millisecond) == 6000)
    #expect(playout.played(at: 9 * second) == 6000)
    #expect(playout.sent == 6000)
    #expect(playout.nextSend(aheadLimit: 9600, at: 300 * millisecond) == nil)
    playout.sent(samples: 480, at: 10 * second)
    #expect(playout.played(at: 10 * second + 10 * millisecond) == 6240)
  }

  @Test func tellsWhenTheNextPieceMayGo() throws {
    var playout = PlayoutPosition(sampleRate: 24000)
    #expect(playout.nextSend(of: 480, aheadLimit: 9600, at: 0) == nil)
    playout.sent(samples: 9600, at: 0)
    #expect(playout.nextSend(of: 480, aheadLimit: 9600, at: 0) == 20 * millisecond)
    #expect(playout.nextSend(of: 480, aheadLimit: 9600, at: 20 * millisecond) == nil)
    // Larger than the limit: when all has been played.
    #expect(playout.nextSend(of: 24000, aheadLimit: 9600, at: 0) == 400 * millisecond)
    #expect(playout.nextSend(of: 24000, aheadLimit: 9600, at: 400 * millisecond) == nil)
  }

  @Test func doesNotDriftOverADay() {
    var playout = PlayoutPosition(sampleRate: 22050)
    let day = 24 * 3600 * second
    playout.sent(samples: 22050 * 24 * 3600 + 1, at: 7)
    #expect(playout.ahead(at: 7 + day) == 1)
    #expect(playout.ahead(at: 8 + day) == 1)
    #expect(playout.ahead(at: 7 + day + 45352) == 0)
  }

  @Test func aClockThatStepsBackDoesNoHarm() {
    var playout = PlayoutPosition(sampleRate: 16000)
    playout.sent(samples: 1600, at: second)
    #expect(playout.played(at: 0) == 0)
    #expect(playout.nextSend(of: 1, aheadLimit: 100, at: 0)! > second)
  }

  /// A sender that follows `nextSend` never has more than the limit waiting, and never lets the listener run dry.
  @Test(arguments: [8000, 22050, 24000, 48000], 1...4 as ClosedRange<UInt64>)
  func pacesASender(rate: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var playout = PlayoutPosition(sampleRate: rate)
    let limit = rate * 2 / 5
    var now = Int64.random(in: 0...second, using: &generator)
    var playedBefore = 0
    for _ in 0..<300 {
      let piece = Int.random(in: 1...limit / 2, using: &generator)
      while let later = playout.nextSend(of: piece, aheadLimit: limit, at: now) {
        #expect(later > now)
        #expect(playout.ahead(at: later - 1) + piece > limit)
        now = later
      }
      playout.sent(samples: piece, at: now)
      #expect(playout.ahead(at: now) <= limit)
      #expect(playout.played(at: now) >= playedBefore)
      playedBefore = playout.played(at: now)
    }
    #expect(playout.played(at: now) > rate)
  }
}
