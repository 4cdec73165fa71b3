import Runtime

/// Finds what is missing of an incoming audio stream, and says when to ask for it again.
///
/// A packet is asked for when it is missing a little longer than reordering takes, again each round trip, and no longer
/// when an answer could not come in time. The list is bounded: after a gap larger than it nothing is asked for, since
/// that is a jump and no loss.
public struct NACKGenerator: Sendable {
  /// Packets that can be missing at once.
  static let capacity = 64
  static let maximumAttempts: UInt8 = 5

  private struct Missing {
    var sequenceNumber: SequenceNumber
    var since: Instant
    var askedAt: Instant
    var attempts: UInt8
  }

  /// How long a packet may be late before it is missed.
  public let reorderDelay: Duration
  /// Between two requests for one packet, at least.
  public let minimumRetryInterval: Duration
  /// After how long a packet is of no use. The depth of the jitter buffer.
  public var usefulAge: Duration
  public var roundTripTime: Duration

  private var highest: SequenceNumber?
  /// Oldest first.
  private var missing = InlineArray<64, Missing>(
    repeating: Missing(
      sequenceNumber: 0, since: Instant(nanoseconds: 0), askedAt: Instant(nanoseconds: 0), attempts: 0))
  private var count = 0

  public init(
    reorderDelay: Duration = .milliseconds(15), minimumRetryInterval: Duration = .milliseconds(20),
    usefulAge: Duration = .milliseconds(300), roundTripTime: Duration = .milliseconds(100)
  ) {
    self.reorderDelay = reorderDelay
    self.minimumRetryInterval = minimumRetryInterval
    self.usefulAge = usefulAge
    self.roundTripTime = roundTripTime
  }

  /// - Returns: Whether it is a packet that was asked for.
  @discardableResult
  public mutating func received(_ sequenceNumber: SequenceNumber, at now: Instant) -> Bool {
    guard let highest else {
      highest = sequenceNumber
      return false
    }
    let step = highest.distance(to: sequenceNumber)
    if step <= 0 { return remove(sequenceNumber) }
    self.highest = sequenceNumber
    guard step <= Self.capacity else {
      count = 0
      return false
    }
    for number in 1..<step { add(highest.advanced(by: number), at: now) }
    return false
  }

  /// When `takeDue(at:)` has something to say next; nil when nothing is missing.
  public var nextDeadline: Instant? {
    var deadline: Instant?
    for index in 0..<count {
      let due = due(missing[index])
      deadline = deadline.map { min($0, due) } ?? due
    }
    return deadline
  }

  /// What to ask for now.
  public mutating func takeDue(at now: Instant) -> NACKBatch {
    var batch = NACKBatch()
    var kept = 0
    for index in 0..<count {
      var packet = missing[index]
      // Too late, even if the answer comes as fast as can be.
      if now - packet.since + roundTripTime > usefulAge || packet.attempts >= Self.maximumAttempts { continue }
      if due(packet) <= now, batch.add(packet.sequenceNumber) {
        packet.attempts += 1
        packet.askedAt = now
      }
      missing[kept] = packet
      kept += 1
    }
    count = kept
    return batch
  }

  private func due(_ packet: Missing) -> Instant {
    packet.attempts == 0
      ? packet.since + reorderDelay : packet.askedAt + max(roundTripTime, minimumRetryInterval)
  }

  private mutating func add(_ sequenceNumber: SequenceNumber, at now: Instant) {
    if count == Self.capacity { remove(at: 0) }
    missing[count] = Missing(sequenceNumber: sequenceNumber, since: now, askedAt: now, attempts: 0)
    count += 1
  }

  private mutating func remove(_ sequenceNumber: SequenceNumber) -> Bool {
    for index in 0..<count where missing[index].sequenceNumber == sequenceNumber {
      let wasAskedFor = missing[index].attempts > 0
      remove(at: index)
      return wasAskedFor
    }
    return false
  }

  private mutating func remove(at index: Int) {
    for later in index + 1..<max(index + 1, count) { missing[later - 1] = missing[later] }
    count -= 1
  }
}
