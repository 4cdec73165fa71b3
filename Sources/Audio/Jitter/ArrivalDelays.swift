/// How late packets are against the fastest ones of late, and what delay makes up for that.
///
/// A packet's transit is its arrival less its timestamp: a number without meaning but for differences. The lowest of
/// the last 2 s is that of a packet which met no queue; how far another lies above it is that packet's delay (as in
/// WebRTC's NetEQ). A histogram that forgets says which delay all but 3 % of the packets stay below.
///
/// All in `RTPUnits`.
struct ArrivalDelays {
  /// 10 ms.
  private static let bucket: Int64 = 480
  /// A packet's share of the histogram once it is full: what was is forgotten within 4 s (of 20 ms packets) to a third.
  private static let share: Float = 0.005
  private static let quantile: Float = 0.97
  /// For a packet's copy in the next one to come in time, of most.
  private static let recoveryQuantile: Float = 0.8
  /// Of each of the eight windows that the lowest transit is looked for in.
  private static let window: Int64 = 12_000
  private static let windows = 8

  private var lowest = InlineArray<8, Int64>(repeating: .max)
  private var windowEnd: Int64 = .min
  private var currentWindow = 0
  private var histogram = InlineArray<64, Float>(repeating: 0)
  private var packets: Float = 0

  /// The lowest transit.
  private(set) var base: Int64?
  /// All but 3 % of the packets are no later than this.
  private(set) var quantileDelay: Int64
  /// All but a fifth.
  private(set) var usualDelay: Int64

  /// - Parameter initialDelay: Taken for the delays of the packets before the first.
  init(initialDelay: Int64) {
    quantileDelay = initialDelay
    usualDelay = initialDelay
    histogram[Self.index(initialDelay - 1)] = 1
  }

  mutating func packetArrived(transit: Int64, at now: Int64) {
    moveWindow(to: now)
    lowest[currentWindow] = min(lowest[currentWindow], transit)
    var base = transit
    for index in lowest.indices { base = min(base, lowest[index]) }
    self.base = base
    count(transit - base)
  }

  /// The timestamps have a new beginning. What is known of the network stays.
  mutating func restart() {
    lowest = InlineArray(repeating: .max)
    windowEnd = .min
    base = nil
  }

  private mutating func moveWindow(to now: Int64) {
    guard now >= windowEnd else { return }
    let passed = windowEnd == .min ? Self.windows : Int(min((now - windowEnd) / Self.window + 1, Int64(Self.windows)))
    for _ in 0..<passed {
      currentWindow = (currentWindow + 1) % Self.windows
      lowest[currentWindow] = .max
    }
    windowEnd = now + Self.window
  }

  private mutating func count(_ delay: Int64) {
    // The first packets weigh more: the initial delay is forgotten within some 60 packets.
    packets = min(packets + 1, 1000)
    let share = max(Self.share, 1 / (packets + 2))
    for index in histogram.indices { histogram[index] *= 1 - share }
    histogram[Self.index(delay)] += share
    updateQuantiles()
  }

  private mutating func updateQuantiles() {
    var sum: Float = 0
    var isUsual = true
    for index in histogram.indices {
      sum += histogram[index]
      let upper = Int64(index + 1) * Self.bucket
      if isUsual, sum >= Self.recoveryQuantile {
        usualDelay = upper
        isUsual = false
      }
      if sum >= Self.quantile {
        quantileDelay = upper
        return
      }
    }
    quantileDelay = 64 * Self.bucket
  }

  private static func index(_ delay: Int64) -> Int { Int(min(max(0, delay / bucket), 63)) }
}
