import Runtime

/// How the other side is found and checked: as the lite agent, as the controlling one, or without ICE. One of three.
struct PeerPath: ~Copyable {
  var lite: IceLiteAgent?
  var controlling: IceControllingAgent?
  var latched: LatchedPath?

  init(_ configuration: PeerConfiguration, using generator: inout PeerRandomness, at now: Instant) {
    switch configuration.connectivity {
    case .lite(let local, let remote):
      lite = IceLiteAgent(local: local, remote: remote, configuration: configuration.ice)
    case .controlling(let local, let remote, let candidates):
      controlling = IceControllingAgent(
        local: local, remote: remote, tieBreaker: generator.next(), configuration: configuration.ice)
      controlling!.add(candidates, at: now)
    case .latching:
      latched = LatchedPath(configuration.ice)
    case .fixed(let address):
      latched = LatchedPath(configuration.ice)
      _ = latched!.received(from: address, isNewest: true, at: now)
    }
  }

  /// The lite agent of a process that was there before.
  init(restoring checkpoint: IceCheckpoint, _ configuration: IceConfiguration, at now: Instant) {
    lite = IceLiteAgent(restoring: checkpoint, configuration: configuration, at: now)
  }

  var state: IceState {
    switch lite {
    case .some(let agent): return agent.state
    case nil: break
    }
    switch controlling {
    case .some(let agent): return agent.state
    case nil: return latched?.state ?? .new
    }
  }

  /// For the SDP; nil without ICE.
  var localCredentials: IceCredentials? {
    switch lite {
    case .some(let agent): return agent.localCredentials
    case nil: break
    }
    switch controlling {
    case .some(let agent): return agent.localCredentials
    case nil: return nil
    }
  }

  /// Of the lite agent; nil while nothing is selected, and for others.
  var checkpoint: IceCheckpoint? {
    switch lite {
    case .some(let agent): agent.checkpoint
    case nil: nil
    }
  }

  var isLatched: Bool { latched != nil }
  /// What is known from the start.
  var fixedAddress: TransportAddress? { latched?.selected }

  /// Whether DTLS and SRTP may be looked at. Without ICE every SRTP packet has to be, to learn whether it is authentic.
  func isValid(_ address: TransportAddress, at now: Instant) -> Bool {
    if lite != nil { return lite!.isValid(address, at: now) }
    if controlling != nil { return controlling!.isValid(address, at: now) }
    return true
  }

  /// Whether addresses are confirmed that media comes from before a check does: the lite agent's part, once an address
  /// is selected.
  var followsMedia: Bool {
    switch lite {
    case .some(let agent): agent.selected != nil
    case nil: false
    }
  }

  /// Of the lite agent.
  var unconfirmedAddress: TransportAddress? {
    switch lite {
    case .some(let agent): agent.unconfirmed?.address
    case nil: nil
    }
  }

  mutating func heard(from source: TransportAddress, at now: Instant) {
    if lite != nil { lite!.heard(from: source, at: now) }
  }

  mutating func receive(
    _ message: STUNMessage, in datagram: RawSpan, from source: TransportAddress, at now: Instant,
    reply: inout MutableRawSpan
  ) -> IceOutput {
    if lite != nil { return lite!.receive(message, in: datagram, from: source, at: now, reply: &reply) }
    if controlling != nil {
      return controlling!.receive(message, in: datagram, from: source, at: now, reply: &reply)
    }
    return IceOutput()
  }

  mutating func advance(to now: Instant) -> IceEvent? {
    if lite != nil { return lite!.advance(to: now) }
    if controlling != nil { return controlling!.advance(to: now) }
    return latched?.advance(to: now)
  }

  var nextDeadline: Instant? {
    switch lite {
    case .some(let agent): return agent.nextDeadline
    case nil: break
    }
    switch controlling {
    case .some(let agent): return agent.nextDeadline
    case nil: return latched?.nextDeadline
    }
  }

  mutating func nextCheck(
    at now: Instant, using generator: inout PeerRandomness, into buffer: inout MutableRawSpan
  ) -> IceCheck? {
    if lite != nil { return lite!.nextCheck(at: now, using: &generator, into: &buffer) }
    if controlling != nil { return controlling!.nextCheck(at: now, using: &generator, into: &buffer) }
    return nil
  }
}
