import Testing

@testable import Workers

@Suite struct AudioTapeTests {
  @Test func isForgottenWhenItIsTooLong() async throws {
    let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
    let tape = AudioTape(audio, keeps: 1000)
    var first = tape.play().makeAsyncIterator()
    speaker.yield([Int16](repeating: 1, count: 900))
    #expect(await first.next()?.count == 900)
    #expect(tape.isWhole)
    speaker.yield([Int16](repeating: 2, count: 200))
    #expect(await first.next()?.count == 200)
    #expect(await eventually { !tape.isWhole })
    speaker.finish()
    #expect(await first.next() == nil)
    #expect(tape.endedAt != nil)
  }

  @Test func playsAgainAfterItsEnd() async throws {
    let tape = AudioTape(turn(milliseconds: 100), keeps: 100_000)
    for _ in 0..<2 {
      var samples = 0
      for await piece in tape.play() { samples += piece.count }
      #expect(samples == 1600)
    }
  }

  @Test func stopsListeningWhenItIsLetGoOf() async throws {
    let (audio, speaker) = AsyncStream.makeStream(of: [Int16].self)
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    speaker.onTermination = { _ in ended.finish() }
    var tape: AudioTape? = AudioTape(audio, keeps: 0)
    #expect(tape?.isWhole == true)
    tape = nil
    for await _ in ends {}
  }
}
