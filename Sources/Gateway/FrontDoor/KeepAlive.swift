import Runtime

/// Finds the WebSockets whose client is gone: each is pinged a while after its last pong, and given up when no pong comes.
/// Sans-IO.
///
/// libwebsockets does the same, but keeps its timers in a list that it walks for each ping and each pong: with 5,000
/// connections that was an eighth of a core.
struct KeepAlive {
  enum Due: Equatable {
    case ping(UInt64)
    case dead(UInt64)
  }

  private struct Peer {
    var lastPong: Instant
    /// No pong has come since the last ping.
    var isPinged = false
  }

  private let interval: Duration
  private let timeout: Duration
  private var peers: [UInt64: Peer] = [:]
  /// One timer for each peer, and for those that left until it is due.
  private var timers = TimerQueue<UInt64>()

  /// - Parameters:
  ///   - interval: from a pong to the next ping.
  ///   - timeout: without a pong for this long a client is dead; more than `interval`.
  init(interval: Duration, timeout: Duration) {
    self.interval = interval
    self.timeout = max(timeout, interval + .seconds(1))
  }

  /// Connections it looks after.
  var count: Int { peers.count }

  mutating func opened(_ id: UInt64, at now: Instant) {
    peers[id] = Peer(lastPong: now)
    _ = timers.insert(id, at: now + interval)
  }

  /// A pong came, or could not be read.
  mutating func heard(_ id: UInt64, at now: Instant) {
    guard peers[id] != nil else { return }
    peers[id] = Peer(lastPong: now)
  }

  mutating func closed(_ id: UInt64) {
    peers[id] = nil
  }

  /// What is to be done now. Who is dead is not looked after any more.
  mutating func due(at now: Instant) -> [Due] {
    var due: [Due] = []
    while let (id, _) = timers.popDue(at: now) {
      guard let peer = peers[id] else { continue }
      if peer.isPinged, now >= peer.lastPong + timeout {
        peers[id] = nil
        due.append(.dead(id))
      } else if peer.isPinged {
        _ = timers.insert(id, at: peer.lastPong + timeout)
      } else if now >= peer.lastPong + interval {
        peers[id]?.isPinged = true
        _ = timers.insert(id, at: peer.lastPong + timeout)
        due.append(.ping(id))
      } else {
        _ = timers.insert(id, at: peer.lastPong + interval)
      }
    }
    return due
  }
}
