import Runtime

/// What a receiver counts of one source (RFC 3550, appendices A.1, A.3 and A.8), for report blocks.
///
/// Packets are counted after SRTP has authenticated them, so the source needs no probation. A jump is believed when
/// the packet after it follows on, as in appendix A.1; everything is counted anew from there.
public struct ReceptionStatistics: Sendable {
  /// Packets that may be missing before it counts as a jump, and that may be late.
  private static let maximumDropout: UInt16 = 3000
  private static let maximumMisorder: UInt16 = 100

  private let clock: RTPClock

  private var started = false
  private var base: UInt64 = 0
  /// Rounds above the sequence number.
  private var highest: UInt64 = 0
  private var packets: UInt64 = 0
  /// The number after a jump's first packet.
  private var expectedAfterJump: SequenceNumber?

  private var expectedBefore: UInt64 = 0
  private var packetsBefore: UInt64 = 0

  private var transit: UInt32 = 0
  private var hasTransit = false
  /// Times 16.
  private var scaledJitter: UInt64 = 0

  /// - Parameter clockRate: Of the timestamps, in Hz, at least 1.
  public init(clockRate: UInt32) {
    clock = RTPClock(rate: max(1, clockRate))
  }

  /// What a packet turned out to be.
  public enum Arrival: Sendable {
    /// Newer than all before, perhaps after a gap.
    case inOrder
    /// A late or a doubled one.
    case late
    /// Far from where it should be. It counts when the next one follows on.
    case jump
    /// The source has jumped, and everything is counted anew.
    case restart
  }

  @discardableResult
  public mutating func received(
    _ sequenceNumber: SequenceNumber, timestamp: UInt32, at now: Instant
  ) -> Arrival {
    let arrival = count(sequenceNumber)
    if arrival == .restart { hasTransit = false }
    if arrival != .jump { measure(timestamp, at: now) }
    return arrival
  }

  private mutating func count(_ sequenceNumber: SequenceNumber) -> Arrival {
    guard started else {
      started = true
      restart(at: sequenceNumber)
      return .inOrder
    }
    let step = sequenceNumber.rawValue &- UInt16(truncatingIfNeeded: highest)
    if step < Self.maximumDropout {
      highest += UInt64(step)
      packets += 1
      expectedAfterJump = nil
      return step == 0 ? .late : .inOrder
    }
    if step > 0 &- Self.maximumMisorder {
      packets += 1
      return .late
    }
    if sequenceNumber == expectedAfterJump {
      restart(at: sequenceNumber)
      return .restart
    }
    expectedAfterJump = sequenceNumber.next
    return .jump
  }

  private mutating func restart(at sequenceNumber: SequenceNumber) {
    base = UInt64(sequenceNumber.rawValue)
    highest = base
    packets = 1
    expectedAfterJump = nil
    expectedBefore = 0
    packetsBefore = 0
  }

  private mutating func measure(_ timestamp: UInt32, at now: Instant) {
    let newTransit = clock.timestamp(at: now) &- timestamp
    defer { transit = newTransit }
    guard hasTransit else {
      hasTransit = true
      return
    }
    let difference = UInt64(Int32(bitPattern: newTransit &- transit).magnitude)
    scaledJitter = scaledJitter + difference - (scaledJitter + 8) >> 4
  }
}

// MARK: - Figures

extension ReceptionStatistics {
  /// The highest sequence number with its rounds, as a report block has it. 0 before the first packet.
  public var extendedHighestSequenceNumber: UInt32 { UInt32(truncatingIfNeeded: highest) }

  public var packetsReceived: UInt64 { packets }

  public var packetsExpected: UInt64 { started ? highest - base + 1 : 0 }

  /// Negative when packets came twice; within the 24 bits of a report block.
  public var cumulativeLost: Int32 {
    let lost = Int64(packetsExpected) - Int64(packets)
    return Int32(max(-0x80_0000, min(0x7f_ffff, lost)))
  }

  /// The interarrival jitter, in timestamp units.
  public var jitter: UInt32 { UInt32(truncatingIfNeeded: scaledJitter >> 4) }

  public var jitterDuration: Duration { clock.duration(of: Int64(scaledJitter >> 4)) }

  /// The share that was lost since the last call, in 1/256.
  mutating func takeFractionLost() -> UInt8 {
    let expected = Int64(packetsExpected) - Int64(expectedBefore)
    let received = Int64(packets) - Int64(packetsBefore)
    expectedBefore = packetsExpected
    packetsBefore = packets
    guard expected > 0, received < expected else { return 0 }
    return UInt8(min(255, (expected - received) * 256 / expected))
  }
}
