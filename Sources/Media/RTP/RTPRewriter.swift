import Runtime

/// Joins packets of several sources, one after another, to one outgoing stream, as an SFU does: the sequence numbers
/// go on without a gap where the source changes, and the timestamps go on with the clock on the wall. Within a source
/// what was lost stays a gap and a silence stays a silence, since numbers are only shifted.
///
/// A source that jumps is treated as a new one. So no source can make a receiver lose count of the rounds, nor use up
/// the reserved packet indices.
public struct RTPRewriter: Sendable {
  /// What to write into the packet that goes out.
  public struct Output: Sendable, Hashable {
    public var sequenceNumber: SequenceNumber
    public var timestamp: UInt32
    public var marker: Bool
  }

  /// Packets, 2.5 s of 20 ms each. A larger gap is a jump.
  static let largestGap = 128
  /// How far a source's timestamps may stray from the clock on the wall between two packets.
  static let timestampTolerance = Duration.seconds(5)

  private struct Segment {
    let source: UInt32
    /// The newest packet of the source.
    var newest: SequenceNumber
    var newestTimestamp: UInt32
    var newestTime: Instant
    /// How many numbers the source has used since its first packet here. Late packets are before it, but not before
    /// `floor`: what is there has gone to other packets.
    var position = 0
    var floor = 0
    /// The number after a packet that was far too old. When it comes the source has begun anew.
    var afterOldPacket: SequenceNumber?
    /// Outgoing less incoming.
    var sequenceOffset: UInt16
    let timestampOffset: UInt32

    mutating func advance(to sequenceNumber: SequenceNumber, _ step: Int, _ timestamp: UInt32, at now: Instant) {
      newest = sequenceNumber
      newestTimestamp = timestamp
      newestTime = now
      position += step
      afterOldPacket = nil
    }
  }

  private let clock: RTPClock
  private var segment: Segment?
  private var nextSequenceNumber: SequenceNumber
  private var started = false
  private var lastTimestamp: UInt32
  private var lastTime = Instant(nanoseconds: 0)

  /// - Parameter firstSequenceNumber: Of the first packet out; random below 32,768, or where a reservation resumes.
  /// - Parameter firstTimestamp: Of the first packet out.
  /// - Parameter clockRate: Of the timestamps, in Hz, at least 1.
  public init(firstSequenceNumber: SequenceNumber, firstTimestamp: UInt32, clockRate: UInt32) {
    nextSequenceNumber = firstSequenceNumber
    lastTimestamp = firstTimestamp
    clock = RTPClock(rate: max(1, clockRate))
  }

  /// The number and the timestamp of a packet on its way out.
  ///
  /// - Parameter source: Whatever tells sources apart, such as the SSRC.
  /// - Returns: Nil when the packet has no place in the outgoing stream, because it came twice or too late.
  public mutating func rewrite(
    source: UInt32, _ sequenceNumber: SequenceNumber, timestamp: UInt32, marker: Bool, at now: Instant
  ) -> Output? {
    guard segment?.source == source, let step = segment?.newest.distance(to: sequenceNumber) else {
      return begin(source, sequenceNumber, timestamp, at: now)
    }
    if step > 0 {
      guard follows(timestamp, after: step, at: now) else {
        return begin(source, sequenceNumber, timestamp, at: now)
      }
      return advance(to: sequenceNumber, step, timestamp, marker, at: now)
    }
    if step < -Self.largestGap {
      if segment?.afterOldPacket == sequenceNumber { return begin(source, sequenceNumber, timestamp, at: now) }
      segment?.afterOldPacket = sequenceNumber.next
      return nil
    }
    guard step < 0, let segment, segment.position + step >= segment.floor else { return nil }
    return output(segment, sequenceNumber, timestamp, marker)
  }

  /// A packet of the present source that is not sent on. No gap is left in its place.
  public mutating func omit(
    source: UInt32, _ sequenceNumber: SequenceNumber, timestamp: UInt32, at now: Instant
  ) {
    guard var present = segment, present.source == source else { return }
    let step = present.newest.distance(to: sequenceNumber)
    guard (1...Self.largestGap).contains(step) else { return }
    present.advance(to: sequenceNumber, step, timestamp, at: now)
    present.sequenceOffset &-= 1
    present.floor = present.position + 1
    segment = present
    // The lost ones before it stay a gap.
    nextSequenceNumber = nextSequenceNumber.advanced(by: step - 1)
  }

  /// The next packet begins anew, whichever source it is of. For when forwarding was stopped for a while.
  public mutating func pause() {
    segment = nil
  }

  private mutating func begin(
    _ source: UInt32, _ sequenceNumber: SequenceNumber, _ timestamp: UInt32, at now: Instant
  ) -> Output {
    var first = lastTimestamp
    if started {
      // At least a packet's worth on, so that no two packets have one timestamp.
      let elapsed = max(clock.units(in: now - lastTime), Int64(clock.rate / 50), 1)
      first &+= UInt32(truncatingIfNeeded: elapsed)
    }
    let begun = Segment(
      source: source, newest: sequenceNumber, newestTimestamp: timestamp, newestTime: now,
      sequenceOffset: nextSequenceNumber.rawValue &- sequenceNumber.rawValue, timestampOffset: first &- timestamp)
    segment = begun
    return sent(output(begun, sequenceNumber, timestamp, true), at: now)
  }

  private mutating func advance(
    to sequenceNumber: SequenceNumber, _ step: Int, _ timestamp: UInt32, _ marker: Bool, at now: Instant
  ) -> Output? {
    segment?.advance(to: sequenceNumber, step, timestamp, at: now)
    guard let segment else { return nil }
    return sent(output(segment, sequenceNumber, timestamp, marker), at: now)
  }

  private mutating func sent(_ output: Output, at now: Instant) -> Output {
    started = true
    nextSequenceNumber = output.sequenceNumber.next
    lastTimestamp = output.timestamp
    lastTime = now
    return output
  }

  private func output(
    _ segment: Segment, _ sequenceNumber: SequenceNumber, _ timestamp: UInt32, _ marker: Bool
  ) -> Output {
    Output(
      sequenceNumber: SequenceNumber(sequenceNumber.rawValue &+ segment.sequenceOffset),
      timestamp: timestamp &+ segment.timestampOffset, marker: marker)
  }

  /// Whether a newer packet belongs to the present segment.
  private func follows(_ timestamp: UInt32, after step: Int, at now: Instant) -> Bool {
    guard let segment, step <= Self.largestGap else { return false }
    let advance = Int64(Int32(bitPattern: timestamp &- segment.newestTimestamp))
    let strayed = advance &- clock.units(in: now - segment.newestTime)
    return advance >= 0 && strayed.magnitude <= clock.units(in: Self.timestampTolerance).magnitude
  }
}

extension RTPRewriter {
  /// What the next packet's number would be, whichever source it is of. For checkpoints and packets of our own.
  public var upcomingSequenceNumber: SequenceNumber { nextSequenceNumber }

  /// The timestamp of the newest packet out, and when it went out. Nil before the first.
  public var newest: (timestamp: UInt32, at: Instant)? { started ? (lastTimestamp, lastTime) : nil }
}
