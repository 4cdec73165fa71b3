/// One direction's master key and salt (RFC 3711, section 3.2.1), of the lengths that the profile asks for.
///
/// Codable for checkpoints, which are encrypted. Never printed.
public struct SRTPMasterKey: Sendable, Hashable {
  public let profile: SRTPProfile
  public let key: [UInt8]
  public let salt: [UInt8]

  /// Nil when a length is wrong.
  public init?(profile: SRTPProfile, key: [UInt8], salt: [UInt8]) {
    guard key.count == profile.keyLength, salt.count == profile.saltLength else { return nil }
    self.profile = profile
    self.key = key
    self.salt = salt
  }

  /// - Parameter keyAndSalt: The key, then the salt, as SDES carries them. Nil when the length is wrong.
  public init?(profile: SRTPProfile, keyAndSalt: [UInt8]) {
    guard keyAndSalt.count == profile.keyLength + profile.saltLength else { return nil }
    self.profile = profile
    key = Array(keyAndSalt.prefix(profile.keyLength))
    salt = Array(keyAndSalt.dropFirst(profile.keyLength))
  }

  /// A fresh key. `generator` has to be a cryptographic one, which `SystemRandomNumberGenerator` is.
  public init(profile: SRTPProfile, using generator: inout some RandomNumberGenerator) {
    self.profile = profile
    key = (0..<profile.keyLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    salt = (0..<profile.saltLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }

  public var keyAndSalt: [UInt8] { key + salt }
}

extension SRTPMasterKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "SRTPMasterKey(\(profile), hidden)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension SRTPMasterKey: Codable {
  private enum CodingKeys: String, CodingKey {
    case profile
    case keyAndSalt = "key_and_salt"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let profile = try values.decode(SRTPProfile.self, forKey: .profile)
    let bytes = try values.decode([UInt8].self, forKey: .keyAndSalt)
    guard let key = SRTPMasterKey(profile: profile, keyAndSalt: bytes) else {
      throw DecodingError.dataCorruptedError(forKey: .keyAndSalt, in: values, debugDescription: "wrong length")
    }
    self = key
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(profile, forKey: .profile)
    try values.encode(keyAndSalt, forKey: .keyAndSalt)
  }
}
