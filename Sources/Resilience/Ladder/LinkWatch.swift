import Runtime

/// What a call's network is good for, from figures of each second: how much is lost each way, and the round trip.
///
/// A bad second changes nothing: losses are smoothed over about five, and a link is called worse after 3 s of that,
/// better after 10. Between the limits it stays what it is.
public struct LinkWatch: Sendable {
  public struct Sample: Sendable, Equatable {
    /// Packets of the user's voice, since the call began. `lost` may go down: late ones count as lost first.
    public var received: UInt64
    public var lost: Int64
    /// The part of the agent's voice that the user's side has not got lately, 0...1; nil while it has not said.
    public var remoteLoss: Double?
    public var roundTrip: Duration?

    public init(received: UInt64, lost: Int64, remoteLoss: Double? = nil, roundTrip: Duration? = nil) {
      self.received = received
      self.lost = lost
      self.remoteLoss = remoteLoss
      self.roundTrip = roundTrip
    }
  }

  /// Of packets, that speech codecs conceal badly, and that they conceal well.
  public static let degradedLoss = 0.08
  public static let goodLoss = 0.03
  public static let unusableLoss = 0.4
  /// People begin to speak over each other.
  public static let degradedRoundTrip = Duration.milliseconds(800)
  public static let goodRoundTrip = Duration.milliseconds(500)
  /// A sender that is silent sends a few packets a second, which say little.
  static let fewestPackets = 5
  static let worseAfter = Duration.seconds(3)
  static let betterAfter = Duration.seconds(10)

  private struct Direction {
    var quality = Ladder.LinkQuality.good
    var loss = 0.0
    private var candidate: (quality: Ladder.LinkQuality, since: Instant)?

    mutating func lost(_ part: Double) { loss += (min(max(part, 0), 1) - loss) * 0.3 }

    mutating func judge(_ roundTrip: Duration?, at now: Instant) {
      let target = target(roundTrip)
      guard target != quality else { return candidate = nil }
      if candidate?.quality != target { candidate = (target, now) }
      guard let candidate else { return }
      let isWorse = target.rank > quality.rank
      guard now - candidate.since >= (isWorse ? worseAfter : betterAfter) else { return }
      quality = target
      self.candidate = nil
    }

    private func target(_ roundTrip: Duration?) -> Ladder.LinkQuality {
      let roundTrip = roundTrip ?? .zero
      if loss >= unusableLoss { return .unusable }
      if loss >= degradedLoss || roundTrip >= degradedRoundTrip {
        return quality == .unusable && loss > unusableLoss / 2 ? .unusable : .degraded
      }
      if quality == .good || loss <= goodLoss && roundTrip <= goodRoundTrip { return .good }
      return .degraded
    }
  }

  private var up = Direction()
  private var down = Direction()
  private var last: Sample?

  public init() {}

  /// - Returns: what the session's ladder is to be told; nil where nothing has changed.
  public mutating func sampled(_ sample: Sample, at now: Instant) -> Ladder.Input? {
    let before = (up.quality, down.quality)
    if let last, sample.received >= last.received {
      let received = Int64(clamping: sample.received - last.received)
      let lost = max(0, sample.lost.subtractingReportingOverflow(last.lost).partialValue)
      let (sent, isTooMany) = received.addingReportingOverflow(lost)
      if !isTooMany, sent >= Int64(Self.fewestPackets) { up.lost(Double(lost) / Double(sent)) }
    }
    last = sample
    if let loss = sample.remoteLoss, loss.isFinite { down.lost(loss) }
    up.judge(sample.roundTrip, at: now)
    down.judge(sample.roundTrip, at: now)
    guard before != (up.quality, down.quality) else { return nil }
    return .network(up: up.quality, down: down.quality)
  }

  /// Nothing comes for the time being, which others look after: what was lost meanwhile is no part of the figures.
  public mutating func pause() {
    last = nil
  }
}

extension Ladder.LinkQuality {
  fileprivate var rank: Int {
    switch self {
    case .good: 0
    case .degraded: 1
    case .unusable: 2
    }
  }
}
