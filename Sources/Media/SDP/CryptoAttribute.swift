import FoundationEssentials

/// An `a=crypto` line: an SRTP master key in the open (SDES, RFC 4568), as SIP gateways send it.
public struct CryptoAttribute: Sendable, Hashable {
  /// Chosen by the offerer; the answer repeats it.
  public let tag: UInt32
  public let key: SRTPMasterKey

  public init(tag: UInt32, key: SRTPMasterKey) {
    self.tag = tag
    self.key = key
  }

  /// The attribute's value, the key included.
  var text: String {
    "\(tag) \(key.profile.sdesName) inline:\(Data(key.keyAndSalt).base64EncodedString())"
  }
}

extension CryptoAttribute {
  /// The suites of all lines, and those lines that can be taken. Not taken are unknown suites, session parameters
  /// (they weaken SRTP, or are not needed), several keys, and a master key identifier.
  static func all(_ section: [SDPLine]) throws(SDPError) -> (suites: [String], taken: [CryptoAttribute]) {
    var suites: [String] = []
    var taken: [CryptoAttribute] = []
    for (line, value) in section.attributes("crypto").prefix(SDPLimits.cryptoLines) {
      let fields = value.fields
      guard fields.count >= 3, let tag = fields[0].decimal(in: UInt32.min...999_999_999) else {
        throw SDPError(line, expected: "a=crypto:<tag> <suite> inline:<key>")
      }
      suites.append(String(fields[1].prefix(64)))
      guard let profile = SRTPProfile(sdesName: fields[1]), fields.count == 3,
        case ("inline", let parameters?) = fields[2].cut(at: ":"), !parameters.utf8.contains(UInt8(ascii: ";")),
        !parameters.utf8.contains(UInt8(ascii: ":"))
      else { continue }
      // A key, then perhaps a lifetime, which no call reaches. Some leave out the padding.
      var text = String(parameters.cut(at: "|").0)
      while text.utf8.count % 4 != 0 { text += "=" }
      guard let bytes = Data(base64Encoded: text),
        let key = SRTPMasterKey(profile: profile, keyAndSalt: Array(bytes))
      else {
        throw SDPError(line, expected: "\(profile.keyLength + profile.saltLength) bytes of key and salt in Base64")
      }
      taken.append(CryptoAttribute(tag: tag, key: key))
    }
    return (suites, taken)
  }
}
