/// How a client's audio is coded; always mono to and from the session.
public enum AudioEncoding: Sendable, Equatable {
  /// Signed 16 bit, little-endian, 24 kHz.
  case pcm
  /// G.711 mu-law, 8 kHz.
  case mulaw
  /// G.711 A-law, 8 kHz.
  case alaw
  /// One Opus packet a payload (RFC 6716).
  case opus
}
