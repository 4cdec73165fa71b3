import Foundation
import Testing

@testable import Media

@Suite(.serialized)
struct SRTPRestoreTests {
  private func restored(
    _ key: SRTPMasterKey, at index: UInt64?, rtcp: UInt32? = nil
  ) throws -> SRTPReceiver {
    try SRTPReceiver(
      key,
      restoring: SRTPReceiverCheckpoint(sources: [
        .init(ssrc: 1, highestIndex: index.flatMap(PacketIndex.init(rawValue:)), highestRTCPIndex: rtcp)
      ]))
  }

  @Test(arguments: SRTPProfile.allCases)
  func aRestoredReceiverRefusesWhatWasAcceptedBefore(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    var sender = try sender(key, at: 65_400)
    var sent: [UInt64: [UInt8]] = [:]
    for index in 65_400..<65_900 as Range<UInt64> { sent[index] = try sender.protect(packet(index)) }
    for highest in [65_450, 65_535, 65_536, 65_700] as [UInt64] {
      var receiver = try restored(key, at: highest)
      // Not even the window below it, before the first packet and after.
      for index in highest - 40...highest {
        #expect(failure { () throws(SRTPError) in try receiver.unprotect(sent[index] ?? []) } == .replayed)
      }
      for index in [highest + 100, highest + 3, highest + 1] {
        #expect(try required(receiver.index(sent[index] ?? [])) == index)
      }
      for index in [highest + 100, highest + 3, highest + 1, highest, highest - 20] {
        #expect(failure { () throws(SRTPError) in try receiver.unprotect(sent[index] ?? []) } == .replayed)
      }
      #expect(try required(receiver.index(sent[highest + 50] ?? [])) == highest + 50)
    }
  }

  /// Both the checkpoint before the wrap with the first packet after it, and a forged packet that comes first and would
  /// make libsrtp look in the wrong round.
  @Test(arguments: SRTPProfile.allCases)
  func theRoundIsFoundOverTheWrapAndInSpiteOfForgeries(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    for round in [0, 1, 5, 70_000] as [UInt64] {
      let highest = round << 16 | 65_530
      for first in [highest + 1, highest + 6, highest + 900, highest + 30_000] {
        var receiver = try restored(key, at: highest)
        var sender = try sender(key, at: first)
        for sequenceNumber in [0, 3, 40_000, 65_535] as [UInt64] {
          var forged = packet(sequenceNumber) + [UInt8](repeating: 9, count: 16)
          forged[15] = 7
          #expect(failure { () throws(SRTPError) in try receiver.unprotect(forged) } != nil)
        }
        for index in first..<first + 5 {
          #expect(try required(receiver.index(sender.protect(packet(index)))) == index)
        }
        #expect(receiver.libraryRolloverCounter(of: 1) == UInt32((first + 4) >> 16))
      }
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func aRestoredReceiverRefusesOldRTCP(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    let report = bytes("80 c9 0001 00000001")
    var sender = try sender(key, at: 5)
    let sent = try (1...200).map { _ in try sender.protectRTCP(report) }
    var receiver = try restored(key, at: 100, rtcp: 50)
    for index in 1...50 {
      #expect(failure { () throws(SRTPError) in try receiver.unprotectRTCP(sent[index - 1]) } == .replayed)
    }
    for index in 51...200 { #expect(try required(receiver.unprotectRTCP(sent[index - 1])) == report) }
    #expect(receiver.checkpoint.sources.first?.highestRTCPIndex == 200)
    #expect(failure { () throws(SRTPError) in try receiver.unprotectRTCP(sent[150]) } == .replayed)
  }

  @Test(arguments: SRTPProfile.allCases)
  func aRestoredReceiverTakesNewSourcesToo(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    var receiver = try restored(key, at: 70_000, rtcp: 3)
    var other = try sender(key, ssrc: 2, at: 9)
    #expect(try required(receiver.index(other.protect(packet(9, ssrc: 2)))) == 9)
    var known = try sender(key, at: 70_001)
    #expect(try required(receiver.index(known.protect(packet(70_001)))) == 70_001)
    // One of which only RTCP was received.
    var listener = try SRTPReceiver(
      key, restoring: SRTPReceiverCheckpoint(sources: [.init(ssrc: 2, highestIndex: nil, highestRTCPIndex: 4)]))
    #expect(try required(listener.index(other.protect(packet(10, ssrc: 2)))) == 10)
  }

  /// Killed at any moment, over and over: no index twice, and the receiver goes on each time.
  @Test(arguments: SRTPProfile.allCases)
  func noIndexIsUsedTwiceOverManyRestarts(profile: SRTPProfile) throws {
    let key = masterKey(profile)
    let report = bytes("80 c9 0001 00000001")
    var generator = SeededGenerator(seed: 31)
    var receiver = try SRTPReceiver(key)
    var durable = SRTPReservation(ssrc: 1, end: 30_000, rtcpEnd: 1)
    var used = Set<UInt64>()
    var usedRTCP = Set<UInt32>()
    for _ in 0..<60 {
      var sender = try SRTPSender(key)
      try sender.addStream(resuming: durable)
      var unconfirmed: SRTPReservation?
      for step in 0..<Int.random(in: 1...1500, using: &generator) {
        if let reservation = sender.takeReservation(1) {
          unconfirmed = reservation
          durable = reservation
        }
        // The first is waited for; a later one takes some packets to become durable.
        if let reservation = unconfirmed, step == 0 || Int.random(in: 0..<50, using: &generator) == 0 {
          sender.confirm(reservation)
          unconfirmed = nil
        }
        guard let index = sender.nextIndex(1)?.rawValue else { break }
        let protected = try sender.protectOnly(packet(index))
        #expect(used.insert(index).inserted)
        #expect(try required(receiver.index(protected)) == index)
        if step % 40 == 7 {
          let rtcp = try sender.protectRTCP(report)
          let trailer = rtcp.span.bytes.uint32(at: rtcp.count - profile.rtcpTrailerFromEnd)
          #expect(usedRTCP.insert(trailer & 0x7fff_ffff).inserted)
          #expect(try required(receiver.unprotectRTCP(rtcp)) == report)
        }
      }
      // Killed here: only `durable` is left.
      let highest = used.max() ?? 0
      #expect(durable.end > highest && durable.end - highest <= 2001 + 1000)
    }
    #expect(used.max() ?? 0 > 65_536)
    #expect(usedRTCP.count > 500)
  }

  @Test
  func checkpointsAreTheSameAfterwards() throws {
    let checkpoint = SRTPReceiverCheckpoint(
      sources: [
        .init(ssrc: 1, highestIndex: PacketIndex(rawValue: 1 << 47), highestRTCPIndex: nil),
        .init(ssrc: 2, highestIndex: nil, highestRTCPIndex: 7),
      ], retired: [3], onlyDeclared: true)
    let json = try JSONEncoder().encode(checkpoint)
    #expect(try JSONDecoder().decode(SRTPReceiverCheckpoint.self, from: json) == checkpoint)
    let reservation = SRTPReservation(ssrc: .max, end: 1 << 47, rtcpEnd: 1 << 31)
    let encoded = try JSONEncoder().encode(reservation)
    #expect(try JSONDecoder().decode(SRTPReservation.self, from: encoded) == reservation)
    let wrong = Data(
      #"{"sources":[{"ssrc":1,"highest_index":281474976710656}],"retired":[],"only_declared":false}"#.utf8)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(SRTPReceiverCheckpoint.self, from: wrong) }
    var receiver = try SRTPReceiver(masterKey(.aeadAES128GCM), restoring: checkpoint)
    #expect(receiver.checkpoint == checkpoint)
    #expect(failure { () throws(SRTPError) in try receiver.unprotect([]) } == .badLength)
  }
}
