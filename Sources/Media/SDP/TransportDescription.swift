/// How the media of a section travels and is keyed: ICE (RFC 8839), DTLS (RFC 8842), SDES (RFC 4568). What is said for
/// the whole session is filled in.
public struct TransportDescription: Sendable, Hashable {
  public var credentials: IceCredentials?
  /// `trickle`, `ice2`, `renomination`.
  public var iceOptions: [String] = []
  /// Those that can be read: of unknown transports and kinds none is.
  public var candidates: [Candidate] = []
  public var endOfCandidates = false
  /// All that have a known hash function.
  public var fingerprints: [DTLSFingerprint] = []
  public var setup: SetupRole?
  /// SDES keys that can be taken.
  public var crypto: [CryptoAttribute] = []
  /// The suites of all `a=crypto` lines.
  public var cryptoSuites: [String] = []

  public init() {}

  init(_ section: [SDPLine], session: [SDPLine]) throws(SDPError) {
    credentials = try IceCredentials(section, session: session)
    fingerprints = try DTLSFingerprint.all(section, session: session)
    setup = try SetupRole(section, session: session)
    (cryptoSuites, crypto) = try CryptoAttribute.all(section)
    let options = section.attributes("ice-options") + session.attributes("ice-options")
    // libdatachannel (OBS) parts them by commas.
    iceOptions = options.prefix(2).flatMap { $0.value.fields.prefix(8).flatMap { $0.parts(",") }.map(String.init) }
    candidates = Self.candidates(section)
    endOfCandidates = section.hasAttribute("end-of-candidates") || session.hasAttribute("end-of-candidates")
  }

  static func candidates(_ lines: [SDPLine]) -> [Candidate] {
    lines.attributes("candidate").prefix(SDPLimits.candidates).compactMap { Candidate("candidate:\($0.value)") }
  }

  /// What a bundled section leaves out is said in the one that is tagged (RFC 8843, section 7).
  func completed(from tagged: TransportDescription) -> TransportDescription {
    var complete = self
    if credentials == nil { complete.credentials = tagged.credentials }
    if iceOptions.isEmpty { complete.iceOptions = tagged.iceOptions }
    if candidates.isEmpty {
      complete.candidates = tagged.candidates
      complete.endOfCandidates = tagged.endOfCandidates
    }
    if fingerprints.isEmpty { complete.fingerprints = tagged.fingerprints }
    if setup == nil { complete.setup = tagged.setup }
    return complete
  }
}
