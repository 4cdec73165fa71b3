import Runtime

/// One stream that a peer is sent: its numbers, its reports, and the packets that may be asked for again.
///
/// Packets of our own and forwarded ones take turns in it, so their numbers are rewritten to one row.
struct OutgoingAudio: ~Copyable {
  let ssrc: UInt32
  let clock: RTPClock
  /// Of the SDP section.
  let section: Int
  /// Whether the negotiated direction lets us send.
  var isOn: Bool
  var writer: RTPHeaderWriter
  var rewriter: RTPRewriter
  var own: OwnNumbers
  var report: SenderReportState
  /// Only when it was negotiated that packets may be asked for.
  var cache: RetransmissionCache?
  var figures = Figures()
  /// How the other side says that it receives the stream.
  var lastBlock: ReportBlock?
  /// The last that was asked for: what a checkpoint has to hold.
  var reservation: SRTPReservation?

  struct Figures {
    var packetsSent: UInt64 = 0
    var bytesSent: UInt64 = 0
    var headerBytesSent: UInt64 = 0
    var retransmittedPacketsSent: UInt64 = 0
    var nackCount: UInt64 = 0
  }

  /// - Parameter timestamp: Of the first packet.
  init(
    _ audio: PeerAudio, ssrc: UInt32, startingAt sequenceNumber: SequenceNumber, timestamp: UInt32, resumed: Bool
  ) {
    self.ssrc = ssrc
    clock = RTPClock(rate: max(1, audio.clockRate))
    section = audio.section
    isOn = audio.direction.sends
    writer = Self.writer(audio, ssrc: ssrc)
    rewriter = RTPRewriter(
      firstSequenceNumber: sequenceNumber, firstTimestamp: timestamp, clockRate: max(1, audio.clockRate))
    own = OwnNumbers(sequenceNumber: sequenceNumber, timestamp: timestamp)
    report = SenderReportState(ssrc: ssrc, clockRate: max(1, audio.clockRate), resumed: resumed)
    if audio.nack { cache = RetransmissionCache() }
  }

  /// The mid goes along wherever it was negotiated: no SSRC is announced, and Chromium then goes by nothing else, not
  /// even by the payload type of an only section. Beside the audio level it takes no byte more.
  static func writer(_ audio: PeerAudio, ssrc: UInt32) -> RTPHeaderWriter {
    var writer = RTPHeaderWriter(ssrc: ssrc, payloadType: audio.payloadType)
    if let id = audio.audioLevelID { writer.sendAudioLevel(id: id) }
    if let id = audio.midID, let mid = audio.mid { writer.sendMid(mid, id: id) }
    return writer
  }
}

/// The numbers of packets of our own, before they are joined with forwarded ones.
struct OwnNumbers: Sendable {
  /// A talkspurt that begins so soon after the last packet goes on where that ended: the loop was late, nobody silent.
  static let shortestSilence = Duration.milliseconds(60)

  private(set) var sequenceNumber: SequenceNumber
  private(set) var timestamp: UInt32
  private var lastTime: Instant?

  init(sequenceNumber: SequenceNumber, timestamp: UInt32) {
    self.sequenceNumber = sequenceNumber
    self.timestamp = timestamp
  }

  /// Where the numbers stand for a packet that is sent now: on the clock on the wall, after a silence.
  mutating func begin(_ marker: Bool, _ clock: RTPClock, at now: Instant) {
    defer { lastTime = now }
    // `timestamp` is already where the last packet ended.
    guard marker, let lastTime, now - lastTime > Self.shortestSilence else { return }
    let tenth = max(1, clock.rate / 100)
    let silence = UInt32(clamping: clock.units(in: now - lastTime - .milliseconds(20)))
    timestamp &+= silence / tenth * tenth
  }

  mutating func sent(samples: UInt32) {
    sequenceNumber = sequenceNumber.next
    timestamp &+= samples
  }
}

/// The streams of a peer, in memory of their own that does not move when the peer does. Bounded by what an SRTP sender
/// can hold.
struct OutgoingStreams: ~Copyable {
  static let capacity = SRTPSender.capacity

  private let base: UnsafeMutablePointer<OutgoingAudio>
  private(set) var count = 0

  init() {
    base = .allocate(capacity: Self.capacity)
  }

  deinit {
    base.deinitialize(count: count)
    base.deallocate()
  }

  // Addresses, because `_read` and `_modify` are coroutines, whose frames are allocated where they are not inlined.
  subscript(index: Int) -> OutgoingAudio {
    unsafeAddress {
      precondition(index >= 0 && index < count)
      return UnsafePointer(base + index)
    }
    unsafeMutableAddress {
      precondition(index >= 0 && index < count)
      return base + index
    }
  }

  /// - Returns: False when there is no room.
  mutating func append(_ stream: consuming OutgoingAudio) -> Bool {
    guard count < Self.capacity else { return false }
    (base + count).initialize(to: stream)
    count += 1
    return true
  }

  func index(of ssrc: UInt32) -> Int? {
    for index in 0..<count where base[index].ssrc == ssrc { return index }
    return nil
  }
}
