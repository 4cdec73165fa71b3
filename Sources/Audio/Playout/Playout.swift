import Runtime

/// The agent's voice on its way out: holds what is to be said, and gives an RTP payload each time that one is due.
///
/// While nothing is to be said nothing is encoded or sent, and silence inside of what is said is not sent either with
/// Opus; the timestamp goes on with the wall clock. After speech there come, for Opus, a last packet of silence, which brings
/// what the encoder held back (6.5 ms), and an empty one (DTX, RFC 6716, section 3.2.1), so that the receiver does not
/// draw out the last sound. The encoder is made with the first samples, and freed after 5 s without any.
///
/// Pieces of PCM join without a gap; a packet or phrase after PCM begins with a frame of its own. For use by one thread.
public struct Playout: ~Copyable {
  /// Of the samples that are appended and counted, in Hz.
  public static let sampleRate = 24_000
  /// Ticks may be so early: half a tick.
  private static let tolerance = Duration.milliseconds(10)
  /// What is later than this is not made up for: the timestamp jumps instead.
  private static let maximumLateness = Duration.milliseconds(100)
  private static let idleTime = Duration.seconds(5)
  /// Silence that is sent before no more is, so that what is said can die away: 100 ms, at 24 kHz.
  static let silenceToSend = 2400

  public let format: PlayoutFormat
  /// Samples that were sent since the beginning, at 24 kHz, silence among them included; without what fills up the
  /// last packet.
  public internal(set) var played = 0
  public internal(set) var adaptation: EncoderAdaptation

  var queue: PlayoutQueue
  var encoder: SpeechEncoder
  var frame: UnsafeMutableBufferPointer<Int16>?
  var recorder: PhraseRecorder?

  /// Between `started` and `drained` or `clear()`.
  var isSpeaking = false
  /// What is still to be sent after speech.
  var ending = Ending.none
  /// Of the last Opus packet sent: tells how long its frames are.
  var lastConfiguration: UInt8?
  /// Samples of silence in a row.
  var silentSamples = 0
  /// The receiver has not got the last frame: the next packet has a marker.
  var hasGap = true
  /// When the next packet is due; of no meaning before the first.
  var due: Instant
  /// Its timestamp, in units of 48 kHz, without going round.
  var timestamp: Int64
  var lastEncoding: Instant

  private let start: Instant
  private let startTimestamp: Int64

  enum Ending {
    case none
    /// Send a frame of silence.
    case silence
    /// Send an empty packet.
    case empty
  }

  /// - Parameters:
  ///   - firstTimestamp: At `now`, in the codec's clock rate; random for a new stream (RFC 3550, section 5.1).
  ///   - queueBytes: What may wait, in bytes: 48,000 for a second of PCM, some 6,000 for one of Opus.
  public init(
    _ format: PlayoutFormat, firstTimestamp: UInt32 = 0, queueBytes: Int = 1 << 18, at now: Instant
  ) {
    self.format = format
    queue = PlayoutQueue(maximumBytes: queueBytes)
    encoder = SpeechEncoder(format)
    adaptation = EncoderAdaptation(format)
    startTimestamp = Int64(firstTimestamp) * (48_000 / Int64(format.codec.clockRate))
    start = now
    due = now
    lastEncoding = now
    timestamp = startTimestamp
  }

  deinit {
    frame?.deallocate()
  }

  // MARK: What is to be said

  /// Samples that wait, at 24 kHz.
  public var waiting: Int { queue.samples }

  /// - Parameter samples: At 24 kHz, of any number. They are not copied.
  /// - Returns: False when there is no room; nothing was taken then.
  public mutating func append(_ samples: [Int16]) -> Bool {
    samples.isEmpty || queue.append(.pcm(samples))
  }

  /// - Parameter packet: An Opus packet of at most 60 ms.
  /// - Returns: False when there is no room, or it is not one, or the format is not Opus.
  public mutating func append(packet: [UInt8]) -> Bool {
    guard format.codec == .opus, packet.count <= OpusEncoder.largestPacket,
      let samples = OpusPacket.duration(packet, at: Self.sampleRate), samples <= 60 * 24
    else { return false }
    return queue.append(.packet(packet, samples))
  }

  /// - Returns: False when there is no room, or it is of another codec.
  public mutating func append(_ phrase: EncodedPhrase) -> Bool {
    phrase.codec == format.codec && queue.append(.phrase(phrase))
  }

  /// What is appended until `endPhrase()` is a phrase of its own: its packets are given back with `.recorded` when
  /// the last was sent, unless it was cut off.
  /// - Returns: False when there is no room.
  @discardableResult
  public mutating func beginPhrase(_ key: PhraseKey) -> Bool {
    queue.append(.phraseBegins(PhraseRecorder(key)))
  }

  @discardableResult
  public mutating func endPhrase() -> Bool {
    queue.append(.phraseEnds)
  }

  /// Takes back what was not sent yet.
  /// - Returns: What was sent, and what was taken back, in samples at 24 kHz.
  @discardableResult
  public mutating func clear() -> (played: Int, cut: Int) {
    let cut = queue.samples
    queue.removeAll()
    recorder = nil
    if isSpeaking { stop() }
    return (played, cut)
  }

  // MARK: The network

  /// Takes a report block of the receiver (RFC 3550, section 6.4.1).
  ///
  /// - Parameters:
  ///   - fractionLost: In 1/256.
  ///   - roundTrip: If it is known.
  public mutating func received(fractionLost: UInt8, roundTrip: Duration?) {
    adaptation.received(fractionLost: fractionLost, roundTrip: roundTrip)
  }

  /// The timestamp of `now`, whether something is sent or not; for sender reports.
  public func timestamp(at now: Instant) -> UInt32 {
    rtpTimestamp(wallClock(now))
  }

  // MARK: Sending

  /// What is to be done now. To be called each 20 ms until it gives nil.
  ///
  /// - Parameters:
  ///   - now: Of the tick; some milliseconds of jitter are evened out.
  ///   - complexity: Of the Opus encoder, 0 (fastest) to 10 (best).
  ///   - buffer: Takes the payload: room for 1,200 bytes.
  public mutating func next(
    at now: Instant, complexity: Int = 5, into buffer: inout MutableRawSpan
  ) -> PlayoutStep? {
    buffer.withUnsafeMutableBytes { next(now, complexity, $0) }
  }

  private mutating func next(
    _ now: Instant, _ complexity: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) -> PlayoutStep? {
    if let step = takeMarks() { return step }
    if !isSpeaking {
      guard queue.isEmpty else {
        start(now)
        return .started
      }
      guard ending != .none else {
        releaseIfIdle(now)
        return nil
      }
    }
    // Each turn takes a frame or a packet.
    while due - now <= Self.tolerance {
      if now - due > Self.maximumLateness { synchronize(now) }
      if let step = turn(now, complexity, buffer) ?? takeMarks() { return step }
      if !isSpeaking, ending == .none { return nil }
    }
    return nil
  }

  private mutating func start(_ now: Instant) {
    if ending == .none { hasGap = true }
    ending = .none
    isSpeaking = true
    synchronize(now)
  }

  /// A new stretch begins: the timestamp catches up with the clock.
  private mutating func synchronize(_ now: Instant) {
    due = max(now, due)
    timestamp = max(timestamp, wallClock(due))
  }

  private mutating func releaseIfIdle(_ now: Instant) {
    guard frame != nil || !encoder.isReleased, now - lastEncoding >= Self.idleTime else { return }
    encoder.release()
    frame?.deallocate()
    frame = nil
  }

  private func wallClock(_ now: Instant) -> Int64 {
    startTimestamp + RTPUnits.from(now) - RTPUnits.from(start)
  }

  func rtpTimestamp(_ units: Int64) -> UInt32 {
    UInt32(truncatingIfNeeded: format.codec == .opus ? units : units / 6)
  }
}
