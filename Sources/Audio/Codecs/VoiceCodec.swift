/// What voice is coded with in RTP, one channel to and from the session.
public enum VoiceCodec: Sendable, Hashable {
  /// RFC 7587.
  case opus
  /// G.711 mu-law (RFC 3551).
  case pcmu
  /// G.711 A-law (RFC 3551).
  case pcma

  /// Of the RTP timestamps, in Hz.
  public var clockRate: Int {
    switch self {
    case .opus: 48_000
    case .pcmu, .pcma: 8_000
    }
  }

  /// Of G.711 codecs.
  var law: G711.Law? {
    switch self {
    case .opus: nil
    case .pcmu: .mu
    case .pcma: .a
    }
  }
}
