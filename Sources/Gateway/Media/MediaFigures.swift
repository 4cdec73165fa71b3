import Audio
import Media

/// What one port has counted, in the words of W3C's webrtc-stats where there are any.
struct MediaFigures: Sendable {
  /// Now.
  var peers = 0
  var halfOpenHandshakes = 0

  // Since the start. Of datagrams:
  var packetsReceived: UInt64 = 0
  var bytesReceived: UInt64 = 0
  var packetsSent: UInt64 = 0
  var bytesSent: UInt64 = 0
  /// Of no peer.
  var packetsUnrouted: UInt64 = 0
  /// That a peer did not take.
  var packetsDropped: UInt64 = 0
  /// That found the socket's buffer full.
  var receiveDrops: UInt64 = 0
  var sendDrops: UInt64 = 0

  // Of peers:
  var connected: UInt64 = 0
  var failed: UInt64 = 0
  var handshakesEvicted: UInt64 = 0

  /// Of the peers that are gone; `total` has those that live too.
  var streams = StreamFigures()

  mutating func received(_ bytes: Int) {
    packetsReceived &+= 1
    bytesReceived &+= UInt64(truncatingIfNeeded: bytes)
  }

  mutating func sent(_ bytes: Int) {
    packetsSent &+= 1
    bytesSent &+= UInt64(truncatingIfNeeded: bytes)
  }

  mutating func remember(_ leg: borrowing MediaLeg) { streams.add(StreamFigures(leg)) }
}

/// Of the audio of one peer or of several (RTCInboundRtpStreamStats, RTCOutboundRtpStreamStats).
struct StreamFigures: Sendable {
  var packetsReceived: UInt64 = 0
  var packetsLost: Int64 = 0
  var packetsDiscarded: UInt64 = 0
  var packetsSent: UInt64 = 0
  var retransmittedPacketsSent: UInt64 = 0
  var nackCount: UInt64 = 0
  var totalSamplesReceived: UInt64 = 0
  var concealedSamples: UInt64 = 0
  /// Seconds, over `jitterBufferEmittedCount` samples.
  var jitterBufferDelay = 0.0
  var jitterBufferEmittedCount: UInt64 = 0
  /// Of one peer; nil while it was not measured.
  var roundTripTime: Duration?
  /// The part of it that the other side has not got lately, 0...1; nil while it has not said.
  var remoteFractionLost: Double?

  init() {}

  init(_ leg: borrowing MediaLeg) {
    let heard = leg.jitter.statistics
    packetsDiscarded = UInt64(heard.packetsDiscarded)
    totalSamplesReceived = UInt64(heard.totalSamplesReceived)
    concealedSamples = UInt64(heard.concealedSamples)
    jitterBufferDelay = heard.jitterBufferDelay
    jitterBufferEmittedCount = UInt64(heard.jitterBufferEmittedCount)
    roundTripTime = leg.peer.roundTripTime
    let statistics = leg.peer.statistics
    for source in statistics.inbound {
      packetsReceived &+= source.packetsReceived
      packetsLost &+= source.packetsLost
      nackCount &+= source.nackCount
    }
    for stream in statistics.outbound {
      packetsSent &+= stream.packetsSent
      retransmittedPacketsSent &+= stream.retransmittedPacketsSent
      if let remote = stream.remote { remoteFractionLost = max(remoteFractionLost ?? 0, remote.fractionLost) }
    }
  }

  mutating func add(_ other: StreamFigures) {
    packetsReceived &+= other.packetsReceived
    packetsLost &+= other.packetsLost
    packetsDiscarded &+= other.packetsDiscarded
    packetsSent &+= other.packetsSent
    retransmittedPacketsSent &+= other.retransmittedPacketsSent
    nackCount &+= other.nackCount
    totalSamplesReceived &+= other.totalSamplesReceived
    concealedSamples &+= other.concealedSamples
    jitterBufferDelay += other.jitterBufferDelay
    jitterBufferEmittedCount &+= other.jitterBufferEmittedCount
  }
}
