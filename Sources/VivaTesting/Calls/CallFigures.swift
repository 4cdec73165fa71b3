import Runtime

/// What bots measured of their calls' media, all together. Empty when there were none.
public struct CallFigures: Sendable {
  /// `POST` of the offer → keys and a path are there.
  public var connectTimes: [Duration] = []
  /// Between two packets of the agent's that follow each other and are 20 ms of speech apart by their timestamps.
  public var gaps = MillisecondHistogram()
  /// Packets of the agent's that hold sound.
  public var voicePackets = 0
  /// Of those, the ones that came when a player that holds 20 ms in stock had run out.
  public var latePackets = 0
  /// What that player has had to make up, lost packets included.
  public var concealed = Duration.zero
  /// Of the agent's speech.
  public var spoken = Duration.zero

  public var packetsSent = 0
  public var packetsReceived = 0
  /// Of the agent's, never received; by sequence numbers.
  public var packetsLost = 0
  /// Of the bots', as the server reports.
  public var remotePacketsLost = 0
  /// One each call: RFC 3550's jitter at its end.
  public var jitters: [Duration] = []
  /// One each call: by RTCP, at its end.
  public var roundTripTimes: [Duration] = []
  /// Datagrams that found the bots' receive buffers full.
  public var receiveDrops = 0
  /// Datagrams that the kernel did not take from the bots.
  public var sendDrops = 0

  public init() {}

  mutating func add(_ other: CallFigures) {
    connectTimes += other.connectTimes
    gaps.add(other.gaps)
    voicePackets += other.voicePackets
    latePackets += other.latePackets
    concealed += other.concealed
    spoken += other.spoken
    packetsSent += other.packetsSent
    packetsReceived += other.packetsReceived
    packetsLost += other.packetsLost
    remotePacketsLost += other.remotePacketsLost
    jitters += other.jitters
    roundTripTimes += other.roundTripTimes
    receiveDrops += other.receiveDrops
    sendDrops += other.sendDrops
  }
}

extension Array where Element: Comparable {
  /// At 0...1, nearest rank; nil when there are none.
  public func quantile(_ quantile: Double) -> Element? {
    guard !isEmpty else { return nil }
    let rank = Int((quantile * Double(count)).rounded(.up))
    return sorted()[Swift.max(0, Swift.min(count, rank) - 1)]
  }
}
