/// An RTP header extension under its local identifier (RFC 8285, section 5).
public struct HeaderExtension: Sendable, Hashable {
  /// Those that are understood.
  public enum Kind: String, Sendable, CaseIterable {
    /// RFC 6464.
    case audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
    /// RFC 8843, section 15.
    case mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
  }

  public let kind: Kind
  /// 1 to 14, the identifiers of the one-byte header.
  public let identifier: UInt8
  /// Of the side that wrote it.
  public let direction: MediaDirection

  public init(_ kind: Kind, identifier: UInt8, direction: MediaDirection = .sendrecv) {
    self.kind = kind
    self.identifier = identifier
    self.direction = direction
  }

  /// The attribute's value.
  var text: String {
    "\(identifier)\(direction == .sendrecv ? "" : "/\(direction.rawValue)") \(kind.rawValue)"
  }
}

extension HeaderExtension {
  /// Of the section and of the session. Left out are unknown ones, those of identifiers that only the two-byte header
  /// has, and a second one of a kind or an identifier.
  static func all(_ section: [SDPLine], session: [SDPLine]) throws(SDPError) -> [HeaderExtension] {
    var extensions: [HeaderExtension] = []
    for (line, value) in section.attributes("extmap") + session.attributes("extmap") {
      let fields = value.fields
      let (number, direction) = fields.first?.cut(at: "/") ?? ("", nil)
      guard fields.count >= 2, let identifier = number.decimal(in: UInt16.min...UInt16.max) else {
        throw SDPError(line, expected: "a=extmap:<number>[/<direction>] <URI>")
      }
      let way = direction.map { MediaDirection(rawValue: String($0)) } ?? .sendrecv
      guard let kind = Kind(rawValue: String(fields[1])), let way, (1...14).contains(identifier),
        !extensions.contains(where: { $0.kind == kind || $0.identifier == identifier })
      else { continue }
      extensions.append(HeaderExtension(kind, identifier: UInt8(identifier), direction: way))
    }
    return extensions
  }
}
