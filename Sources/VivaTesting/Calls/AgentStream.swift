import Runtime

/// Judges when the agent's packets come: how far apart, and what a simple player would have had to make up. Sans-IO.
///
/// The player begins each stretch of speech 20 ms after its first packet has come, and plays on by the timestamps. A
/// packet that comes later than its time is late: the player makes up the wait, and is behind by it from then on.
struct AgentStream {
  private static let stock = Duration.milliseconds(20)
  /// Silence that is not sent: more than what a loss or two would be.
  private static let longestStretchGap = Duration.milliseconds(200)

  private struct Last {
    var index: Int64
    var timestamp: UInt32
    var at: Instant
  }

  private let clockRate: Int64
  private var last: Last?
  /// Of all packets, be there sound in them or not.
  private var highest: Int64?
  /// When what has come so far will have been played.
  private var playedUntil = Instant(nanoseconds: 0)

  /// - Parameter clockRate: Of the timestamps, in Hz.
  init(clockRate: Int64) {
    self.clockRate = clockRate
  }

  /// Counts a packet, be there sound in it or not.
  ///
  /// - Parameter index: Sequence number with its rounds.
  mutating func count(_ index: Int64, into figures: inout CallFigures) {
    figures.packetsReceived += 1
    guard let highest else { return self.highest = index }
    guard index > highest else { return figures.packetsLost -= 1 }
    figures.packetsLost += Int(index - highest - 1)
    self.highest = index
  }

  /// Judges a packet with sound in it.
  ///
  /// - Parameters:
  ///   - index: Sequence number with its rounds.
  ///   - marker: A stretch of speech begins.
  mutating func received(
    index: Int64, timestamp: UInt32, marker: Bool, at now: Instant, into figures: inout CallFigures
  ) {
    let packet = Duration.milliseconds(20)
    figures.voicePackets += 1
    guard let last else { return begin(index, timestamp, at: now, &figures) }
    // A straggler: the player has made it up.
    guard index > last.index else {
      figures.latePackets += 1
      return
    }
    let apart = Duration.nanoseconds(
      Int64(Int32(bitPattern: timestamp &- last.timestamp)) * 1_000_000_000 / clockRate)
    guard !marker, apart > .zero, apart <= Self.longestStretchGap else {
      return begin(index, timestamp, at: now, &figures)
    }
    if index == last.index + 1, apart == packet { figures.gaps.add(now - last.at) }
    figures.spoken += apart
    // What is lost in between is made up.
    figures.concealed += apart - packet
    playedUntil = playedUntil + (apart - packet)
    if now > playedUntil {
      figures.latePackets += 1
      figures.concealed += now - playedUntil
      playedUntil = now
    }
    playedUntil = playedUntil + packet
    self.last = Last(index: index, timestamp: timestamp, at: now)
  }

  private mutating func begin(_ index: Int64, _ timestamp: UInt32, at now: Instant, _ figures: inout CallFigures) {
    figures.spoken += .milliseconds(20)
    playedUntil = now + Self.stock + .milliseconds(20)
    last = Last(index: index, timestamp: timestamp, at: now)
  }
}
