import Runtime
import Testing

@testable import Audio

@Suite("Phrases")
struct PhraseCacheTests {
  private static func key(_ text: String, _ codec: VoiceCodec = .opus) -> PhraseKey {
    PhraseKey(text: text, voice: "en", speed: 1, format: PlayoutFormat(codec))
  }

  private static func phrase(_ bytes: Int) -> EncodedPhrase {
    let packet = EncodedPhrase.Packet(start: 0, length: bytes, samples: 480, duration: 480, level: 30)
    return EncodedPhrase(.opus, [packet], [UInt8](repeating: 0, count: bytes))
  }

  @Test(
    "a phrase is recorded while it is spoken, and spoken from the cache without an encoder",
    arguments: [VoiceCodec.opus, .pcma])
  func records(codec: VoiceCodec) throws {
    let speech = try speech24(seconds: 1.01)
    let key = Self.key("hello", codec)
    var first = PlayoutHarness(key.format)
    _ = first.playout.append(try speech24(seconds: 0.3))
    first.playout.beginPhrase(key)
    for piece in pieces(speech, maximum: 2000, seed: 2) { _ = first.playout.append(piece) }
    first.playout.endPhrase()
    first.run(milliseconds: 2000)
    #expect(first.recorded.map(\.key) == [key])
    let phrase = first.recorded[0].phrase
    #expect(phrase.samples == speech.count)

    var cache = PhraseCache(maximumBytes: 100_000)
    let missing = cache.phrase(for: key)
    #expect(missing == nil)
    cache.insert(phrase, for: key)
    var second = PlayoutHarness(key.format)
    let cached = cache.phrase(for: key)
    let found = try #require(cached)
    _ = second.playout.append(found)
    #expect(second.playout.waiting == speech.count)
    second.run(milliseconds: 2000)
    #expect(second.drained == [speech.count])
    #expect(second.hasEncoder == false)
    #expect(second.packets[..<51].map(\.payload) == first.packets[15..<66].map(\.payload))
    #expect(second.packets[..<51].map(\.packet.audioLevel) == first.packets[15..<66].map(\.packet.audioLevel))
    let original = try Resampler(from: 24_000, to: 16_000).process(speech)
    #expect(bestMatch(Array(original[..<14_000]), second.heard(), delays: 0...3200).correlation > 0.9)
  }

  @Test("a phrase that is cut off is not recorded")
  func cut() throws {
    var harness = PlayoutHarness()
    harness.playout.beginPhrase(Self.key("hello"))
    _ = harness.playout.append(try speech24(seconds: 1))
    harness.playout.endPhrase()
    harness.run(milliseconds: 500)
    harness.playout.clear()
    harness.run(milliseconds: 1000)
    #expect(harness.recorded.isEmpty)
  }

  @Test("a phrase can be encoded at once, pauses in it are not sent")
  func encode() throws {
    let speech = try speech24(seconds: 1)
    let phrase = try #require(
      EncodedPhrase.encode(
        speech + [Int16](repeating: 0, count: 24_000) + speech, for: Self.key("hello"), complexity: 0))
    #expect(phrase.samples == 72_000)
    var harness = PlayoutHarness()
    _ = harness.playout.append(phrase)
    harness.run(milliseconds: 3500)
    #expect(harness.drained == [72_000])
    #expect(harness.packets.count < 115)
    #expect(harness.packets.last!.packet.timestamp == 150 * 960)
  }

  @Test("phrases cut off in the middle count what was sent")
  func clear() throws {
    let phrase = try #require(EncodedPhrase.encode(speech24(seconds: 2), for: Self.key("hello"), complexity: 0))
    var harness = PlayoutHarness()
    _ = harness.playout.append(phrase)
    harness.run(milliseconds: 500)
    let (played, cut) = harness.playout.clear()
    #expect(played == 12_000)
    #expect(cut == 36_000)
  }

  @Test("the cache keeps what was asked for last, within its bytes")
  func leastRecentlyUsed() {
    var cache = PhraseCache(maximumBytes: 4000)
    for index in 0..<3 { cache.insert(Self.phrase(1000), for: Self.key("\(index)")) }
    #expect(cache.count == 3)
    _ = cache.phrase(for: Self.key("0"))
    cache.insert(Self.phrase(1000), for: Self.key("3"))
    let kept = [cache.phrase(for: Self.key("0")), cache.phrase(for: Self.key("1"))]
    #expect(kept.map { $0 == nil } == [false, true])
    #expect(cache.byteCount <= 4000)
    cache.insert(Self.phrase(5000), for: Self.key("4"))
    let tooLarge = cache.phrase(for: Self.key("4"))
    #expect(tooLarge == nil)
    #expect(cache.count == 3)
    cache.removeAll()
    #expect(cache.byteCount == 0)
  }
}
