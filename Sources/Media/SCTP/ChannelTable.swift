/// The data channels of an association, by stream.
struct ChannelTable {
  struct Channel {
    var parameters: DataChannel
    /// Until the peer has said that it knows the channel, everything is sent in order (RFC 8832, section 6).
    var isAcknowledged: Bool
    /// On its way to the end, by whichever side (RFC 8831, section 6.7): nothing is sent or told any more.
    var isClosing = false
    /// Whether its end was told.
    var isTold = false
    /// Our stream was reset, or never will be.
    var isOutgoingReset = false
    /// The peer's stream was.
    var isIncomingReset = false
  }

  private(set) var channels: [UInt16: Channel] = [:]
  /// Streams that are to be reset, when usrsctp has sent what is before and takes a request.
  private(set) var awaitingReset: Set<UInt16> = []

  var count: Int { channels.count }

  subscript(stream: UInt16) -> Channel? {
    get { channels[stream] }
    set { channels[stream] = newValue }
  }

  /// The lowest stream that `role` may open and that is free.
  func freeStream(for role: DTLSRole, below streams: UInt16) -> UInt16? {
    stride(from: role == .client ? 0 : 1, to: streams, by: 2).first {
      channels[$0] == nil && !awaitingReset.contains($0)
    }
  }

  mutating func awaitReset(of stream: UInt16) { awaitingReset.insert(stream) }
  mutating func endReset(of streams: [UInt16]) { awaitingReset.subtract(streams) }
}
