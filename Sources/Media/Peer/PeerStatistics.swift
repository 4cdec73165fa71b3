import Runtime

/// A peer's figures under the names of W3C's webrtc-stats. Times in seconds.
public struct PeerStatistics: Sendable, Hashable {
  /// RTCInboundRtpStreamStats, of one source.
  public struct Inbound: Sendable, Hashable {
    public var ssrc: UInt32
    public var packetsReceived: UInt64
    /// Negative when packets came twice.
    public var packetsLost: Int64
    public var jitter: Double
    /// Of payloads.
    public var bytesReceived: UInt64
    public var headerBytesReceived: UInt64
    /// Requests for lost packets that were sent.
    public var nackCount: UInt64
    public var retransmittedPacketsReceived: UInt64
    /// On the monotonic clock.
    public var lastPacketReceivedTimestamp: Double
  }

  /// RTCOutboundRtpStreamStats with RTCRemoteInboundRtpStreamStats, of one stream.
  public struct Outbound: Sendable, Hashable {
    public var ssrc: UInt32
    public var packetsSent: UInt64
    /// Of payloads.
    public var bytesSent: UInt64
    public var headerBytesSent: UInt64
    public var retransmittedPacketsSent: UInt64
    /// Requests for lost packets that came.
    public var nackCount: UInt64
    /// What the other side says; nil before its first report.
    public var remote: RemoteInbound?
  }

  public struct RemoteInbound: Sendable, Hashable {
    public var packetsLost: Int32
    /// 0 to 1, since the report before.
    public var fractionLost: Double
    public var jitter: Double
    /// Smoothed; nil while it was not measured.
    public var roundTripTime: Double?
  }

  /// RTCTransportStats.
  public struct Transport: Sendable, Hashable {
    public var packetsSent: UInt64
    /// Dropped ones too.
    public var packetsReceived: UInt64
    public var bytesSent: UInt64
    public var bytesReceived: UInt64
    public var selectedCandidatePairChanges: UInt32
    /// `AEAD_AES_128_GCM` or `AES_CM_128_HMAC_SHA1_80`; nil before there are keys.
    public var srtpCipher: String?
  }

  public var inbound: [Inbound]
  public var outbound: [Outbound]
  public var transport: Transport
}

/// What is counted of the datagrams.
struct TransportFigures: Sendable {
  var packetsSent: UInt64 = 0
  var packetsReceived: UInt64 = 0
  var bytesSent: UInt64 = 0
  var bytesReceived: UInt64 = 0
  var selectedCandidatePairChanges: UInt32 = 0

  mutating func count(_ event: IceEvent) {
    switch event {
    case .selected, .addressChanged: selectedCandidatePairChanges &+= 1
    case .disconnected, .reconnected, .consentExpired: break
    }
  }
}

extension Peer {
  public var statistics: PeerStatistics {
    var outbound: [PeerStatistics.Outbound] = []
    for index in 0..<streams.count { outbound.append(statistics(ofStream: index)) }
    return PeerStatistics(
      inbound: sources.map(Self.statistics), outbound: outbound,
      transport: PeerStatistics.Transport(
        packetsSent: figures.packetsSent, packetsReceived: figures.packetsReceived, bytesSent: figures.bytesSent,
        bytesReceived: figures.bytesReceived, selectedCandidatePairChanges: figures.selectedCandidatePairChanges,
        srtpCipher: keys?.profile.sdesName))
  }

  private static func statistics(_ source: IncomingAudio) -> PeerStatistics.Inbound {
    let counted = source.report.statistics
    return PeerStatistics.Inbound(
      ssrc: source.ssrc, packetsReceived: counted.packetsReceived, packetsLost: Int64(counted.cumulativeLost),
      jitter: counted.jitterDuration.inSeconds, bytesReceived: source.figures.bytesReceived,
      headerBytesReceived: source.figures.headerBytesReceived, nackCount: source.figures.nackCount,
      retransmittedPacketsReceived: source.figures.retransmittedPacketsReceived,
      lastPacketReceivedTimestamp: Duration.nanoseconds(source.lastPacket.nanoseconds).inSeconds)
  }

  private func statistics(ofStream index: Int) -> PeerStatistics.Outbound {
    let figures = streams[index].figures
    let clock = streams[index].clock
    let roundTripTime = streams[index].report.roundTripTime?.inSeconds
    return PeerStatistics.Outbound(
      ssrc: streams[index].ssrc, packetsSent: figures.packetsSent, bytesSent: figures.bytesSent,
      headerBytesSent: figures.headerBytesSent, retransmittedPacketsSent: figures.retransmittedPacketsSent,
      nackCount: figures.nackCount,
      remote: streams[index].lastBlock.map {
        PeerStatistics.RemoteInbound(
          packetsLost: $0.cumulativeLost, fractionLost: Double($0.fractionLost) / 256,
          jitter: clock.duration(of: Int64($0.jitter)).inSeconds, roundTripTime: roundTripTime)
      })
  }
}
