import CSRTP

/// Decrypts what a peer sends, of all its sources (RFC 3711; RFC 7714). For use by one thread at a time.
///
/// Nothing unauthentic changes its state: not the rollover counters, not the replay windows, not the list of sources.
public struct SRTPReceiver: ~Copyable {
  /// An accepted packet.
  public struct Received: Sendable, Hashable {
    /// Of the plain packet, which is at the start of the buffer.
    public let length: Int
    public let index: PacketIndex
    public let header: RTPHeader
    /// Whether it is the first of its source.
    public let isNewSource: Bool
  }

  private let profile: SRTPProfile
  private let session: SRTPSession
  private var sources: SRTPSourceTable
  /// Whether `session` makes streams of unknown sources. A restored one does not before it has to: the known ones
  /// have keys of their own, and a second set takes 30 KB.
  private var makesStreams: Bool

  /// - Parameter declared: SSRCs, when only those are to be accepted, at most 8 (SDES). Nil accepts any, one after
  ///   another.
  /// - Throws: `SRTPError.library`; `.unknownSource` when there are too many.
  public init(_ key: SRTPMasterKey, declared: [UInt32]? = nil) throws(SRTPError) {
    try self.init(key, SRTPReceiverCheckpoint(declared: declared))
  }

  /// Goes on where a receiver of the same key was.
  public init(_ key: SRTPMasterKey, restoring checkpoint: SRTPReceiverCheckpoint) throws(SRTPError) {
    try self.init(key, checkpoint)
  }

  private init(_ key: SRTPMasterKey, _ checkpoint: SRTPReceiverCheckpoint) throws(SRTPError) {
    guard let sources = SRTPSourceTable(checkpoint) else { throw .unknownSource }
    let session = try SRTPSession(key)
    if checkpoint.sources.isEmpty { try session.add(.anyInbound) }
    for source in checkpoint.sources { try session.add(.source(source.ssrc)) }
    makesStreams = checkpoint.sources.isEmpty
    profile = key.profile
    self.sources = sources
    self.session = session
  }

  /// Decrypts a packet in place.
  ///
  /// - Parameter packet: Of the length that was received, and aligned to four bytes. After an error its content is
  ///   undefined.
  public mutating func unprotectRTP(_ packet: inout MutableRawSpan) throws(SRTPError) -> Received {
    let tag = profile.authenticationTagLength
    let count = packet.byteCount
    guard count >= RTPHeader.fixedLength + tag, count <= SRTPSession.longestPacket else { throw .badLength }
    guard let header = try? RTPHeader(packet.bytes.extracting(first: count - tag)) else { throw .badHeader }

    let place = sources.place(of: header.ssrc)
    let index: PacketIndex
    if let place {
      index = try sources[place].index(of: header.sequenceNumber)
      if sources[place].isRestored { try session.setRolloverCounter(index.rolloverCounter, of: header.ssrc) }
    } else {
      try prepareForNewSource(header.ssrc)
      index = PacketIndex(header.sequenceNumber)
    }
    let length = try packet.withUnsafeMutableBytes { bytes throws(SRTPError) in
      try unprotect(bytes, srtp_unprotect)
    }
    let known = place ?? accept(header.ssrc)
    sources[known].received(index)
    sources.use(known)
    return Received(length: length, index: index, header: header, isNewSource: place == nil)
  }

  /// Decrypts a compound in place.
  ///
  /// - Parameter packet: Of the length that was received, and aligned to four bytes. After an error its content is
  ///   undefined.
  /// - Returns: The length of the plain compound, which is at the start of the buffer.
  public mutating func unprotectRTCP(_ packet: inout MutableRawSpan) throws(SRTPError) -> Int {
    let count = packet.byteCount
    guard count >= 8 + profile.rtcpOverhead, count <= SRTPSession.longestPacket else { throw .badLength }
    guard packet.bytes.uint8(at: 0) >> 6 == 2 else { throw .badHeader }
    let ssrc = packet.bytes.uint32(at: 4)
    let trailer = packet.bytes.uint32(at: count - profile.rtcpTrailerFromEnd)
    // libsrtp would take it with GCM. Nobody here sends it.
    guard trailer >> 31 == 1 else { throw .notEncrypted }
    let index = trailer & 0x7fff_ffff

    let place = sources.place(of: ssrc)
    if let place {
      guard sources[place].accepts(rtcpIndex: index) else { throw .replayed }
    } else {
      try prepareForNewSource(ssrc)
    }
    let length = try packet.withUnsafeMutableBytes { bytes throws(SRTPError) in
      try unprotect(bytes, srtp_unprotect_rtcp)
    }
    let known = place ?? accept(ssrc)
    sources[known].received(rtcpIndex: index)
    sources.use(known)
    return length
  }

  private func unprotect(
    _ packet: UnsafeMutableRawBufferPointer,
    _ function: (srtp_t?, UnsafeMutableRawPointer?, UnsafeMutablePointer<CInt>?) -> srtp_err_status_t
  ) throws(SRTPError) -> Int {
    var length = CInt(packet.count)
    let status = function(session.handle, packet.baseAddress, &length)
    guard status == srtp_err_status_ok else { throw SRTPError(status) }
    return Int(length)
  }

  private mutating func prepareForNewSource(_ ssrc: UInt32) throws(SRTPError) {
    guard sources.admits(ssrc) else { throw .unknownSource }
    guard !makesStreams else { return }
    try session.add(.anyInbound)
    makesStreams = true
  }

  /// libsrtp has made a stream for a new source. The one that has been silent for the longest may have to go.
  private mutating func accept(_ ssrc: UInt32) -> Int {
    if let retired = sources.makeRoom() { session.removeStream(of: retired) }
    return sources.add(ssrc)
  }
}

// MARK: - State

extension SRTPReceiver {
  /// What a receiver needs to go on after a restart. To be refreshed about once a second: whatever came in since can be
  /// played again to the next process, and no more.
  public var checkpoint: SRTPReceiverCheckpoint { sources.checkpoint }

  /// The highest index of a source's RTP packets; nil before the first.
  public func highestIndex(of ssrc: UInt32) -> PacketIndex? {
    sources.place(of: ssrc).flatMap { sources[$0].highest }
  }

  /// As libsrtp counts it. For tests.
  func libraryRolloverCounter(of ssrc: UInt32) -> UInt32? { session.rolloverCounter(of: ssrc) }
}

extension SRTPProfile {
  /// Where the E flag and the SRTCP index are: behind the tag with GCM, before it otherwise.
  var rtcpTrailerFromEnd: Int {
    switch self {
    case .aeadAES128GCM: 4
    case .aes128CMSHA1_80: 4 + authenticationTagLength
    }
  }
}
