import Runtime

/// How long to wait for a provider's first result before it counts as failed: a multiple of what it has shown itself
/// to need, between a floor and a cap.
///
/// Until it has shown enough, and again after it has been idle, the cap holds: a model may be loaded anew. A call that
/// ran into its deadline is remembered as twice as long, so that a provider that has become slower under load is waited
/// for, not failed again and again.
public struct AdaptiveDeadline: Sendable {
  public struct Settings: Sendable, Equatable {
    /// Which part of the calls came within what is multiplied; 0...1.
    public var quantile = 0.99
    public var factor = 2.0
    public var floor: Duration
    /// Wins over the floor.
    public var cap: Duration
    /// Calls of the kind at hand before anything but the cap holds.
    public var minimumNumberOfCalls = 20
    /// After so long without a call, what was shown is forgotten.
    public var memory = Duration.seconds(300)

    public init(floor: Duration, cap: Duration) {
      self.floor = floor
      self.cap = cap
    }

    /// Requirements §1.4: 3 s without an answer is a failure.
    public static let asr = Settings(floor: .milliseconds(800), cap: .seconds(3))
    /// Requirements §1.4: 5 s.
    public static let llm = Settings(floor: .seconds(1), cap: .seconds(5))
    public static let tts = Settings(floor: .milliseconds(800), cap: .seconds(3))
  }

  private struct Call {
    var firstResult: Duration
    var work: Double
  }

  private static let kept = 128

  public let settings: Settings
  /// A ring.
  private var calls: [Call] = []
  private var oldest = 0
  private var lastCall: Instant?

  public init(_ settings: Settings) {
    self.settings = settings
  }

  /// What to wait for a call that begins now.
  ///
  /// - Parameter work: What the time to the first result grows with, where it does, in any unit: seconds of audio,
  ///   tokens of prompt. Only calls with half of it or more show anything.
  public func limit(work: Double = 0, at now: Instant) -> Duration {
    guard let lastCall, now - lastCall < settings.memory else { return settings.cap }
    let least = Self.bounded(work) / 2
    let shown = calls.count { $0.work >= least }
    guard shown >= max(1, settings.minimumNumberOfCalls) else { return settings.cap }
    // NaN is none of them.
    let part = settings.quantile > 0 ? min(settings.quantile, 1) : 0
    let rank = max(1, Int((Double(shown) * part).rounded(.up)))
    let quantile = slowest(shown - rank, ofWork: least)
    // A negative factor, or none at all, leaves the floor.
    let needed = quantile.inSeconds * settings.factor
    guard needed < settings.cap.inSeconds else { return settings.cap }
    return min(max(needed > 0 ? .seconds(needed) : .zero, settings.floor), settings.cap)
  }

  public mutating func succeeded(after firstResult: Duration, work: Double = 0, at now: Instant) {
    record(max(.zero, firstResult), work, at: now)
  }

  /// - Parameter limit: What was waited.
  public mutating func timedOut(after limit: Duration, work: Double = 0, at now: Instant) {
    record(min(max(.zero, limit), settings.cap) * 2, work, at: now)
  }

  /// - Parameter place: 0 is the slowest of all; small for a high quantile.
  private func slowest(_ place: Int, ofWork least: Double) -> Duration {
    var slowest: [Duration] = []
    for call in calls where call.work >= least {
      if slowest.count > place {
        if call.firstResult <= slowest[place] { continue }
        slowest.removeLast()
      }
      slowest.insert(call.firstResult, at: slowest.firstIndex { $0 < call.firstResult } ?? slowest.count)
    }
    return slowest.last ?? settings.cap
  }

  private mutating func record(_ firstResult: Duration, _ work: Double, at now: Instant) {
    if let lastCall, now - lastCall >= settings.memory {
      calls.removeAll(keepingCapacity: true)
      oldest = 0
    }
    lastCall = max(lastCall ?? now, now)
    let call = Call(firstResult: firstResult, work: Self.bounded(work))
    if calls.count < Self.kept {
      calls.append(call)
    } else {
      calls[oldest] = call
      oldest = (oldest + 1) % Self.kept
    }
  }

  private static func bounded(_ work: Double) -> Double { work > 0 ? work : 0 }
}
