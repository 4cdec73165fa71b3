import Media
import Runtime

/// A client and a server that have negotiated a call, as configurations for two peers.
public struct VirtualCall {
  public var client: PeerConfiguration
  public var server: PeerConfiguration

  public struct Options {
    public var seed: UInt64 = 1
    /// The server's DTLS role.
    public var role = DTLSRole.server
    public var profiles = SRTPProfile.allCases
    public var carriesData = false
    public var nack = true
    /// Sections in which the client listens, beside the first.
    public var listeningSections = 0
    public var now = Instant(nanoseconds: 1_000_000_000)
    public var routingTag: UInt32 = 7
    public var clientIdentity: DTLSIdentity?
    public var serverIdentity: DTLSIdentity?

    public init() {}
  }

  public static let serverAddress = TransportAddress("198.51.100.1:40000")!
  public static let clientAddress = TransportAddress("192.0.2.10:5000")!

  /// By an offer and its answer.
  public init(_ options: Options = Options()) throws {
    var random = PeerRandomness.seeded(options.seed)
    let identities = try (
      client: options.clientIdentity ?? Self.identity(options), server: options.serverIdentity ?? Self.identity(options)
    )
    var offer = OfferBuilder(
      local: LocalTransport(
        credentials: IceCredentials(routingTag: 1, using: &random), fingerprint: identities.client.fingerprint,
        candidates: []),
      sessionID: 1)
    offer.offersData = options.carriesData
    offer.offersNACK = options.nack
    offer.listeningSections = options.listeningSections
    let local = Self.local(identities.server, options, &random)
    var tracks = [MediaTrack(stream: "viva", track: "agent")!]
    for index in 0..<options.listeningSections { tracks.append(MediaTrack(stream: "viva", track: "voice-\(index)")!) }
    var policy = AnswerPolicy(tracks: tracks)
    policy.role = options.role
    let answer = try Answer(to: Offer(offer.text), policy: policy, local: local, sessionID: 2)
    let received = try ReceivedAnswer(Array(answer.text.utf8), to: offer)

    let wallClock = WallClock(at: options.now, unixNanoseconds: 1_800_000_000_000_000_000)
    server = PeerConfiguration(
      answer: answer, identity: identities.server, ssrc: 0x5EE7_0001, canonicalName: "server", wallClock: wallClock)!
    client = PeerConfiguration(
      answer: received, to: offer, identity: identities.client, ssrc: 0xC11E_0001, canonicalName: "client",
      wallClock: wallClock)!
    server.randomness = .seeded(options.seed &+ 1)
    client.randomness = .seeded(options.seed &+ 2)
  }

  /// By an offer that a browser made. Its credentials and its fingerprint are replaced, since nobody has its secrets.
  public init(recordedOffer text: String, _ options: Options = Options()) throws {
    var random = PeerRandomness.seeded(options.seed)
    let identities = try (
      client: options.clientIdentity ?? Self.identity(options), server: options.serverIdentity ?? Self.identity(options)
    )
    let credentials = IceCredentials(routingTag: 1, using: &random)
    let lines = text.split(whereSeparator: \.isNewline).map { line -> String in
      if line.hasPrefix("a=ice-ufrag:") { return "a=ice-ufrag:\(credentials.ufrag)" }
      if line.hasPrefix("a=ice-pwd:") { return "a=ice-pwd:\(credentials.password)" }
      if line.hasPrefix("a=fingerprint:") { return "a=fingerprint:\(identities.client.fingerprint)" }
      return String(line)
    }
    let local = Self.local(identities.server, options, &random)
    var policy = AnswerPolicy(tracks: [MediaTrack(stream: "viva", track: "agent")!])
    policy.role = options.role
    let answer = try Answer(
      to: Offer(lines.joined(separator: "\r\n") + "\r\n"), policy: policy, local: local, sessionID: 2)

    let wallClock = WallClock(at: options.now, unixNanoseconds: 1_800_000_000_000_000_000)
    server = PeerConfiguration(
      answer: answer, identity: identities.server, ssrc: 0x5EE7_0001, canonicalName: "server", wallClock: wallClock)!
    let role: DTLSRole = answer.transport.role == .client ? .server : .client
    client = PeerConfiguration(
      connectivity: .controlling(local: credentials, remote: local.credentials, candidates: local.candidates),
      keying: .dtls(identity: identities.client, role: role, fingerprints: [identities.server.fingerprint]),
      audio: server.audio.map(\.reversed), ssrc: 0xC11E_0001, canonicalName: "client", wallClock: wallClock)
    client.carriesData = server.carriesData
    server.randomness = .seeded(options.seed &+ 1)
    client.randomness = .seeded(options.seed &+ 2)
  }

  /// SDES, as a gateway has it: with no ICE and no DTLS.
  public init(sdes profile: SRTPProfile, seed: UInt64, nack: Bool = true) {
    var random = PeerRandomness.seeded(seed)
    let keys = (SRTPMasterKey(profile: profile, using: &random), SRTPMasterKey(profile: profile, using: &random))
    var audio = PeerAudio(payloadType: 111, clockRate: 48_000)
    audio.nack = nack
    let wallClock = WallClock(
      at: Instant(nanoseconds: 1_000_000_000), unixNanoseconds: 1_800_000_000_000_000_000)
    var heard = audio
    heard.remoteSources = [0xC11E_0001]
    server = PeerConfiguration(
      connectivity: .latching, keying: .sdes(SRTPKeyingMaterial(local: keys.0, remote: keys.1)!), audio: [heard],
      ssrc: 0x5EE7_0001, canonicalName: "server", wallClock: wallClock)
    client = PeerConfiguration(
      connectivity: .fixed(Self.serverAddress), keying: .sdes(SRTPKeyingMaterial(local: keys.1, remote: keys.0)!),
      audio: [audio], ssrc: 0xC11E_0001, canonicalName: "client", wallClock: wallClock)
    server.randomness = .seeded(seed &+ 1)
    client.randomness = .seeded(seed &+ 2)
  }

  private static func identity(_ options: Options) throws -> DTLSIdentity {
    try DTLSIdentity.generate(notBefore: 1_700_000_000, notAfter: 2_000_000_000, profiles: options.profiles)
  }

  private static func local(
    _ identity: DTLSIdentity, _ options: Options, _ random: inout PeerRandomness
  ) -> LocalTransport {
    LocalTransport(
      credentials: IceCredentials(routingTag: options.routingTag, using: &random), fingerprint: identity.fingerprint,
      candidates: Candidate.hosts(at: [serverAddress], port: serverAddress.port))
  }
}
