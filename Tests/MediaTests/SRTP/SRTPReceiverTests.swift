import Testing

@testable import Media

@Suite(.serialized)
struct SRTPReceiverTests {
  /// What a sender sends from `first` on.
  private func stream(
    _ key: SRTPMasterKey, ssrc: UInt32 = 1, from first: UInt64, count: UInt64
  ) throws -> [UInt64: [UInt8]] {
    var sender = try sender(key, ssrc: ssrc, at: first)
    var packets: [UInt64: [UInt8]] = [:]
    for index in first..<first + count { packets[index] = try sender.protect(packet(index, ssrc: ssrc)) }
    return packets
  }

  @Test(arguments: SRTPProfile.allCases)
  func packetsAreReadOverTheWrapWithReorderAndLoss(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    let first: UInt64 = 64_000
    let packets = try stream(key, from: first, count: 4000)
    var generator = SeededGenerator(seed: 21)
    var receiver = try SRTPReceiver(key)
    var order = packets.keys.filter { _ in Double.random(in: 0..<1, using: &generator) > 0.05 }.sorted()
    order.insert(first, at: 0)
    for place in order.indices where Int.random(in: 0..<10, using: &generator) == 0 {
      order.swapAt(place, min(order.count - 1, place + Int.random(in: 0..<30, using: &generator)))
    }
    // The first of all must not be overtaken: before it there is no round to count from.
    order.removeAll { $0 == first }
    for index in [first] + order {
      #expect(try required(receiver.unprotect(packets[index] ?? [])) == packet(index))
    }
    let highest = try required(receiver.highestIndex(of: 1))
    #expect(highest.rawValue == order.max())
    #expect(receiver.libraryRolloverCounter(of: 1) == highest.rolloverCounter && highest.rolloverCounter == 1)
  }

  @Test(arguments: SRTPProfile.allCases)
  func aReplayedPacketIsRefusedEachTime(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    let packets = try stream(key, from: 65_500, count: 300)
    var receiver = try SRTPReceiver(key)
    for index in packets.keys.sorted() {
      #expect(try required(receiver.unprotect(packets[index] ?? [])) == packet(index))
      for back in [0, 1, 5, 127, 128, 200] as [UInt64] {
        guard let old = packets[index - back] else { continue }
        for _ in 0..<5 { #expect(failure { () throws(SRTPError) in try receiver.unprotect(old) } == .replayed) }
      }
    }
    #expect(receiver.highestIndex(of: 1)?.rawValue == 65_799)
  }

  @Test(arguments: SRTPProfile.allCases)
  func forgedPacketsChangeNothing(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    let packets = try stream(key, from: 65_400, count: 300)
    var generator = SeededGenerator(seed: 22)
    var receiver = try SRTPReceiver(key)
    for index in packets.keys.sorted() {
      guard let genuine = packets[index] else { continue }
      let before = receiver.checkpoint
      // A sequence number from anywhere, a flipped bit anywhere, another source.
      for attempt in 0..<6 {
        var forged = genuine
        switch attempt {
        case 0...2:
          forged[2] = .random(in: .min ... .max, using: &generator)
          forged[3] = .random(in: .min ... .max, using: &generator)
        case 3, 4:
          forged[Int.random(in: 2..<forged.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        default:
          forged[8] ^= 0x55
        }
        if forged != genuine { #expect(failure { () throws(SRTPError) in try receiver.unprotect(forged) } != nil) }
      }
      #expect(receiver.checkpoint == before)
      #expect(try required(receiver.unprotect(genuine)) == packet(index))
    }
    #expect(receiver.libraryRolloverCounter(of: 1) == 1)
    #expect(receiver.checkpoint.sources.count == 1)
  }

  /// What receivers do when a sender goes on at the end of its reserved block.
  @Test(arguments: SRTPProfile.allCases, [1000, 2000, 10_000, 30_000] as [UInt64])
  func aJumpIsAccepted(profile: SRTPProfile, jump: UInt64) throws {
    let key = masterKey(profile)
    for first in [100, 60_000, 65_536 * 3 + 65_000] as [UInt64] {
      var receiver = try SRTPReceiver(
        key,
        restoring: SRTPReceiverCheckpoint(sources: [
          .init(ssrc: 1, highestIndex: PacketIndex(rawValue: first - 1), highestRTCPIndex: nil)
        ]))
      var before = try sender(key, at: first)
      for index in first..<first + 10 {
        #expect(try required(receiver.index(before.protect(packet(index)))) == index)
      }
      let resumed = first + 10 + jump
      var after = try sender(key, at: resumed)
      for index in resumed..<resumed + 10 {
        #expect(try required(receiver.index(after.protect(packet(index)))) == index)
      }
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func aNewSourceInMidStreamIsAccepted(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    var receiver = try SRTPReceiver(key)
    for ssrc in 1...3 as ClosedRange<UInt32> {
      let packets = try stream(key, ssrc: ssrc, from: UInt64(ssrc) * 1000, count: 50)
      for (place, index) in packets.keys.sorted().enumerated() {
        var buffer = packets[index] ?? []
        var span = buffer.mutableSpan
        var bytes = span.mutableBytes
        let received = try receiver.unprotectRTP(&bytes)
        #expect(received.isNewSource == (place == 0) && received.header.ssrc == ssrc)
      }
    }
    #expect(receiver.checkpoint.sources.map(\.ssrc) == [1, 2, 3])
  }

  @Test
  func sourcesAreBoundedAndARetiredOneIsNotHeardAgain() throws {
    let key = masterKey(.aeadAES128GCM)
    var receiver = try SRTPReceiver(key)
    var first: [UInt32: [UInt8]] = [:]
    let most = UInt32(SRTPSourceTable.capacity + SRTPSourceTable.retiredCapacity)
    for ssrc in 1...most + 3 {
      let packets = try stream(key, ssrc: ssrc, from: 5, count: 1)
      first[ssrc] = packets[5]
      let error = failure { () throws(SRTPError) in try receiver.unprotect(packets[5] ?? []) }
      #expect(error == (ssrc <= most ? nil : .unknownSource))
    }
    // All that was sent before can be played again, and none is accepted.
    for (_, packet) in first {
      let error = failure { () throws(SRTPError) in try receiver.unprotect(packet) }
      #expect(error == .replayed || error == .unknownSource)
    }
    #expect(receiver.checkpoint.sources.count == SRTPSourceTable.capacity)
    // The library has let go of them too.
    for ssrc in receiver.checkpoint.retired { #expect(receiver.libraryRolloverCounter(of: ssrc) == nil) }
    // The same after a restart.
    var restored = try SRTPReceiver(key, restoring: receiver.checkpoint)
    for (_, packet) in first {
      let error = failure { () throws(SRTPError) in try restored.unprotect(packet) }
      #expect(error == .replayed || error == .unknownSource)
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func onlyDeclaredSourcesAreAccepted(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    var receiver = try SRTPReceiver(key, declared: [7])
    let declared = try stream(key, ssrc: 7, from: 5, count: 1)
    let other = try stream(key, ssrc: 8, from: 5, count: 1)
    #expect(failure { () throws(SRTPError) in try receiver.unprotect(other[5] ?? []) } == .unknownSource)
    #expect(try required(receiver.unprotect(declared[5] ?? [])) == packet(5, ssrc: 7))
    #expect(throws: SRTPError.unknownSource) { _ = try SRTPReceiver(key, declared: Array(1...9)) }
    #expect(throws: SRTPError.unknownSource) { _ = try SRTPReceiver(key, declared: [1, 1]) }
  }

  @Test(arguments: SRTPProfile.allCases)
  func packetsOfWrongLengthsAreRefusedBeforeTheLibrarySeesThem(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    let protected = try stream(key, from: 5, count: 1)[5] ?? []
    var sender = try sender(key, at: 100)
    let protectedRTCP = try sender.protectRTCP(RTCPSamples.receiverReport + RTCPSamples.description)
    var receiver = try SRTPReceiver(key)
    for length in 0..<protected.count {
      let error = failure { () throws(SRTPError) in try receiver.unprotect(Array(protected.prefix(length))) }
      #expect(error == (length < 12 + profile.authenticationTagLength ? .badLength : .notAuthentic))
    }
    for length in 0..<protectedRTCP.count {
      let error = failure { () throws(SRTPError) in
        try receiver.unprotectRTCP(Array(protectedRTCP.prefix(length)))
      }
      #expect(length < 8 + profile.rtcpOverhead ? error == .badLength : error != nil)
    }
    // A header that goes on into the tag, or past it.
    for first in [0x8f, 0x90] as [UInt8] {
      var forged = protected
      forged[0] = first
      if first == 0x90 { forged.replaceSubrange(12..<16, with: [0xbe, 0xde, 0x00, 0x06]) }
      #expect(failure { () throws(SRTPError) in try receiver.unprotect(forged) } == .badHeader)
    }
    let long = [UInt8](repeating: 0x80, count: SRTPSession.longestPacket + 1)
    #expect(failure { () throws(SRTPError) in try receiver.unprotect(long) } == .badLength)
    #expect(failure { () throws(SRTPError) in try receiver.unprotectRTCP(long) } == .badLength)
    #expect(try required(receiver.unprotect(protected)) == packet(5))
  }

  @Test(arguments: SRTPProfile.allCases)
  func nothingTrapsOnMutatedPacketsAndGenuineOnesStillPass(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    var generator = SeededGenerator(seed: 23)
    var receiver = try SRTPReceiver(key)
    var sender = try sender(key, at: 65_000)
    for index in 65_000..<66_200 as Range<UInt64> {
      let protected = try sender.protect(packet(index))
      let protectedRTCP = try sender.protectRTCP(bytes("80 c9 0001 00000001") + RTCPSamples.description)
      for _ in 0..<10 {
        let forged = mutated(protected, using: &generator)
        if forged != protected { #expect(failure { () throws(SRTPError) in try receiver.unprotect(forged) } != nil) }
        _ = try? receiver.unprotectRTCP(forged)
        let forgedRTCP = mutated(protectedRTCP, using: &generator)
        if forgedRTCP != protectedRTCP {
          #expect(failure { () throws(SRTPError) in try receiver.unprotectRTCP(forgedRTCP) } != nil)
        }
        _ = try? receiver.unprotect(forgedRTCP)
      }
      #expect(try required(receiver.index(protected)) == index)
      #expect(try required(receiver.unprotectRTCP(protectedRTCP)).count == protectedRTCP.count - profile.rtcpOverhead)
    }
    let seeds = try [stream(key, from: 5, count: 1)[5] ?? [], sender.protectRTCP(bytes("80 c9 0001 00000001"))]
    for seed in seeds { SRTPReceiver.exercise(seed.span.bytes) }
  }

  /// With GCM libsrtp accepts it when it is authentic, and after one that fills its buffer of associated data to the
  /// brim it refuses everything.
  @Test(arguments: SRTPProfile.allCases)
  func rtcpInClearIsRefused(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    var receiver = try SRTPReceiver(key)
    var sender = try sender(key, at: 100)
    for length in [28, 1996, 2000, 2048, 2066] {
      var forged = [UInt8](repeating: 0, count: length)
      forged.replaceSubrange(0..<8, with: bytes("80 c9 0001 00000001"))
      #expect(failure { () throws(SRTPError) in try receiver.unprotectRTCP(forged) } != nil)
      let genuine = try sender.protectRTCP(bytes("80 c9 0001 00000001"))
      #expect(throws: Never.self) { try required(receiver.unprotectRTCP(genuine)) }
    }
  }
}
