/// When a circuit breaker opens and closes, in resilience4j's words; the figures are those of requirements §1.5.
///
/// The two ways to open work side by side: whichever finds its limit first opens.
public struct BreakerSettings: Sendable, Equatable {
  /// Failures in a row that open; nil: they do not.
  public var consecutiveFailures: Int?
  /// Rates over the last calls that open; nil: none does.
  public var slidingWindow: SlidingWindow?
  /// Trials in half-open that have to succeed, in any order, with no failure between; at least 1.
  public var successesToClose: Int
  public var waitDurationInOpenState: Duration
  /// Calls that may be under way at once in half-open; at least 1.
  public var permittedNumberOfCallsInHalfOpenState: Int
  /// A trial that has not been heard of for so long gives its permit back: who leaks one does not wedge the breaker.
  public var permitTimeout = Duration.seconds(60)
  /// How often a provider is probed away from live calls while its breaker is open or half-open.
  public var probeInterval = Duration.seconds(1)
  /// Good probes in a row that end the open state early. Each failed trial doubles it until the breaker has closed:
  /// there are workers that answer probes and nothing else.
  public var successfulProbesToHalfOpen = 2
  /// A server's `Retry-After` is taken for no longer than this (Envoy's `max_ejection_time`).
  public var longestRetryAfter = Duration.seconds(300)

  public init(
    consecutiveFailures: Int?, successesToClose: Int, waitDurationInOpenState: Duration,
    permittedNumberOfCallsInHalfOpenState: Int, slidingWindow: SlidingWindow? = SlidingWindow()
  ) {
    self.consecutiveFailures = consecutiveFailures
    self.successesToClose = successesToClose
    self.waitDurationInOpenState = waitDurationInOpenState
    self.permittedNumberOfCallsInHalfOpenState = permittedNumberOfCallsInHalfOpenState
    self.slidingWindow = slidingWindow
  }

  public static let asr = BreakerSettings(
    consecutiveFailures: 5, successesToClose: 3, waitDurationInOpenState: .seconds(30),
    permittedNumberOfCallsInHalfOpenState: 3)
  public static let llm = BreakerSettings(
    consecutiveFailures: 3, successesToClose: 2, waitDurationInOpenState: .seconds(60),
    permittedNumberOfCallsInHalfOpenState: 2)
  public static let tts = BreakerSettings(
    consecutiveFailures: 5, successesToClose: 3, waitDurationInOpenState: .seconds(30),
    permittedNumberOfCallsInHalfOpenState: 3)

  /// Of the last calls that ended (COUNT_BASED), however long ago that was.
  public struct SlidingWindow: Sendable, Equatable {
    /// Calls; 1...10,000.
    public var slidingWindowSize: Int
    /// Before so many have ended no rate opens. More than the window holds counts as the window's size.
    public var minimumNumberOfCalls: Int
    /// In percent, above 0; reached is enough.
    public var failureRateThreshold: Double
    /// In percent, above 0, of all calls; reached is enough.
    public var slowCallRateThreshold: Double
    /// A call is slow whose first result took longer; nil: none is.
    public var slowCallDurationThreshold: Duration?

    public init(
      slidingWindowSize: Int = 20, minimumNumberOfCalls: Int = 10, failureRateThreshold: Double = 50,
      slowCallRateThreshold: Double = 50, slowCallDurationThreshold: Duration? = nil
    ) {
      self.slidingWindowSize = slidingWindowSize
      self.minimumNumberOfCalls = minimumNumberOfCalls
      self.failureRateThreshold = failureRateThreshold
      self.slowCallRateThreshold = slowCallRateThreshold
      self.slowCallDurationThreshold = slowCallDurationThreshold
    }
  }
}
