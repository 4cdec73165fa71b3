import Runtime
import Testing

@testable import Media

@Suite(.serialized)
struct SRTPRetransmissionTests {
  /// Speech to a receiver which misses some and asks for it, everything encrypted, over a network that loses packets.
  @Test(arguments: SRTPProfile.allCases)
  func whatIsMissedIsSentAgainAsTheSameBytes(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    let receiverKey = masterKey(profile, 2)
    var random = SeededGenerator(seed: 61)
    var sender = try sender(key, at: 65_000)
    var receiver = try SRTPReceiver(key)
    var requester = try makeSender(receiverKey)
    var requests = try SRTPReceiver(receiverKey)
    var cache = RetransmissionCache()
    var generator = NACKGenerator(usefulAge: .milliseconds(250), roundTripTime: .milliseconds(40))
    var heard = Set<UInt64>()
    var sentAgain = 0

    for index in 65_000..<67_000 as Range<UInt64> {
      let now = milliseconds(Int(index - 65_000) * 20)
      let protected = try sender.protect(packet(index))
      cache.store(protected.span.bytes, SequenceNumber(UInt16(truncatingIfNeeded: index)), at: now)
      if index == 65_000 || Int.random(in: 0..<10, using: &random) > 0 {
        heard.insert(try required(receiver.index(protected)))
        generator.received(SequenceNumber(UInt16(truncatingIfNeeded: index)), at: now)
      }

      let batch = generator.takeDue(at: now)
      guard !batch.isEmpty else { continue }
      let request = writeRTCP { writer, buffer in
        _ = writer.writeGenericNACK(batch, from: 2, of: 1, to: &buffer)
      }
      let arrived = try requests.unprotectRTCP(requester.protectRTCP(request))
      guard case .genericNACK(let nack)? = try readRTCP(arrived).first else { return #expect(Bool(false)) }
      for number in lost(nack, arrived) {
        guard let again = copy(&cache, number, at: now) else { continue }
        sentAgain += 1
        if Int.random(in: 0..<10, using: &random) == 0 { continue }
        heard.insert(try required(receiver.index(again)))
        generator.received(SequenceNumber(number), at: now)
        // One which the receiver had is a replay to it, and no harm.
        #expect(failure { () throws(SRTPError) in try receiver.unprotect(again) } == .replayed)
      }
    }
    #expect(sentAgain > 150)
    #expect(heard.count > 1990)
  }

  private func makeSender(_ key: SRTPMasterKey) throws -> SRTPSender { try sender(key, ssrc: 2, at: 5) }

  private func copy(_ cache: inout RetransmissionCache, _ number: UInt16, at now: Instant) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1500)
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    let length = cache.copy(SequenceNumber(number), to: &bytes, at: now, interval: .milliseconds(40))
    return length.map { Array(buffer.prefix($0)) }
  }
}
