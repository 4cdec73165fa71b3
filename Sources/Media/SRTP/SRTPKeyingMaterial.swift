/// The keys of both directions of a peer, as DTLS exports them or SDES exchanges them.
public struct SRTPKeyingMaterial: Sendable, Hashable, Codable {
  /// Protects what this side sends.
  public let local: SRTPMasterKey
  /// Protects what the other side sends.
  public let remote: SRTPMasterKey

  /// The same for both directions.
  public var profile: SRTPProfile { local.profile }

  /// Nil when the two keys are not of one profile.
  public init?(local: SRTPMasterKey, remote: SRTPMasterKey) {
    guard local.profile == remote.profile else { return nil }
    self.local = local
    self.remote = remote
  }
}

// MARK: - DTLS-SRTP

extension SRTPKeyingMaterial {
  /// For the TLS exporter, without a context (RFC 5764, section 4.2).
  public static let exporterLabel = "EXTRACTOR-dtls_srtp"

  /// How many bytes to export.
  public static func exportedLength(of profile: SRTPProfile) -> Int {
    2 * (profile.keyLength + profile.saltLength)
  }

  /// Splits the exporter's output: the client's key, the server's key, the client's salt, the server's salt.
  ///
  /// - Parameter localIsClient: Whether this side was the DTLS client.
  /// - Returns: Nil when `exported` is not of `exportedLength(of: profile)` bytes.
  public init?(profile: SRTPProfile, exported: [UInt8], localIsClient: Bool) {
    guard exported.count == Self.exportedLength(of: profile) else { return nil }
    let salts = 2 * profile.keyLength
    func key(_ index: Int) -> SRTPMasterKey? {
      let salt = salts + index * profile.saltLength
      return SRTPMasterKey(
        profile: profile,
        key: Array(exported[index * profile.keyLength..<(index + 1) * profile.keyLength]),
        salt: Array(exported[salt..<salt + profile.saltLength]))
    }
    guard let client = key(0), let server = key(1) else { return nil }
    self.init(local: localIsClient ? client : server, remote: localIsClient ? server : client)
  }
}
