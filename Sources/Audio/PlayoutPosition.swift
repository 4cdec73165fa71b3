/// Where the listener is in audio that was sent ahead of its playing time.
///
/// The listener is taken to start playing with the first send, to pause when it has played all, and to go on with
/// the next send. Times are monotonic, in nanoseconds; a time before the last change counts as that of the change.
public struct PlayoutPosition: Sendable {
  /// In Hz.
  public let sampleRate: Int
  /// Samples sent, without those which `stop(at:)` threw away.
  public private(set) var sent = 0

  /// When the current stretch without a pause began, and how much had been played by then. One anchor for a
  /// whole stretch, so that roundings do not add up.
  private var stretchStart: Int64 = 0
  private var playedBefore = 0

  public init(sampleRate: Int) {
    precondition(sampleRate > 0)
    self.sampleRate = sampleRate
  }

  public mutating func sent(samples: Int, at now: Int64) {
    if ahead(at: now) == 0 { startStretch(at: now) }
    sent += samples
  }

  /// Samples played so far.
  public func played(at now: Int64) -> Int {
    let elapsed = Int(max(0, now - stretchStart))
    let samples =
      elapsed / 1_000_000_000 * sampleRate + elapsed % 1_000_000_000 * sampleRate / 1_000_000_000
    return min(sent, playedBefore + samples)
  }

  /// Samples which wait at the listener.
  public func ahead(at now: Int64) -> Int {
    sent - played(at: now)
  }

  /// The listener throws away what it has not played.
  /// - Returns: Samples played.
  @discardableResult
  public mutating func stop(at now: Int64) -> Int {
    sent = played(at: now)
    startStretch(at: now)
    return sent
  }

  /// When `samples` more may be sent without more than `aheadLimit` waiting at the listener; a piece larger than the
  /// limit may be sent when nothing waits.
  /// - Returns: A time after `now`, or `nil` when they may be sent at once.
  public func nextSend(of samples: Int = 1, aheadLimit: Int, at now: Int64) -> Int64? {
    let surplus = ahead(at: now) - max(0, aheadLimit - samples)
    guard surplus > 0 else { return nil }
    let toPlay = played(at: now) + surplus - playedBefore
    let (seconds, rest) = toPlay.quotientAndRemainder(dividingBy: sampleRate)
    let nanoseconds = (rest * 1_000_000_000 + sampleRate - 1) / sampleRate
    return stretchStart + Int64(seconds * 1_000_000_000 + nanoseconds)
  }

  private mutating func startStretch(at now: Int64) {
    stretchStart = now
    playedBefore = sent
  }
}
