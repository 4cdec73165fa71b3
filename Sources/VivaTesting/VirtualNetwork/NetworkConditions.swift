import Runtime

/// What a network does to datagrams on their way.
public struct NetworkConditions: Sendable {
  /// Losses that come together (Gilbert and Elliott's model with a bad state in which all is lost).
  public struct Bursts: Sendable {
    /// Of all datagrams, 0 to 1.
    public var share: Double
    /// Datagrams that are lost together, on the average, 1 or more.
    public var length: Double

    public init(share: Double, length: Double) {
      self.share = share
      self.length = length
    }
  }

  /// The share that is lost, each by itself, 0 to 1.
  public var loss = 0.0
  public var bursts: Bursts?
  /// One way.
  public var delay = Duration.milliseconds(20)
  /// Up to so much more, evenly spread.
  public var jitter = Duration.zero
  /// Whether a datagram that got less jitter overtakes one that got more. Most networks queue.
  public var jitterReorders = false
  /// The share that comes `reorderDelay` late, 0 to 1.
  public var reorder = 0.0
  public var reorderDelay = Duration.milliseconds(30)
  /// The share that comes twice, 0 to 1.
  public var duplicate = 0.0

  public init() {}

  public init(loss: Double, delay: Duration = .milliseconds(20)) {
    self.loss = loss
    self.delay = delay
  }
}
