/// A candidate as SDP and trickling carry it (RFC 8839, section 5.1).
public struct Candidate: Hashable, Sendable {
  public enum Kind: String, Sendable {
    case host
    case serverReflexive = "srflx"
    case peerReflexive = "prflx"
    case relayed = "relay"
  }

  public enum Transport: String, Sendable {
    case udp, tcp
  }

  public enum Address: Hashable, Sendable {
    case ip(TransportAddress)
    /// A name that hides the address from the page (mDNS; draft-ietf-mmusic-mdns-ice-candidates). It cannot be resolved
    /// outside of the client's network, and need not be: the client's checks show where it is.
    case mdns(name: String, port: UInt16)
  }

  /// 1...32 characters; equal for candidates whose checks fare alike.
  public var foundation: String
  /// 1 for RTP, and for everything with rtcp-mux; 1...256.
  public var component: Int
  public var transport: Transport
  public var priority: UInt32
  public var address: Address
  public var kind: Kind
  /// Where the candidate was learned from, for all but hosts; nil when it is not told, or is a name.
  public var relatedAddress: TransportAddress?

  public init(
    foundation: String, component: Int = 1, transport: Transport = .udp, priority: UInt32, address: Address,
    kind: Kind, relatedAddress: TransportAddress? = nil
  ) {
    self.foundation = foundation
    self.component = component
    self.transport = transport
    self.priority = priority
    self.address = address
    self.kind = kind
    self.relatedAddress = relatedAddress
  }

  /// Host candidates of a server that is reached at `addresses` (its own, or those of the NAT in front of it), most
  /// wanted first, all at `port`.
  public static func hosts(at addresses: [TransportAddress], port: UInt16) -> [Candidate] {
    addresses.enumerated().map { index, address in
      // Any text will do that differs between base addresses (RFC 8445, section 5.1.1.3).
      let foundation = STUNFingerprint.crc32(Array("host udp \(address.host)".utf8).span.bytes)
      return Candidate(
        foundation: "\(foundation)",
        priority: priority(.host, localPreference: UInt16(clamping: Int(UInt16.max) - index)),
        address: .ip(address.withPort(port)), kind: .host)
    }
  }

  /// RFC 8445, section 5.1.2.1.
  ///
  /// - Parameters:
  ///   - localPreference: Among candidates of one kind; a single one has the highest.
  ///   - component: 1...256.
  public static func priority(
    _ kind: Kind, localPreference: UInt16 = .max, component: Int = 1
  ) -> UInt32 {
    UInt32(kind.preference) << 24 | UInt32(localPreference) << 8 | UInt32(256 - min(max(component, 1), 256))
  }
}

extension Candidate.Kind {
  /// The values that RFC 8445, section 5.1.2.2, recommends.
  fileprivate var preference: UInt8 {
    switch self {
    case .host: 126
    case .peerReflexive: 110
    case .serverReflexive: 100
    case .relayed: 0
    }
  }
}
