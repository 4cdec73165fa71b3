/// What the other side offers (RFC 3264), as WebRTC has it (JSEP, RFC 9429).
public struct Offer: Sendable, Hashable {
  /// `<session id>` and `<version>` of the `o=` line.
  public let origin: Origin
  /// Whether the other side is an ICE-lite agent.
  public let isICELite: Bool
  public let sections: [MediaSection]
  /// Groups of mids that share one transport (BUNDLE, RFC 8843), as far as such sections exist.
  public let bundles: [[String]]

  /// - Throws: `SDPError` for what cannot be read. An offer that can be read may still be one that is refused, see
  ///   `Answer`.
  public init(_ bytes: [UInt8]) throws(SDPError) {
    try self.init(SDPReader.read(bytes))
  }

  public init(_ text: String) throws(SDPError) {
    try self.init(Array(text.utf8))
  }

  init(_ description: SessionDescription) throws(SDPError) {
    let session = description.session
    origin = try Origin(session)
    isICELite = session.hasAttribute("ice-lite")
    var sections: [MediaSection] = []
    var mids: Set<String> = []
    for section in description.sections {
      let read = try MediaSection(section, session: session)
      if let mid = read.mid, !mids.insert(mid).inserted {
        throw SDPError(section.heading, expected: "an a=mid of its own; \"\(mid)\" is there twice")
      }
      sections.append(read)
    }
    self.sections = sections
    bundles = session.attributes("group").prefix(SDPLimits.sections).compactMap { _, value in
      let fields = value.fields
      guard fields.first == "BUNDLE" else { return nil }
      let known = fields.dropFirst().prefix(SDPLimits.sections).map(String.init).filter(mids.contains)
      return known.isEmpty ? nil : known
    }
  }

  /// The mids that share the transport of section `index`, itself included; nil when it is in no bundle.
  func bundle(of index: Int) -> [String]? {
    guard let mid = sections[index].mid else { return nil }
    return bundles.first { $0.contains(mid) }
  }

  /// With what a bundled section leaves to the tagged one, the first of the bundle.
  func transport(of index: Int) -> TransportDescription {
    let own = sections[index].transport
    guard let tag = bundle(of: index)?.first, let tagged = sections.first(where: { $0.mid == tag }) else { return own }
    return own.completed(from: tagged.transport)
  }
}
