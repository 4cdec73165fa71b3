/// What a receiver has accepted so far: where the next process goes on.
public struct SRTPReceiverCheckpoint: Sendable, Hashable, Codable {
  public struct Source: Sendable, Hashable, Codable {
    public var ssrc: UInt32
    /// Of RTP: the rollover counter and the sequence number. Nil when none came.
    public var highestIndex: PacketIndex?
    /// 31 bits. Nil when none came.
    public var highestRTCPIndex: UInt32?

    public init(ssrc: UInt32, highestIndex: PacketIndex?, highestRTCPIndex: UInt32?) {
      self.ssrc = ssrc
      self.highestIndex = highestIndex
      self.highestRTCPIndex = highestRTCPIndex
    }

    enum CodingKeys: String, CodingKey {
      case ssrc
      case highestIndex = "highest_index"
      case highestRTCPIndex = "highest_rtcp_index"
    }
  }

  public var sources: [Source]
  /// Sources that are refused.
  public var retired: [UInt32]
  /// Whether no other sources than these are accepted.
  public var onlyDeclared: Bool

  public init(sources: [Source], retired: [UInt32] = [], onlyDeclared: Bool = false) {
    self.sources = sources
    self.retired = retired
    self.onlyDeclared = onlyDeclared
  }

  init(declared: [UInt32]?) {
    self.init(
      sources: (declared ?? []).map { Source(ssrc: $0, highestIndex: nil, highestRTCPIndex: nil) },
      onlyDeclared: declared != nil)
  }

  enum CodingKeys: String, CodingKey {
    case sources, retired
    case onlyDeclared = "only_declared"
  }
}
