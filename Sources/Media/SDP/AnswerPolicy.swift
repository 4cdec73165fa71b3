/// What the server is willing to answer.
public struct AnswerPolicy: Sendable {
  /// The first that is offered is taken.
  public var encodings: [AudioCodec.Encoding] = [.opus, .pcmu, .pcma]
  /// What we want to receive.
  public var opus: OpusParameters = {
    var opus = OpusParameters()
    opus.minimumPacketTime = 10
    opus.useInbandFEC = true
    return opus
  }()
  /// Those that are taken where they are offered.
  public var extensions: [HeaderExtension.Kind] = [.audioLevel, .mid]
  /// Which DTLS role we take when we may choose.
  public var role = DTLSRole.server
  /// Whether the participant is heard.
  public var maySpeak = true
  /// Whether the participant hears.
  public var mayListen = true
  /// What we send, at most one in a section; further ones where the offer has more sections that receive.
  public var tracks: [MediaTrack]
  public var acceptsData = true
  /// The largest data channel message that we take, in bytes.
  public var maximumMessageSize = 256 << 10
  /// Whether an offer of nothing but data is refused. A session in progress may end its audio.
  public var requiresAudio = true

  public init(tracks: [MediaTrack]) {
    self.tracks = tracks
  }
}
