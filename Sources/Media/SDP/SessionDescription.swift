/// A description as its lines say it, before their meaning is asked for: what is not known here is kept.
struct SessionDescription: Sendable, Equatable {
  /// The lines before the first `m=`, `v=` and `o=` included.
  var session: [SDPLine] = []
  var sections: [Section] = []

  /// An `m=` line and those that belong to it (RFC 8866, section 5.14).
  struct Section: Sendable, Equatable {
    /// `audio`, `video`, `application` or another word.
    var media: String
    var port: UInt16
    /// `UDP/TLS/RTP/SAVPF` or another.
    var proto: String
    /// Payload types for RTP.
    var formats: [String]
    var lines: [SDPLine] = []
    /// Of the `m=` line.
    var number = 0

    /// The `m=` line.
    var heading: SDPLine {
      SDPLine("m", "\(media) \(port) \(proto) \(formats.joined(separator: " "))", number: number)
    }

    mutating func add(_ attribute: String) { lines.append(SDPLine("a", attribute)) }
  }

  mutating func add(_ type: Unicode.Scalar, _ value: String) { session.append(SDPLine(type, value)) }
  mutating func add(_ attribute: String) { add("a", attribute) }

  /// With CRLF at the end of each line.
  var text: String {
    var text = ""
    for line in session { text += line.text + "\r\n" }
    for section in sections {
      text += section.heading.text + "\r\n"
      for line in section.lines { text += line.text + "\r\n" }
    }
    return text
  }
}
