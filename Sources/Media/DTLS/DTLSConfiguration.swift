import Runtime

public struct DTLSConfiguration: Sendable {
  /// The largest datagram to send, in bytes without UDP and IP headers: 256...1472.
  public var mtu = 1200
  /// From the making of the connection to the end of its handshake.
  public var handshakeTimeout = Duration.seconds(15)
  /// Handshakes that may begin at once after one another, when each is broken off or rivalled by the next.
  public var attemptBurst = 8
  /// After `attemptBurst` of them, one more each so often.
  public var attemptInterval = Duration.milliseconds(250)

  public init() {}
}

/// How often a broken or hostile handshake may be followed by another: a bucket of tokens that fills with time.
struct DTLSAttemptAllowance {
  private let burst: Int
  private let interval: Duration
  private var left: Int
  private var filledAt: Instant

  init(_ configuration: DTLSConfiguration, now: Instant) {
    burst = max(1, configuration.attemptBurst)
    interval = max(.milliseconds(1), configuration.attemptInterval)
    left = burst
    filledAt = now
  }

  mutating func take(now: Instant) -> Bool {
    let due = max(0, (now - filledAt).nanoseconds) / interval.nanoseconds
    if left + Int(clamping: due) >= burst {
      left = burst
      filledAt = now
    } else {
      left += Int(due)
      filledAt = filledAt + interval * Int(due)
    }
    guard left > 0 else { return false }
    left -= 1
    return true
  }
}
