import Glibc
import Media
import Runtime

/// Peers on a virtual network, in virtual time that goes on in small steps.
public final class VirtualWorld {
  public var network: VirtualNetwork
  public private(set) var now = Instant(nanoseconds: 1_000_000_000)
  /// How often peers are asked whether something is due. Datagrams arrive when they arrive.
  public let step: Duration
  public private(set) var peers: [VirtualPeer] = []
  private var hosts: [TransportAddress: VirtualPeer] = [:]

  public init(seed: UInt64, step: Duration = .milliseconds(1)) {
    network = VirtualNetwork(seed: seed)
    self.step = step
  }

  public func add(_ configuration: PeerConfiguration, at address: TransportAddress) -> VirtualPeer {
    add(Peer(configuration, at: now), at: address)
  }

  public func add(_ peer: consuming Peer, at address: TransportAddress) -> VirtualPeer {
    let host = VirtualPeer(peer, address: address, at: now)
    peers.append(host)
    hosts[address] = host
    return host
  }

  /// It is gone, without a word.
  public func remove(_ peer: VirtualPeer) {
    peers.removeAll { $0 === peer }
    hosts[peer.address] = nil
  }

  public func run(for duration: Duration, afterStep: () -> Void = {}) {
    let end = now + duration
    while now < end {
      now = min(end, now + step)
      let time = now
      while let (arrival, datagram) = network.receive(by: time) {
        hosts[datagram.destination]?.receive(datagram, at: arrival, into: &network)
      }
      for peer in peers { peer.advance(to: time, into: &network) }
      afterStep()
    }
  }

  /// Until it is so, or the time is over.
  ///
  /// - Parameter inRealTime: Whether virtual time goes no faster than the clock on the wall. For handshakes that have to
  ///   be repeated: OpenSSL's retransmission timer knows no other.
  @discardableResult
  public func run(
    until condition: () -> Bool, within limit: Duration = .seconds(10), inRealTime: Bool = false
  ) -> Bool {
    let end = now + limit
    while !condition() {
      guard now < end else { return false }
      run(for: step)
      if inRealTime { usleep(UInt32(clamping: step.nanoseconds / 1000)) }
    }
    return true
  }
}
