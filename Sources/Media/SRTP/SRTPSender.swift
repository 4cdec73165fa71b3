import CSRTP

/// Encrypts what is sent to a peer, of one stream or several (RFC 3711; RFC 7714). For use by one thread at a time.
///
/// Packet indices come from reservations: each stream first has to be given some, with `takeReservation` and `confirm`.
public struct SRTPSender: ~Copyable {
  /// Streams that one peer can be sent.
  public static let capacity = 8

  private struct Stream {
    let ssrc: UInt32
    var rtp: IndexReservation
    var rtcp: IndexReservation
    /// Of RTP packets sent by this process.
    var highest: PacketIndex?
    /// Where a packet's sequence number is looked for: the highest, or where the stream begins.
    var reference: PacketIndex
  }

  private let profile: SRTPProfile
  private let session: SRTPSession
  private let rtcp: SRTCPEncryptor
  private var streams = InlineArray<8, Stream?>(repeating: nil)
  /// Their indices are used, and no longer known.
  private var removed: [UInt32] = []

  /// - Throws: `SRTPError.library`.
  public init(_ key: SRTPMasterKey) throws(SRTPError) {
    let session = try SRTPSession(key)
    let rtcp = try SRTCPEncryptor(key)
    profile = key.profile
    self.session = session
    self.rtcp = rtcp
  }

  /// A new stream, which begins at a random index.
  ///
  /// - Throws: `.unknownSource` when there are as many as can be, or when it is or was there already; `.library`.
  public mutating func addStream(
    _ ssrc: UInt32, using generator: inout some RandomNumberGenerator
  ) throws(SRTPError) {
    try addStream(ssrc, startingAt: .random(using: &generator), rtcpIndex: 1)
  }

  /// A stream that an earlier process sent, from the end of what it had reserved.
  public mutating func addStream(resuming reservation: SRTPReservation) throws(SRTPError) {
    // Past the last index nothing can be sent ever again.
    guard let start = PacketIndex(rawValue: reservation.end) else { throw .notReserved }
    try addStream(reservation.ssrc, startingAt: start, rtcpIndex: reservation.rtcpEnd)
  }

  private mutating func addStream(
    _ ssrc: UInt32, startingAt start: PacketIndex, rtcpIndex: UInt32
  ) throws(SRTPError) {
    guard place(of: ssrc) == nil, !removed.contains(ssrc), let free = freePlace else { throw .unknownSource }
    try session.add(.source(ssrc))
    streams[free] = Stream(
      ssrc: ssrc, rtp: IndexReservation(startingAt: start), rtcp: IndexReservation(startingAtRTCP: rtcpIndex),
      reference: start)
  }

  /// Its SSRC is not used with this key again.
  public mutating func removeStream(_ ssrc: UInt32) {
    guard let place = place(of: ssrc) else { return }
    streams[place] = nil
    removed.append(ssrc)
    session.removeStream(of: ssrc)
  }

  /// Encrypts a packet in place.
  ///
  /// - Parameter buffer: Begins with the packet and is aligned to four bytes. It needs room for the tag.
  /// - Parameter length: Of the packet.
  /// - Returns: The length to send.
  public mutating func protectRTP(_ buffer: inout MutableRawSpan, length: Int) throws(SRTPError) -> Int {
    guard length >= RTPHeader.fixedLength, length <= SRTPSession.longestPacket else { throw .badLength }
    guard buffer.byteCount - profile.rtpOverhead >= length else { throw .noRoom }
    guard let header = try? RTPHeader(buffer.bytes.extracting(first: length)) else { throw .badHeader }
    guard let place = place(of: header.ssrc), var stream = streams[place] else { throw .unknownSource }
    guard let index = stream.reference.nearest(header.sequenceNumber), stream.rtp.permits(index.rawValue) else {
      throw .notReserved
    }
    if stream.highest == nil { try session.setRolloverCounter(index.rolloverCounter, of: stream.ssrc) }

    var protected = CInt(length)
    let status = buffer.withUnsafeMutableBytes { srtp_protect(session.handle, $0.baseAddress, &protected) }
    guard status == srtp_err_status_ok else { throw SRTPError(status) }
    stream.rtp.use(index.rawValue)
    stream.highest = max(stream.highest ?? index, index)
    stream.reference = stream.highest ?? index
    streams[place] = stream
    return Int(protected)
  }

  /// Encrypts a compound in place, with the next SRTCP index of the stream that its first packet is from.
  ///
  /// - Parameter buffer: Begins with the compound. It needs room for index and tag.
  /// - Parameter length: Of the compound.
  /// - Returns: The length to send.
  public mutating func protectRTCP(_ buffer: inout MutableRawSpan, length: Int) throws(SRTPError) -> Int {
    guard length >= 8, length <= SRTPSession.longestPacket else { throw .badLength }
    guard buffer.byteCount - profile.rtcpOverhead >= length else { throw .noRoom }
    guard let place = place(of: buffer.bytes.uint32(at: 4)), var stream = streams[place] else {
      throw .unknownSource
    }
    let index = stream.rtcp.next
    guard stream.rtcp.permits(index) else { throw .notReserved }
    // Whatever becomes of it, the index counts as used.
    stream.rtcp.use(index)
    streams[place] = stream
    return try rtcp.protect(&buffer, length: length, index: UInt32(truncatingIfNeeded: index))
  }
}

// MARK: - Reservations

extension SRTPSender {
  /// What has to be made durable next for a stream, or nil when there is enough. To be asked about once a second; each
  /// answer is given once, and has to be followed by `confirm` or `abandon`.
  public mutating func takeReservation(_ ssrc: UInt32) -> SRTPReservation? {
    guard let place = place(of: ssrc), var stream = streams[place],
      stream.rtp.needsReservation || stream.rtcp.needsReservation
    else { return nil }
    let reservation = SRTPReservation(
      ssrc: ssrc, end: stream.rtp.request(), rtcpEnd: UInt32(truncatingIfNeeded: stream.rtcp.request()))
    streams[place] = stream
    return reservation
  }

  /// It is durable, and counts from now on.
  public mutating func confirm(_ reservation: SRTPReservation) {
    guard let place = place(of: reservation.ssrc) else { return }
    streams[place]?.rtp.confirm(reservation.end)
    streams[place]?.rtcp.confirm(UInt64(reservation.rtcpEnd))
  }

  /// It could not be made durable. `takeReservation` asks again.
  public mutating func abandon(_ reservation: SRTPReservation) {
    guard let place = place(of: reservation.ssrc) else { return }
    streams[place]?.rtp.abandonRequest()
    streams[place]?.rtcp.abandonRequest()
  }

  /// The index of the next packet of a stream. Nil when there is no such stream.
  public func nextIndex(_ ssrc: UInt32) -> PacketIndex? {
    place(of: ssrc).flatMap { streams[$0] }.flatMap { PacketIndex(rawValue: $0.rtp.next) }
  }

  /// As libsrtp counts it. For tests.
  func libraryRolloverCounter(of ssrc: UInt32) -> UInt32? { session.rolloverCounter(of: ssrc) }

  private func place(of ssrc: UInt32) -> Int? {
    for place in 0..<Self.capacity where streams[place]?.ssrc == ssrc { return place }
    return nil
  }

  private var freePlace: Int? {
    for place in 0..<Self.capacity where streams[place] == nil { return place }
    return nil
  }
}
