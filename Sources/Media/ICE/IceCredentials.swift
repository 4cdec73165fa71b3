/// A user name fragment and its password (RFC 8445, section 5.3): what authenticates the checks of one side.
///
/// Codable for checkpoints, which are encrypted. The password is never printed.
public struct IceCredentials: Hashable, Sendable {
  /// 4...256 of `A`...`Z`, `a`...`z`, `0`...`9`, `+` and `/`.
  public let ufrag: String
  /// 22...256 of the same.
  public let password: String

  /// Nil when a length is wrong, or a character.
  public init?(ufrag: String, password: String) {
    guard (4...256).contains(ufrag.utf8.count), (22...256).contains(password.utf8.count),
      ufrag.utf8.allSatisfy(IceCharacter.isValid), password.utf8.allSatisfy(IceCharacter.isValid)
    else { return nil }
    self.ufrag = ufrag
    self.password = password
  }

  /// Fresh ones: the tag, 36 random bits, and a password of 144.
  ///
  /// - Parameters:
  ///   - routingTag: Stands in the fragment for whoever has to find the peer that a check is for; see
  ///     `STUNMessage.routingTag(in:)`. Everybody on the way can read it.
  ///   - generator: Has to be a cryptographic one, which `SystemRandomNumberGenerator` is.
  public init(routingTag: UInt32, using generator: inout some RandomNumberGenerator) {
    ufrag = String(
      decoding: IceRoutingTag.characters(routingTag) + IceCharacter.random(6, using: &generator), as: UTF8.self)
    password = String(decoding: IceCharacter.random(24, using: &generator), as: UTF8.self)
  }
}

extension IceCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "IceCredentials(\(ufrag), hidden)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension IceCredentials: Codable {
  private enum CodingKeys: String, CodingKey {
    case ufrag, password
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let ufrag = try values.decode(String.self, forKey: .ufrag)
    let password = try values.decode(String.self, forKey: .password)
    guard let credentials = IceCredentials(ufrag: ufrag, password: password) else {
      throw DecodingError.dataCorruptedError(forKey: .ufrag, in: values, debugDescription: "no ICE credentials")
    }
    self = credentials
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(ufrag, forKey: .ufrag)
    try values.encode(password, forKey: .password)
  }
}
