import Runtime

/// Makes a steady stream of samples of one sender's RTP packets, which come late, out of order, twice or not at all.
///
/// `insert` takes each packet as it comes, `tick` gives 20 ms of audio each 20 ms. What is played lags behind the
/// fastest packets by a target delay that follows the network (`ArrivalDelays`); it changes by cutting or lengthening
/// silence first, else by single periods of the voice. A lost packet is taken from its successor's copy (Opus in-band
/// FEC) or concealed. Packets that the sender calls silent (RFC 6464) are not decoded.
///
/// Bytes and numbers may be anything. Allocates with the first packets only: slab 26 KB, samples 11 KB, decoder 18 KB;
/// the decoder is freed after 10 s without use. For use by one thread.
public struct JitterBuffer: ~Copyable {
  /// Of the output, in Hz.
  public static let sampleRate = VoiceDecoder.sampleRate
  /// Of one tick: 20 ms.
  public static let tickSamples = sampleRate / 50

  /// What a tick's samples are.
  public enum Tick: Sendable {
    /// Something that may be worth hearing, concealment included.
    case audio
    /// Nothing worth hearing; the samples are zeros.
    case silence
  }

  /// What became of a packet.
  public enum Arrival: Sendable {
    case accepted
    /// Accepted, and the stream begins anew with it: the first packet, another SSRC, a jump.
    case started
    /// After its time.
    case late
    case duplicate
    /// Not of the codec.
    case malformed
  }

  /// Beyond the maximal target delay, packets are dropped rather than played faster: 600 ms.
  static let hardLimitMargin = RTPUnits.from(milliseconds: 600)
  /// Transits further apart than this are of two streams: 3 s.
  private static let maximumTransitChange = RTPUnits.from(milliseconds: 3000)
  /// Before the first packet's time another one with a lower number may come.
  private static let maximumReorderAtStart: Int64 = 16

  let configuration: Configuration
  public internal(set) var statistics = JitterBufferStatistics()

  var slab = PacketSlab()
  var queue = SampleQueue()
  var decoder: VoiceDecoder
  var delays: ArrivalDelays
  var playing = PlayingState()

  // What the newest packet was; meaningless before the first.
  private var hasStarted = false
  private var ssrc: UInt32 = 0
  /// The highest sequence number, and its packet's timestamp in the codec's clock, both with their rounds.
  private(set) var highest: Int64 = 0
  private var highestTimestamp: Int64 = 0
  /// After a packet that is far too old: the stream has jumped back if the next one follows on it.
  private var sequenceAfterJump: UInt16?

  public init(_ codec: VoiceCodec, configuration: Configuration = Configuration()) {
    self.configuration = configuration
    decoder = VoiceDecoder(codec)
    delays = ArrivalDelays(initialDelay: configuration.initialDelay)
  }

  public var codec: VoiceCodec { decoder.codec }

  /// Takes a packet.
  ///
  /// - Parameters:
  ///   - payload: Decrypted, without padding. Copied.
  ///   - timestamp: In the codec's clock rate.
  ///   - audioLevel: In dB below overload, 0...127 (RFC 6464); nil when the sender does not say.
  ///   - now: When it arrived.
  @discardableResult
  public mutating func insert(
    _ payload: RawSpan, sequenceNumber: UInt16, timestamp: UInt32, ssrc: UInt32, audioLevel: UInt8? = nil,
    at now: Instant
  ) -> Arrival {
    payload.withUnsafeBytes { bytes in
      insert(bytes, sequenceNumber, timestamp, ssrc, min(audioLevel ?? 0, 127), RTPUnits.from(now))
    }
  }

  private mutating func insert(
    _ payload: UnsafeRawBufferPointer, _ sequenceNumber: UInt16, _ timestamp: UInt32, _ ssrc: UInt32, _ level: UInt8,
    _ now: Int64
  ) -> Arrival {
    guard let content = payload.withMemoryRebound(to: UInt8.self, { decoder.describe($0) }) else {
      statistics.packetsMalformed += 1
      return .malformed
    }
    let step = Int64(Int16(bitPattern: sequenceNumber &- UInt16(truncatingIfNeeded: highest)))
    let timestampStep = Int64(Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: highestTimestamp)))
    let begins =
      !hasStarted || ssrc != self.ssrc
      || isJump(step, to: sequenceNumber, units(highestTimestamp + timestampStep), now)
    if begins { start(ssrc, sequenceNumber, timestamp) }

    let sequence = begins ? highest : highest + step
    let extendedTimestamp = begins ? highestTimestamp : highestTimestamp + timestampStep
    if slab.knows(sequence) {
      statistics.packetsDuplicated += 1
      return .duplicate
    }
    // Far too old, or of the stream before a jump: it tells nothing of the network.
    if sequence < playing.nextSequence - Int64(PacketSlab.capacity) || isOfAnotherTime(units(extendedTimestamp), now) {
      return late()
    }
    delays.packetArrived(transit: now - units(extendedTimestamp), at: now)
    if sequence < playing.nextSequence {
      guard !playing.hasPlayed, playing.nextSequence - sequence <= Self.maximumReorderAtStart else { return late() }
      playing.nextSequence = sequence
    }
    if sequence > highest {
      highest = sequence
      highestTimestamp = extendedTimestamp
    }

    let packet = PacketSlab.Packet(
      sequence: sequence, timestamp: units(extendedTimestamp), arrival: now, duration: content.duration,
      frameDuration: content.frame, length: payload.count, level: level, hasFEC: content.hasFEC)
    if slab.store(packet, payload) { statistics.packetsDiscarded += 1 }
    statistics.packetsReceived += 1
    if content.hasFEC { statistics.fecPacketsReceived += 1 }
    playing.packetArrived()
    return begins ? .started : .accepted
  }

  /// The next 20 ms.
  ///
  /// - Parameters:
  ///   - now: 20 ms after that of the tick before: the nominal time, even if the shard is late.
  ///   - samples: Room for `tickSamples`.
  public mutating func tick(at now: Instant, into samples: inout MutableSpan<Int16>) -> Tick {
    precondition(samples.count == Self.tickSamples)
    return samples.withUnsafeMutableBufferPointer { tick(RTPUnits.from(now), $0) }
  }

  /// What the delay should be.
  public var targetDelay: Duration {
    .nanoseconds(target * 125_000 / 6)
  }

  /// The sender's stream begins here, for the first time or anew: what waits is not going to be played.
  private mutating func start(_ ssrc: UInt32, _ sequenceNumber: UInt16, _ timestamp: UInt32) {
    statistics.packetsDiscarded += slab.waiting
    statistics.streamStarts += 1
    hasStarted = true
    self.ssrc = ssrc
    highest = Int64(sequenceNumber)
    highestTimestamp = Int64(timestamp)
    sequenceAfterJump = nil
    slab.removeAll()
    delays.restart()
    playing.restart(at: highest)
    queue.isBroken = true
  }

  /// Whether a packet cannot be of the stream so far: too far ahead, or from another time; or the second of two that
  /// are too far behind.
  private mutating func isJump(_ step: Int64, to sequenceNumber: UInt16, _ timestamp: Int64, _ now: Int64) -> Bool {
    guard step > 0 else {
      guard highest + step < playing.nextSequence - Int64(PacketSlab.capacity) else { return false }
      defer { sequenceAfterJump = sequenceNumber &+ 1 }
      return sequenceNumber == sequenceAfterJump
    }
    sequenceAfterJump = nil
    if highest + step >= playing.nextSequence + Int64(PacketSlab.capacity) { return true }
    return isOfAnotherTime(timestamp, now)
  }

  private func isOfAnotherTime(_ timestamp: Int64, _ now: Int64) -> Bool {
    guard let base = delays.base else { return false }
    return abs(now - timestamp - base) > Self.maximumTransitChange
  }

  private mutating func late() -> Arrival {
    statistics.packetsLate += 1
    statistics.packetsDiscarded += 1
    return .late
  }

  /// From the codec's clock.
  private func units(_ timestamp: Int64) -> Int64 {
    codec == .opus ? timestamp : timestamp * 6
  }
}
