/// Which stream and track a section sends (`a=msid`, RFC 8830).
public struct MediaTrack: Sendable, Hashable {
  /// `-` where a track is of no stream.
  public let stream: String
  public let track: String

  /// Both of 1 to 64 visible ASCII characters, or else nil.
  public init?(stream: String, track: String) {
    guard Substring(stream).isVisible(length: 1...64), Substring(track).isVisible(length: 1...64) else { return nil }
    self.stream = stream
    self.track = track
  }

  /// The attribute's value; a stream alone stands for a track of the same name.
  init?(_ value: Substring) {
    let fields = value.fields
    guard let stream = fields.first else { return nil }
    self.init(stream: String(stream), track: String(fields.count > 1 ? fields[1] : stream))
  }

  /// The attribute's value.
  var text: String { "\(stream) \(track)" }
}
