import Testing

@testable import Media

func masterKey(_ profile: SRTPProfile, _ seed: UInt8 = 1) -> SRTPMasterKey {
  var generator = SeededGenerator(seed: UInt64(seed))
  return SRTPMasterKey(profile: profile, using: &generator)
}

extension SRTPSender {
  /// All the indices that can be had, as when nothing is made durable.
  mutating func reserve(_ ssrc: UInt32) {
    if let reservation = takeReservation(ssrc) { confirm(reservation) }
  }

  mutating func protect(_ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    reserve(packet.span.bytes.uint32(at: 8))
    return try protectOnly(packet)
  }

  mutating func protectOnly(_ packet: [UInt8], room: Int = 20) throws(SRTPError) -> [UInt8] {
    var buffer = packet + [UInt8](repeating: 0xee, count: room)
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    let length = try protectRTP(&bytes, length: packet.count)
    return Array(buffer.prefix(length))
  }

  mutating func protectRTCP(_ packet: [UInt8], room: Int = 20) throws(SRTPError) -> [UInt8] {
    reserve(packet.span.bytes.uint32(at: 4))
    var buffer = packet + [UInt8](repeating: 0xee, count: room)
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    let length = try protectRTCP(&bytes, length: packet.count)
    return Array(buffer.prefix(length))
  }
}

extension SRTPReceiver {
  mutating func unprotect(_ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    var buffer = packet
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    let received = try unprotectRTP(&bytes)
    return Array(buffer.prefix(received.length))
  }

  mutating func index(_ packet: [UInt8]) throws(SRTPError) -> UInt64 {
    var buffer = packet
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    return try unprotectRTP(&bytes).index.rawValue
  }

  mutating func unprotectRTCP(_ packet: [UInt8]) throws(SRTPError) -> [UInt8] {
    var buffer = packet
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    let length = try unprotectRTCP(&bytes)
    return Array(buffer.prefix(length))
  }
}

/// A sender that has one stream, at an index of the caller's choice.
func sender(_ key: SRTPMasterKey, ssrc: UInt32 = 1, at index: UInt64, rtcpIndex: UInt32 = 1) throws -> SRTPSender {
  var sender = try SRTPSender(key)
  try sender.addStream(resuming: SRTPReservation(ssrc: ssrc, end: index, rtcpEnd: rtcpIndex))
  return sender
}

/// A packet with the sequence number of an index, and a payload that tells which.
func packet(_ index: UInt64, ssrc: UInt32 = 1) -> [UInt8] {
  rtpPacket(
    ssrc: ssrc, SequenceNumber(UInt16(truncatingIfNeeded: index)),
    payload: (0..<20).map { UInt8(truncatingIfNeeded: index &* 7 &+ UInt64($0)) })
}

/// The error of a call that may not be written inside of `#expect`.
func failure<Value>(_ body: () throws(SRTPError) -> Value) -> SRTPError? {
  do throws(SRTPError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}
