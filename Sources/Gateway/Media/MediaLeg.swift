import Audio
import Media
import Runtime

/// One caller's media: their peer, what they say on its way to the session, what the agent says on its way to them.
struct MediaLeg: ~Copyable {
  /// Addresses that lead to it; the peer itself knows how far each is to be trusted.
  static let maximumAddresses = 8

  /// Of `heardSources`: a track, and the one that it took the place of.
  static let maximumHeardSources = 2

  /// Of the agent's voice: half a minute. Sessions hand over far less at a time.
  private static let queueBytes = 3 << 19

  let tag: UInt32
  var peer: Peer
  var jitter: JitterBuffer
  var playout: Playout
  var addresses: [TransportAddress] = []
  /// The SSRCs that its packets have, of a peer that is keyed by SDES; empty for others, which may send any.
  var declaredSources: [UInt32]
  /// For others: the newest that their authentic audio had, and that lead to them.
  var heardSources: [UInt32] = []
  private var voice: VoicePlan
  /// When something authentic last came.
  var lastHeard: Instant
  /// It is in the queue of handshakes.
  var isQueued = false
  /// The session is over, or the guest gone; what is left are the last events on their way out.
  var isClosing = false
  /// What comes is decoded: the caller's voice, and that of who speaks in the agent's place.
  var isTranscribed: Bool
  /// The place of the caller in whose room its packets go to others; nil while nobody else is there.
  var room: Int?
  /// In that room.
  var seat = 0

  init(tag: UInt32, _ configuration: PeerConfiguration, _ voice: VoicePlan, isTranscribed: Bool, at now: Instant) {
    self.tag = tag
    self.isTranscribed = isTranscribed
    self.voice = voice
    declaredSources = Self.declaredSources(configuration)
    peer = Peer(configuration, at: now)
    jitter = JitterBuffer(voice.codec)
    playout = Playout(voice.format, queueBytes: Self.queueBytes, at: now)
    lastHeard = now
    addresses.reserveCapacity(Self.maximumAddresses)
    heardSources.reserveCapacity(Self.maximumHeardSources)
  }

  private static func declaredSources(_ configuration: PeerConfiguration) -> [UInt32] {
    guard case .sdes = configuration.keying else { return [] }
    return configuration.audio.flatMap(\.remoteSources)
  }

  /// Other keys: the peer begins anew. What the agent says waits for it.
  mutating func replacePeer(_ configuration: PeerConfiguration, at now: Instant) {
    peer = Peer(configuration, at: now)
    jitter = JitterBuffer(voice.codec)
    declaredSources = Self.declaredSources(configuration)
    isQueued = false
  }

  /// Other codecs, perhaps.
  ///
  /// - Returns: whether what the agent was about to say is lost with that.
  mutating func set(_ voice: VoicePlan, at now: Instant) -> Bool {
    let before = self.voice
    self.voice = voice
    if voice.codec != before.codec { jitter = JitterBuffer(voice.codec) }
    guard voice.format != before.format else { return false }
    playout = Playout(voice.format, queueBytes: Self.queueBytes, at: now)
    return true
  }

  /// Takes a packet of the caller's voice.
  ///
  /// - Parameter payload: where `audio` says that it is.
  mutating func hear(_ audio: borrowing ReceivedAudio, _ payload: UnsafeRawBufferPointer, at now: Instant) {
    lastHeard = now
    // Digits are no sound, and a stream of padding probes the network.
    guard isTranscribed, !audio.isTelephoneEvent, !payload.isEmpty, !isClosing else { return }
    jitter.insert(
      payload.bytes, sequenceNumber: audio.sequenceNumber.rawValue, timestamp: audio.timestamp, ssrc: audio.ssrc,
      audioLevel: audio.audioLevel?.decibelsBelowOverload, at: now)
  }
}

extension VoiceCodec {
  init?(_ encoding: AudioCodec.Encoding) {
    switch encoding {
    case .opus: self = .opus
    case .pcmu: self = .pcmu
    case .pcma: self = .pcma
    case .telephoneEvent, .other: return nil
    }
  }
}
