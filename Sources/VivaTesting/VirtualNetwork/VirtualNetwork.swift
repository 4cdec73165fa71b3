import Media
import Runtime

/// A network in virtual time: loses, delays, doubles and reorders datagrams by a seed, and has NATs. Sans-IO.
public struct VirtualNetwork {
  public struct Datagram: Sendable {
    public var bytes: [UInt8]
    /// As the receiver sees it.
    public var source: TransportAddress
    /// Where it is received, behind its NAT.
    public var destination: TransportAddress
  }

  private struct Travelling {
    var arrival: Instant
    var datagram: Datagram
  }

  /// Of senders that have none of their own.
  public var conditions = NetworkConditions()
  private var ownConditions: [TransportAddress: NetworkConditions] = [:]
  /// Whether a datagram is let through. For what is to be lost on purpose; senders are as the receiver sees them.
  public var passes: ((Datagram) -> Bool)?

  /// What is never lost by chance: OpenSSL's retransmission timer does not know virtual time.
  public var spares: (([UInt8]) -> Bool)? = VirtualNetwork.isDTLS

  private var random: PeerRandomness
  /// The latest to arrive first, so that what is taken is at the end.
  private var travelling: [Travelling] = []
  private var badState: Set<TransportAddress> = []
  private var lastArrival: [TransportAddress: Instant] = [:]
  /// From the address of a host to the one that others see.
  private var mappings: [TransportAddress: TransportAddress] = [:]
  private var mapped: [TransportAddress: TransportAddress] = [:]

  public private(set) var sent = 0
  public private(set) var lost = 0

  public init(seed: UInt64) {
    random = PeerRandomness.seeded(seed)
  }

  /// Of what a host sends, from now on.
  public mutating func setConditions(_ conditions: NetworkConditions?, from host: TransportAddress) {
    ownConditions[host] = conditions
  }

  /// Puts a host behind a NAT, or gives it another address there: what is sent to the one before is lost.
  public mutating func rebind(_ host: TransportAddress, to outside: TransportAddress) {
    if let before = mappings[host] { mapped[before] = nil }
    mappings[host] = outside
    mapped[outside] = host
  }

  /// The address that others see.
  public func address(of host: TransportAddress) -> TransportAddress { mappings[host] ?? host }

  public mutating func send(
    _ bytes: [UInt8], from host: TransportAddress, to destination: TransportAddress, at now: Instant
  ) {
    sent += 1
    let conditions = ownConditions[host] ?? self.conditions
    let datagram = Datagram(bytes: bytes, source: address(of: host), destination: destination)
    let isSpared = spares?(bytes) ?? false
    guard passes?(datagram) ?? true, !isLost(from: host, conditions) || isSpared else {
      lost += 1
      return
    }
    var arrival = now + conditions.delay + conditions.jitter * random.fraction()
    if !conditions.jitterReorders {
      arrival = max(arrival, lastArrival[host] ?? arrival)
      lastArrival[host] = arrival
    }
    if random.fraction() < conditions.reorder { arrival = arrival + conditions.reorderDelay }
    insert(datagram, at: arrival)
    if random.fraction() < conditions.duplicate { insert(datagram, at: arrival + .milliseconds(1)) }
  }

  /// What a stranger sends, from any address it likes. It is not lost.
  public mutating func inject(
    _ bytes: [UInt8], from source: TransportAddress, to destination: TransportAddress, at now: Instant,
    delay: Duration = .milliseconds(1)
  ) {
    insert(Datagram(bytes: bytes, source: source, destination: destination), at: now + delay)
  }

  /// When the next datagram arrives.
  public var nextArrival: Instant? { travelling.last?.arrival }

  /// The next one that has arrived by `now`, with the time of its arrival. What came to an address that a NAT no longer
  /// has is lost.
  public mutating func receive(by now: Instant) -> (arrival: Instant, datagram: Datagram)? {
    while let next = travelling.last, next.arrival <= now {
      travelling.removeLast()
      var datagram = next.datagram
      if let host = mapped[datagram.destination] {
        datagram.destination = host
      } else if mappings[datagram.destination] != nil {
        // The host is behind a NAT: nobody reaches it directly.
        lost += 1
        continue
      }
      return (next.arrival, datagram)
    }
    return nil
  }

  /// Whether a datagram is DTLS (RFC 7983).
  public static func isDTLS(_ bytes: [UInt8]) -> Bool { (20...63).contains(bytes.first ?? 0) }

  private mutating func isLost(from host: TransportAddress, _ conditions: NetworkConditions) -> Bool {
    if random.fraction() < conditions.loss { return true }
    guard let bursts = conditions.bursts else { return false }
    if badState.contains(host) {
      if random.fraction() < 1 / max(1, bursts.length) { badState.remove(host) }
    } else if random.fraction() < bursts.share / max(0.01, 1 - bursts.share) / max(1, bursts.length) {
      badState.insert(host)
    }
    return badState.contains(host)
  }

  private mutating func insert(_ datagram: Datagram, at arrival: Instant) {
    var low = 0
    var high = travelling.count
    while low < high {
      let middle = (low + high) / 2
      // Of those that arrive together the first sent is taken first: it stands behind.
      if travelling[middle].arrival > arrival {
        low = middle + 1
      } else {
        high = middle
      }
    }
    travelling.insert(Travelling(arrival: arrival, datagram: datagram), at: low)
  }
}

extension PeerRandomness {
  /// 0 ..< 1.
  fileprivate mutating func fraction() -> Double { Double(next() >> 11) / Double(1 << 53) }
}
