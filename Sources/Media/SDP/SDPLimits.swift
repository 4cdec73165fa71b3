/// What a description may hold. A browser's offer with audio, video and data takes 7 KB and 200 lines.
enum SDPLimits {
  static let bytes = 64 << 10
  static let lines = 2048
  static let sections = 32
  /// Lines of one section, or of the session.
  static let linesPerSection = 512
  /// On one `m=` line: there are no more payload types.
  static let formats = 128
  /// Of one section; later ones are left out.
  static let candidates = 32
  /// Of one section (`a=ssrc`); later ones are left out.
  static let sources = 32
  /// Of one section (`a=crypto`); later ones are left out.
  static let cryptoLines = 16
  /// Of one section; later ones are left out.
  static let fingerprints = 16
}
