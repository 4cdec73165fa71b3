/// A crypto attribute of SDP: `a=crypto:1 AEAD_AES_128_GCM inline:…` (RFC 4568; RFC 7714, section 14.3). The same key
/// parameters are exchanged in JSON.
public struct SDESCrypto: Sendable, Hashable {
  /// Tells the attributes of one media description apart, 0 to 999,999,999.
  public var tag: Int
  /// What its author encrypts with.
  public var key: SRTPMasterKey

  public init(tag: Int, key: SRTPMasterKey) {
    self.tag = tag
    self.key = key
  }

  /// - Parameter attribute: What stands behind `a=crypto:`.
  /// - Throws: `SDESError`. Of several attributes a peer may offer, one that is not acceptable is passed over.
  public init(_ attribute: some StringProtocol) throws(SDESError) {
    guard attribute.utf8.count <= 1024 else { throw .malformed }
    let parts = attribute.utf8.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") })
    guard parts.count >= 3, let tag = sdesNumber(parts[0], atMost: 999_999_999) else { throw .malformed }
    guard let profile = SRTPProfile(sdesName: String(decoding: parts[1], as: UTF8.self)) else {
      throw .unsupportedSuite
    }
    for parameter in parts[3...] { try Self.check(sessionParameter: Array(parameter)) }
    self.tag = tag
    key = try SRTPMasterKey(profile, sdesParameters: String(decoding: parts[2], as: UTF8.self))
  }

  /// What stands behind `a=crypto:`. It has the key in it.
  public var attribute: String { "\(tag) \(key.profile.sdesName) \(key.sdesParameters)" }

  /// A session parameter changes the protection, and who does not know it must not go on (section 6.3), unless it
  /// begins with a dash. A hint for the replay window's size changes nothing, and ours is larger than the smallest.
  private static func check(sessionParameter: [UInt8]) throws(SDESError) {
    if sessionParameter.first == UInt8(ascii: "-") { return }
    let windowHint = Array("WSH=".utf8)
    guard sessionParameter.starts(with: windowHint),
      let window = sdesNumber(sessionParameter.dropFirst(windowHint.count), atMost: 32768), window >= 64
    else { throw .unsupportedSessionParameter }
  }
}

/// Why key parameters are not accepted.
public enum SDESError: Error, Hashable, Sendable {
  case malformed
  case unsupportedSuite
  /// No base64, or not of the suite's key and salt.
  case badKey
  /// Packets would carry a master key identifier. It is also what several keys would need.
  case masterKeyIdentifier
  /// The key would end before a call does. No new one is made while the call lasts.
  case shortLifetime
  case unsupportedSessionParameter
}

extension SRTPMasterKey {
  /// 2^20 packets are 5.8 hours of 20 ms each.
  private static let shortestLifetime = 20

  /// - Parameter parameters: `inline:` and the key, at most 1,024 bytes.
  public init(_ profile: SRTPProfile, sdesParameters parameters: some StringProtocol) throws(SDESError) {
    let prefix = "inline:"
    guard parameters.utf8.count <= 1024, parameters.hasPrefix(prefix) else { throw .malformed }
    let bytes = parameters.utf8.dropFirst(prefix.utf8.count)
    guard !bytes.contains(UInt8(ascii: ";")) else { throw .masterKeyIdentifier }
    let fields = bytes.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
    guard let keyField = fields.first, fields.count <= 3 else { throw .malformed }
    for field in fields.dropFirst() {
      if field.contains(UInt8(ascii: ":")) { throw .masterKeyIdentifier }
      try Self.check(lifetime: field)
    }
    guard fields.count <= 2 else { throw .malformed }
    guard let keyAndSalt = StrictBase64.decode(keyField),
      let key = SRTPMasterKey(profile: profile, keyAndSalt: keyAndSalt)
    else { throw .badKey }
    self = key
  }

  /// `inline:` and the key. Without a lifetime it is for as many packets as SRTP has indices.
  public var sdesParameters: String { "inline:" + StrictBase64.encode(keyAndSalt) }

  /// A number, or a power of two written `2^n`; at most 2^48.
  private static func check(lifetime: some Collection<UInt8>) throws(SDESError) {
    let power = Array("2^".utf8)
    if lifetime.starts(with: power) {
      guard let exponent = sdesNumber(lifetime.dropFirst(power.count), atMost: 48) else { throw .malformed }
      guard exponent >= shortestLifetime else { throw .shortLifetime }
    } else {
      guard let packets = sdesNumber(lifetime, atMost: 1 << 48) else { throw .malformed }
      guard packets >= 1 << shortestLifetime else { throw .shortLifetime }
    }
  }
}

/// Decimal digits without a sign; nil when there are none, other bytes, or it is too large.
private func sdesNumber(_ digits: some Collection<UInt8>, atMost limit: Int) -> Int? {
  guard (1...15).contains(digits.count), digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
  else { return nil }
  let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  return value <= limit ? value : nil
}
