import Runtime

/// What another process needs to go on with a peer, without anything that the other side has to do. It holds keys and
/// passwords: to be kept encrypted. DTLS does not go on, and with it no data channel.
///
/// To be written anew when the path changes and with each reservation, before that is confirmed; and about once a second,
/// for what was received (`receiver`) and for the timestamps.
public struct PeerCheckpoint: Codable, Hashable, Sendable {
  public struct Stream: Codable, Hashable, Sendable {
    /// Where the next process begins.
    public var reservation: SRTPReservation
    /// Of the newest packet, and when that was, in nanoseconds since 1970.
    public var timestamp: UInt32
    public var time: Int64

    enum CodingKeys: String, CodingKey {
      case reservation, timestamp, time
    }

    /// The clock on the wall has gone on, and so does the timestamp. Never back, whatever the clock says.
    func timestamp(at time: Int64, clockRate: UInt32) -> UInt32 {
      let gap = RTPClock(rate: max(1, clockRate)).units(in: .nanoseconds(max(0, time &- self.time)))
      return timestamp &+ UInt32(truncatingIfNeeded: max(gap, Int64(clockRate) / 50))
    }
  }

  /// Nil without ICE.
  public var ice: IceCheckpoint?
  public var keys: SRTPKeyingMaterial
  public var receiver: SRTPReceiverCheckpoint
  public var streams: [Stream]
  /// The local address that media is sent from.
  public var localAddress: TransportAddress

  enum CodingKeys: String, CodingKey {
    case ice, keys, receiver, streams
    case localAddress = "local_address"
  }

  func stream(at index: Int) -> Stream? { index < streams.count ? streams[index] : nil }
}

extension Peer {
  /// Nil before it is connected, and while it is without an address.
  public func checkpoint(now: Instant) -> PeerCheckpoint? {
    guard let keys, let received = receivedSoFar, !isOver else { return nil }
    let ice = path.checkpoint
    guard ice != nil || path.isLatched else { return nil }
    var streams: [PeerCheckpoint.Stream] = []
    for index in 0..<self.streams.count {
      guard let reservation = self.streams[index].reservation else { return nil }
      let newest = self.streams[index].rewriter.newest
      streams.append(
        PeerCheckpoint.Stream(
          reservation: reservation, timestamp: newest?.timestamp ?? self.streams[index].own.timestamp,
          time: configuration.wallClock.unixNanoseconds(at: newest?.at ?? now)))
    }
    return PeerCheckpoint(
      ice: ice, keys: keys, receiver: received, streams: streams, localAddress: localAddress)
  }

  private var receivedSoFar: SRTPReceiverCheckpoint? {
    switch receiver {
    case .some(let receiver): receiver.checkpoint
    case nil: nil
    }
  }

  /// Goes on where another process was: media may flow at once, and STUN checks are sent until the client answers.
  ///
  /// - Parameter configuration: As the other process had it, but for its `wallClock`. Of its connectivity and keying the
  ///   checkpoint's are used.
  public init(restoring checkpoint: PeerCheckpoint, _ configuration: PeerConfiguration, at now: Instant) {
    var randomness = configuration.randomness
    if let ice = checkpoint.ice {
      let path = PeerPath(restoring: ice, configuration.ice, at: now)
      self.init(configuration, path, randomness, restoring: checkpoint, at: now)
      remoteAddress = ice.remoteAddress
    } else {
      let path = PeerPath(configuration, using: &randomness, at: now)
      self.init(configuration, path, randomness, restoring: checkpoint, at: now)
    }
    localAddress = checkpoint.localAddress
    takeKeys(checkpoint.keys)
  }
}
