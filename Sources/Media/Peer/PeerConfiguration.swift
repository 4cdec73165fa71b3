import Glibc
import Runtime

/// What a `Peer` is made of: what was negotiated, and what is random.
public struct PeerConfiguration: Sendable {
  /// How the other side's addresses are found and checked.
  public enum Connectivity: Sendable {
    /// The server's side of ICE. The client's credentials may follow.
    case lite(local: IceCredentials, remote: IceCredentials?)
    /// The client's side of ICE, with the server's candidates.
    case controlling(local: IceCredentials, remote: IceCredentials?, candidates: [Candidate])
    /// None, with SDES only: the other side is where authenticated packets come from.
    case latching
    /// None: the other side is there, and sent to without being asked. For bots with SDES.
    case fixed(TransportAddress)
  }

  public enum Keying: Sendable {
    /// - Parameters:
    ///   - role: Ours.
    ///   - fingerprints: Of the other side's certificate, as its SDP announced them.
    case dtls(identity: DTLSIdentity, role: DTLSRole, fingerprints: [DTLSFingerprint])
    /// Only when the keys came over TLS or the loopback interface.
    case sdes(SRTPKeyingMaterial)
  }

  public var connectivity: Connectivity
  public var keying: Keying
  /// The accepted sections. Those of which `direction` sends have a stream each, in their order.
  public var audio: [PeerAudio]
  /// Whether a data channel was accepted. Otherwise the SSL object is freed when the handshake is over.
  public var carriesData = false
  /// Of the first stream, random; further streams draw theirs.
  public var ssrc: UInt32
  /// CNAME of reports (RFC 7022: random, the same for all streams of an endpoint), at most 255 bytes.
  public var canonicalName: String
  public var randomness = PeerRandomness.system
  /// The clock on the wall at some instant, for sender reports and checkpoints.
  public var wallClock: WallClock

  public var ice = IceConfiguration()
  public var dtls = DTLSConfiguration()
  /// From the making of the peer until media may flow.
  public var connectTimeout = Duration.seconds(30)
  /// Mean time between reports.
  public var reportInterval = Duration.seconds(1)
  /// How long a lost packet is worth asking for: the depth of the jitter buffer that gets it.
  public var retransmissionUsefulAge = Duration.milliseconds(300)
  /// Whether the packet indices of `PeerEvent.reservation` are waited for. Without a store they are given at once.
  public var reservesDurably = false

  /// - Parameter ssrc: Random.
  public init(
    connectivity: Connectivity, keying: Keying, audio: [PeerAudio], ssrc: UInt32, canonicalName: String,
    wallClock: WallClock
  ) {
    self.connectivity = connectivity
    self.keying = keying
    self.audio = audio
    self.ssrc = ssrc
    self.canonicalName = canonicalName
    self.wallClock = wallClock
  }
}

/// What the clock on the wall showed at an instant.
public struct WallClock: Sendable, Hashable {
  public var at: Instant
  /// Since 1970.
  public var unixNanoseconds: Int64

  public init(at: Instant, unixNanoseconds: Int64) {
    self.at = at
    self.unixNanoseconds = unixNanoseconds
  }

  /// `CLOCK_REALTIME`. Called by shells, not by cores, as `Instant.now` is.
  public static var now: WallClock {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return WallClock(at: .now, unixNanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// What it shows at another instant, if nobody sets it.
  func unixNanoseconds(at instant: Instant) -> Int64 {
    unixNanoseconds &+ (instant.nanoseconds &- at.nanoseconds)
  }

  func ntp(at instant: Instant) -> NTPTimestamp { NTPTimestamp(unixNanoseconds: unixNanoseconds(at: instant)) }
}

extension PeerConfiguration {
  /// The server's side of a call that was answered.
  ///
  /// - Parameter identity: The one whose fingerprint is in the answer.
  /// - Returns: Nil when the two keys of SDES are not of one suite.
  public init?(answer: Answer, identity: DTLSIdentity, ssrc: UInt32, canonicalName: String, wallClock: WallClock) {
    let transport = answer.transport
    let connectivity =
      transport.remoteCredentials.map { Connectivity.lite(local: answer.local.credentials, remote: $0) } ?? .latching
    guard let keying = Keying(transport.keying, identity: identity) else { return nil }
    self.init(
      connectivity: connectivity, keying: keying, audio: answer.audio.map(PeerAudio.init), ssrc: ssrc,
      canonicalName: canonicalName, wallClock: wallClock)
    carriesData = answer.data != nil
  }

  /// The client's side of a call: a bot that made `offer`.
  ///
  /// - Parameter identity: The one whose fingerprint is in the offer.
  /// - Returns: Nil when the two keys of SDES are not of one suite.
  public init?(
    answer: ReceivedAnswer, to offer: OfferBuilder, identity: DTLSIdentity, ssrc: UInt32, canonicalName: String,
    wallClock: WallClock
  ) {
    guard let keying = Keying(answer.transport.keying, identity: identity) else { return nil }
    self.init(
      connectivity: .controlling(
        local: offer.local.credentials, remote: answer.transport.remoteCredentials,
        candidates: answer.transport.candidates),
      keying: keying, audio: answer.audio.map(PeerAudio.init), ssrc: ssrc, canonicalName: canonicalName,
      wallClock: wallClock)
    carriesData = answer.data != nil
  }
}

extension PeerConfiguration.Keying {
  init?(_ negotiated: NegotiatedTransport.Keying, identity: DTLSIdentity) {
    switch negotiated {
    case .dtls(let role, let fingerprints):
      self = .dtls(identity: identity, role: role, fingerprints: fingerprints)
    case .sdes(let local, let remote):
      guard let keys = SRTPKeyingMaterial(local: local.key, remote: remote.key) else { return nil }
      self = .sdes(keys)
    }
  }
}
