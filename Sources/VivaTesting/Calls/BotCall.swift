import Media
import Runtime

/// One call of a bot, as its thread keeps it.
struct BotCall: ~Copyable {
  // Variables, for what is optional and cannot be copied gives nothing else away.
  var plan: Plan
  var id: UInt64
  var onEnd: @Sendable () -> Void
  var peer: Peer
  var ear: CallEar
  var mouth: CallMouth
  var isQueued = false
  var connectedAt: Instant?
  var hangsUp = false
  var isFirstPacket = true
  var nextOverdue: Instant

  /// What a bot asks of its thread.
  struct Plan: Sendable {
    var configuration: PeerConfiguration
    var voice: CallVoice
    var firstSentence: Int
    /// When the offer was posted.
    var posted: Instant
    var end: Instant
    var answers: Int
    /// Called on the thread, once at most.
    var onConnected: @Sendable () -> Void
  }

  /// - Parameter onEnd: called on the thread when nothing is left of it.
  init(_ plan: Plan, as id: UInt64, at now: Instant, onEnd: @escaping @Sendable () -> Void) {
    self.plan = plan
    self.id = id
    self.onEnd = onEnd
    peer = Peer(plan.configuration, at: now)
    ear = CallEar(clockRate: Int64(plan.configuration.audio.first?.clockRate ?? 48_000), at: now)
    mouth = CallMouth(plan.voice, first: plan.firstSentence)
    nextOverdue = now + .seconds(1)
  }

  /// What only the peer knows, before it is closed.
  func count(into figures: inout CallFigures) {
    let statistics = peer.statistics
    for inbound in statistics.inbound {
      figures.jitters.append(.nanoseconds(Int64(inbound.jitter * 1e9)))
    }
    for outbound in statistics.outbound {
      figures.remotePacketsLost += Int(outbound.remote?.packetsLost ?? 0)
    }
    if let time = peer.roundTripTime { figures.roundTripTimes.append(time) }
  }
}
