import Testing

@testable import Media

@Suite(.serialized)
struct SRTPSenderTests {
  @Test(arguments: SRTPProfile.allCases)
  func nothingIsSentWithoutAReservation(profile: SRTPProfile) throws {
    var generator = SeededGenerator(seed: 41)
    var sender = try SRTPSender(masterKey(profile))
    try sender.addStream(1, using: &generator)
    let start = try required(sender.nextIndex(1)).rawValue
    #expect(start < 32_768)
    #expect(failure { () throws(SRTPError) in try sender.protectOnly(packet(start)) } == .notReserved)

    let reservation = try required(sender.takeReservation(1))
    #expect(reservation == SRTPReservation(ssrc: 1, end: start + 2000, rtcpEnd: 101))
    #expect(try required(sender.takeReservation(1) == nil))
    #expect(failure { () throws(SRTPError) in try sender.protectOnly(packet(start)) } == .notReserved)
    sender.confirm(reservation)
    for index in start..<start + 2000 {
      #expect(throws: Never.self) { try required(sender.protectOnly(packet(index))) }
      let used = index - start + 1
      // Asked for when half is used, and only once.
      if used == 999 { #expect(try required(sender.takeReservation(1) == nil)) }
      if used == 1000 { #expect(try required(sender.takeReservation(1))?.end == start + 3000) }
    }
    #expect(failure { () throws(SRTPError) in try sender.protectOnly(packet(start + 2000)) } == .notReserved)
    // The store failed, and is asked again.
    let lost = SRTPReservation(ssrc: 1, end: start + 3000, rtcpEnd: 101)
    sender.abandon(lost)
    sender.confirm(lost)
    #expect(failure { () throws(SRTPError) in try sender.protectOnly(packet(start + 2000)) } == .notReserved)
    sender.confirm(try required(sender.takeReservation(1)))
    #expect(throws: Never.self) { try required(sender.protectOnly(packet(start + 2000))) }
  }

  @Test
  func whatLiesBeforeTheRestartIsNotSent() throws {
    let key = masterKey(.aeadAES128GCM)
    var sender = try sender(key, at: 70_000)
    #expect(failure { () throws(SRTPError) in try sender.protect(packet(69_999)) } == .notReserved)
    #expect(throws: Never.self) { try required(sender.protect(packet(70_003))) }
    #expect(throws: Never.self) { try required(sender.protect(packet(70_001))) }
    for index in [69_999, 69_990] as [UInt64] {
      #expect(failure { () throws(SRTPError) in try sender.protect(packet(index)) } == .notReserved)
    }
    #expect(failure { () throws(SRTPError) in try sender.protect(packet(70_001)) } == .replayed)
  }

  @Test(arguments: SRTPProfile.allCases)
  func roomAndLengthsAreCheckedFirst(profile: SRTPProfile) throws {
    var sender = try sender(masterKey(profile), at: 100)
    sender.reserve(1)
    let whole = packet(100)
    for room in 0..<profile.rtpOverhead {
      #expect(failure { () throws(SRTPError) in try sender.protectOnly(whole, room: room) } == .noRoom)
    }
    for room in 0..<profile.rtcpOverhead {
      let report = RTCPSamples.receiverReport
      #expect(failure { () throws(SRTPError) in try sender.protectRTCP(report, room: room) } == .noRoom)
    }
    for length in 0..<12 {
      let cut = Array(whole.prefix(length))
      #expect(failure { () throws(SRTPError) in try sender.protectOnly(cut) } == .badLength)
    }
    #expect(failure { () throws(SRTPError) in try sender.protectOnly([0] + whole.dropFirst()) } == .badHeader)
    #expect(failure { () throws(SRTPError) in try sender.protectOnly(packet(100, ssrc: 2)) } == .unknownSource)
    let long = whole + [UInt8](repeating: 0, count: 2000)
    #expect(failure { () throws(SRTPError) in try sender.protectOnly(long) } == .badLength)
    #expect(
      try required(sender.protectOnly(whole, room: profile.rtpOverhead)).count == whole.count + profile.rtpOverhead)
  }

  @Test
  func severalStreamsHaveIndicesOfTheirOwn() throws {
    let key = masterKey(.aes128CMSHA1_80)
    var generator = SeededGenerator(seed: 42)
    var sender = try SRTPSender(key)
    for ssrc in 1...8 as ClosedRange<UInt32> { try sender.addStream(ssrc, using: &generator) }
    #expect(failure { () throws(SRTPError) in try sender.addStream(9, using: &generator) } == .unknownSource)
    #expect(failure { () throws(SRTPError) in try sender.addStream(8, using: &generator) } == .unknownSource)
    var receiver = try SRTPReceiver(key)
    for ssrc in 1...8 as ClosedRange<UInt32> {
      let index = try required(sender.nextIndex(ssrc)).rawValue
      #expect(try required(receiver.index(sender.protect(packet(index, ssrc: ssrc)))) == index)
      let report = bytes("80 c9 0001 0000000\(ssrc)")
      #expect(try required(receiver.unprotectRTCP(sender.protectRTCP(report))) == report)
    }
    sender.removeStream(3)
    #expect(sender.nextIndex(3) == nil && sender.nextIndex(4) != nil)
    #expect(failure { () throws(SRTPError) in try sender.protect(packet(1, ssrc: 3)) } == .unknownSource)
    // Its indices were used with this key, and nobody knows them any more.
    #expect(failure { () throws(SRTPError) in try sender.addStream(3, using: &generator) } == .unknownSource)
    #expect(throws: Never.self) { try required(sender.addStream(10, using: &generator)) }
  }

  @Test(arguments: SRTPProfile.allCases)
  func outgoingRoundsAreCountedLikeTheLibraryDoes(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    for start in [0, 32_767, 65_530, 65_536, 1 << 40] as [UInt64] {
      var sender = try sender(key, at: start)
      var receiver = try SRTPReceiver(
        key,
        restoring: SRTPReceiverCheckpoint(sources: [
          .init(ssrc: 1, highestIndex: PacketIndex(rawValue: max(1, start) - 1), highestRTCPIndex: nil)
        ]))
      // Gaps and some reordering, as when another's packets are forwarded.
      for step in 0..<3000 as Range<UInt64> {
        let index = start + 1 + (step % 7 == 6 ? step * 5 - 8 : step * 5)
        #expect(try required(receiver.index(sender.protect(packet(index)))) == index)
      }
      #expect(sender.libraryRolloverCounter(of: 1) == sender.nextIndex(1)?.rolloverCounter)
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func outgoingRTCPIsWhatTheLibraryReads(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    var generator = SeededGenerator(seed: 43)
    for start in [1, 2, 100, 65_535, 65_536, 1 << 24, 1 << 31 - 3] as [UInt32] {
      var sender = try sender(key, at: 100, rtcpIndex: start)
      var receiver = try SRTPReceiver(key)
      for step in 0..<3 as Range<UInt32> {
        let length = 4 * Int.random(in: 0...300, using: &generator)
        let report =
          bytes("80 c9 0001 00000001")
          + (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let protected = try sender.protectRTCP(report)
        #expect(
          protected.span.bytes.uint32(at: protected.count - profile.rtcpTrailerFromEnd) == 1 << 31 | (start + step))
        #expect(try required(receiver.unprotectRTCP(protected)) == report)
        #expect(failure { () throws(SRTPError) in try receiver.unprotectRTCP(protected) } == .replayed)
      }
      if start == 1 << 31 - 3 {
        // The end of the 31 bits.
        let report = bytes("80 c9 0001 00000001")
        #expect(failure { () throws(SRTPError) in try sender.protectRTCP(report) } == .notReserved)
      }
    }
  }

  @Test
  func aReservationEndsAtTheLastIndex() {
    var reservation = IndexReservation(startingAt: 95, blockSize: 10, limit: 100)
    #expect(reservation.needsReservation && reservation.request() == 100)
    // More than was asked for is not given.
    reservation.confirm(200)
    #expect(reservation.end == 100 && !reservation.needsReservation)
    #expect(reservation.permits(95) && reservation.permits(99))
    #expect(!reservation.permits(94) && !reservation.permits(100))
    for index in 95..<100 as Range<UInt64> { reservation.use(index) }
    #expect(!reservation.needsReservation && reservation.next == 100)
    var past = IndexReservation(startingAt: .max, blockSize: .max, limit: 100)
    #expect(!past.needsReservation && past.request() == 100 && !past.permits(100))
    past.confirm(100)
    #expect(!past.permits(99))
  }
}
