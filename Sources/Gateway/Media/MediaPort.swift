import Audio
import Media
import Realtime
import Runtime
import Sessions
import Synchronization
import VivaConfiguration

/// Where the media of a shard's calls comes in: its UDP sockets, on one port, and all peers behind it.
///
/// The answer to an offer is made on any thread, for it names the port; what happens on the port is the shard's.
final class MediaPort: Sendable {
  let shard: Shard
  /// The same for all its sockets.
  let udpPort: UInt16
  private let candidates: [Candidate]
  private let identity: DTLSIdentity
  private let settings: WebRTCSettings
  private let tags = Mutex(PeerTags())
  private let sources = Mutex(DeclaredSources())
  private let published = Mutex(Published())
  private let running = Mutex<Confined?>(nil)

  /// `@unchecked Sendable`: the loop is touched only by what `onShard` posts to the shard's thread, and by what it itself
  /// has called there.
  private struct Confined: @unchecked Sendable {
    let loop: MediaLoop
  }

  private struct Published {
    var port = MediaFigures()
    var calls: [UInt32: StreamFigures] = [:]
  }

  /// Binds the sockets.
  init(shard: Shard, identity: DTLSIdentity, settings: WebRTCSettings) throws(MediaPortError) {
    self.shard = shard
    self.identity = identity
    self.settings = settings
    let bound = try MediaSockets.bind(settings, shard: shard.index)
    udpPort = bound.port
    candidates = Candidate.hosts(at: LocalAddresses.advertised(settings), port: bound.port)
    let loop = MediaLoop(
      shard: shard, port: self, sockets: bound.sockets, count: bound.count, settings: settings)
    running.withLock { $0 = Confined(loop: loop) }
  }

  /// Begins to take datagrams.
  func start() {
    onShard { loop in
      do throws(SystemError) { try loop.start() } catch { fatalError("a UDP socket cannot be watched: \(error)") }
    }
  }

  /// Takes no more datagrams: after the sessions have ended.
  func stop() {
    onShard { [self] loop in
      loop.stop()
      // A session that is late may still call into it.
      if loop.isIdle { running.withLock { $0 = nil } }
    }
  }

  private func onShard(_ body: @escaping @Sendable (MediaLoop) -> Void) {
    shard.post { [self] in
      guard let confined = running.withLock({ $0 }) else { return }
      body(confined.loop)
    }
  }

  // MARK: Answers

  /// A number for a peer; nil when there are too many of them.
  func reserve() -> UInt32? { tags.withLock { $0.reserve() } }

  func giveBack(_ tag: UInt32) {
    sources.withLock { $0.release(tag) }
    tags.withLock { $0.giveBack(tag) }
  }

  /// - Parameters:
  ///   - encoding: the only one that will do; nil for any.
  ///   - maySpeak: whether who offers is heard.
  func answer(
    to offer: Offer, tag: UInt32, encoding: AudioCodec.Encoding? = nil, maySpeak: Bool = true
  ) throws(OfferRefusal) -> Answer {
    var generator = SystemRandomNumberGenerator()
    let local = local(tag, using: &generator)
    var policy = Self.policy
    if let encoding { policy.encodings = [encoding] }
    policy.maySpeak = maySpeak
    return try Answer(to: offer, policy: policy, local: local, sessionID: generator.next())
  }

  /// The answer to an offer that came over a WebSocket which nobody else can read: its keys may be in the SDP (SDES).
  ///
  /// - Parameter previous: the one that is in force, if any.
  func answerBesideSocket(to offer: Offer, tag: UInt32, after previous: Answer? = nil) throws(OfferRefusal) -> Answer {
    var generator = SystemRandomNumberGenerator()
    var local = local(tag, using: &generator)
    local.sdesKeys = SRTPProfile.allCases.map { SRTPMasterKey(profile: $0, using: &generator) }
    var policy = Self.policy
    policy.acceptsData = false
    let answer: Answer
    if let previous {
      if try OfferChange(to: previous, by: offer).iceRestart == nil { local.credentials = previous.local.credentials }
      answer = try previous.next(to: offer, policy: policy, local: local)
    } else {
      answer = try Answer(to: offer, policy: policy, local: local, sessionID: generator.next())
    }
    try answer.checkSDES(after: previous)
    guard sources.withLock({ $0.claim(answer.declaredSources, by: tag) }) else { throw .sourceInUse }
    return answer
  }

  private static let policy = AnswerPolicy(tracks: [MediaTrack(stream: "viva", track: "agent")].compactMap { $0 })

  private func local(_ tag: UInt32, using generator: inout SystemRandomNumberGenerator) -> LocalTransport {
    LocalTransport(
      credentials: IceCredentials(routingTag: tag, using: &generator), fingerprint: identity.fingerprint,
      candidates: candidates)
  }

  // MARK: Calls

  /// How somebody takes part whose offer was answered.
  enum Part: Sendable {
    /// As the caller; so many guests may join them.
    case caller(maximumGuests: Int)
    /// As the caller, whose session has a WebSocket: it learns of the media when the first packet comes.
    case besideSocket(maximumGuests: Int)
    /// As a guest in the room of the caller with the tag `host`.
    case guest(host: UInt32, ParticipantID, RoomRole?, key: SidebandRole)
  }

  /// Waits for whoever gets `answer`.
  ///
  /// - Parameter onEnd: called on the shard once nothing is left of them.
  func open(
    _ session: Session, as part: Part, answer: Answer, tag: UInt32, onEnd: @escaping @Sendable () -> Void
  ) {
    guard var peer = configuration(answer), let voice = VoicePlan(answer) else {
      giveBack(tag)
      switch part {
      case .caller: session.disconnected()
      case .besideSocket: break
      case .guest(_, let participant, _, _): session.leave(participant)
      }
      return onEnd()
    }
    peer.connectTimeout = .seconds(settings.connectTimeoutSeconds)
    peer.dtls.handshakeTimeout = .seconds(settings.handshakeTimeoutSeconds)
    let data = DataChannelPlan(answer)
    let configuration = peer
    onShard { loop in
      func make(_ guest: (UInt32, ParticipantID)?, guestsBesideSocket: Int? = nil) -> CallMedia {
        CallMedia(
          session: session, tag: tag, guest: guest, loop: loop, format: voice.format, data: data,
          guestsBesideSocket: guestsBesideSocket, onEnd: onEnd)
      }
      switch part {
      case .caller(let maximumGuests):
        loop.open(
          make(nil), MediaLeg(tag: tag, configuration, voice, isTranscribed: true, at: .now),
          maximumGuests: maximumGuests)
      case .besideSocket(let maximumGuests):
        loop.expect(
          make(nil, guestsBesideSocket: maximumGuests),
          MediaLeg(tag: tag, configuration, voice, isTranscribed: true, at: .now))
      case .guest(let host, let participant, let role, let key):
        loop.join(
          make((host, participant)), MediaLeg(tag: tag, configuration, voice, isTranscribed: false, at: .now),
          role: role, key: key)
      }
    }
  }

  private func configuration(_ answer: Answer) -> PeerConfiguration? {
    var generator = SystemRandomNumberGenerator()
    return PeerConfiguration(
      answer: answer, identity: identity, ssrc: generator.next(),
      canonicalName: String(generator.next() as UInt64, radix: 36), wallClock: .now)
  }

  /// `answer` takes the place of `previous`, of the media beside a WebSocket.
  func renegotiate(_ tag: UInt32, from previous: Answer, to answer: Answer) {
    guard var configuration = configuration(answer), let voice = VoicePlan(answer) else { return }
    // The media has come about once, and the WebSocket tells how long it is wanted.
    configuration.connectTimeout = .seconds(86_400)
    let (peer, isRekeyed) = (configuration, previous.transport.keying != answer.transport.keying)
    onShard { $0.renegotiate(tag, peer, voice, isRekeyed: isRekeyed) }
    guard !isRekeyed, let remote = answer.transport.remoteCredentials, remote != previous.transport.remoteCredentials
    else { return }
    restartICE(tag, local: answer.local.credentials, remote: remote)
  }

  /// The WebSocket beside the media is closed.
  func release(_ tag: UInt32) {
    onShard { $0.release(tag) }
  }

  /// A guest hangs up.
  func leave(_ tag: UInt32) {
    onShard { $0.leave(tag) }
  }

  /// Somebody does not read their events.
  func giveUp(_ tag: UInt32) {
    onShard { $0.giveUp(tag) }
  }

  func restartICE(_ tag: UInt32, local: IceCredentials, remote: IceCredentials) {
    onShard { $0.restartICE(tag, local: local, remote: remote) }
  }

  func sendData(_ tag: UInt32, _ packets: [[UInt8]]) {
    onShard { $0.sendData(tag, packets) }
  }

  /// The data channel of a call that is over has nothing more to send.
  func finish(_ tag: UInt32) {
    onShard { $0.finish(tag) }
  }

  // MARK: Figures

  /// At most a second old.
  var figures: MediaFigures { published.withLock { $0.port } }

  /// Of one call; nil before its first second.
  func figures(of tag: UInt32) -> StreamFigures? { published.withLock { $0.calls[tag] } }

  func publish(_ figures: MediaFigures, _ calls: [UInt32: StreamFigures]) {
    published.withLock { $0 = Published(port: figures, calls: calls) }
  }
}

/// What was negotiated of the voices.
struct VoicePlan: Sendable, Hashable {
  /// Of what comes.
  var codec: VoiceCodec
  /// Of what goes.
  var format: PlayoutFormat

  /// Nil when no section has a codec.
  init?(_ answer: Answer) {
    guard let sent = answer.audio.first(where: { $0.direction.sends }) ?? answer.audio.first,
      let sentCodec = VoiceCodec(sent.codec.encoding)
    else { return nil }
    codec = answer.voice.flatMap { VoiceCodec($0.codec.encoding) } ?? sentCodec
    format = PlayoutFormat(sentCodec, packetMilliseconds: sent.packetTime ?? 20)
    if let limit = sent.remoteOpus.maximumAverageBitrate {
      format.maximumBitrate = min(format.maximumBitrate, Int(limit))
    }
    format.usesFEC = sent.remoteOpus.useInbandFEC
  }
}
