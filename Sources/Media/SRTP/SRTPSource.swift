/// What a receiver knows of one source.
struct SRTPSource: Sendable {
  let ssrc: UInt32
  /// Of RTP.
  private(set) var highest: PacketIndex?
  private(set) var highestRTCP: UInt32?
  /// Indices below are refused, since the replay window of before the restart is lost.
  private let lowest: PacketIndex?
  private let lowestRTCP: UInt32?
  /// Whether libsrtp has yet to be told the rollover counter.
  private(set) var isRestored: Bool
  /// A count of packets, of all sources.
  var lastUse: UInt64 = 0

  init(ssrc: UInt32) {
    self.ssrc = ssrc
    lowest = nil
    lowestRTCP = nil
    isRestored = false
  }

  init(_ checkpoint: SRTPReceiverCheckpoint.Source) {
    ssrc = checkpoint.ssrc
    highest = checkpoint.highestIndex
    highestRTCP = checkpoint.highestRTCPIndex
    // Past the last index there is none, and the source is at its end.
    lowest = checkpoint.highestIndex.map { PacketIndex(rawValue: $0.rawValue + 1) ?? $0 }
    lowestRTCP = checkpoint.highestRTCPIndex.map { $0 &+ 1 }
    isRestored = checkpoint.highestIndex != nil
  }

  func index(of sequenceNumber: SequenceNumber) throws(SRTPError) -> PacketIndex {
    guard let highest else { return PacketIndex(sequenceNumber) }
    guard let index = highest.nearest(sequenceNumber) else { throw .replayed }
    if let lowest, index < lowest { throw .replayed }
    return index
  }

  func accepts(rtcpIndex: UInt32) -> Bool {
    lowestRTCP.map { rtcpIndex >= $0 } ?? true
  }

  mutating func received(_ index: PacketIndex) {
    highest = max(highest ?? index, index)
    isRestored = false
  }

  mutating func received(rtcpIndex: UInt32) {
    highestRTCP = max(highestRTCP ?? rtcpIndex, rtcpIndex)
  }

  var checkpoint: SRTPReceiverCheckpoint.Source {
    SRTPReceiverCheckpoint.Source(ssrc: ssrc, highestIndex: highest, highestRTCPIndex: highestRTCP)
  }
}
