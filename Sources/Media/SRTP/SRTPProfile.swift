/// A protection profile that Viva offers, with the identifier which DTLS negotiates (RFC 5764, section 4.1.2;
/// RFC 7714, section 14.2), in the order of preference. AES128_CM_SHA1_32 (0x0002) is not offered: its tag is short.
public enum SRTPProfile: UInt16, CaseIterable, Sendable, Codable {
  case aeadAES128GCM = 0x0007
  case aes128CMSHA1_80 = 0x0001

  /// Of the master key, in bytes.
  public var keyLength: Int { 16 }

  /// Of the master salt, in bytes.
  public var saltLength: Int {
    switch self {
    case .aeadAES128GCM: 12
    case .aes128CMSHA1_80: 14
    }
  }

  /// Of the tag at the end of a packet, in bytes, the same for SRTP and SRTCP.
  public var authenticationTagLength: Int {
    switch self {
    case .aeadAES128GCM: 16
    case .aes128CMSHA1_80: 10
    }
  }

  /// By how many bytes protection makes an RTP packet longer.
  public var rtpOverhead: Int { authenticationTagLength }

  /// By how many bytes protection makes an RTCP packet longer: the tag, and the E flag with the SRTCP index.
  public var rtcpOverhead: Int { authenticationTagLength + 4 }

  /// For `SSL_CTX_set_tlsext_use_srtp`.
  public var opensslName: String {
    switch self {
    case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
    case .aes128CMSHA1_80: "SRTP_AES128_CM_SHA1_80"
    }
  }

  /// The crypto-suite of an `a=crypto` line (RFC 4568, section 6.2; RFC 7714, section 14.3).
  public var sdesName: String {
    switch self {
    case .aeadAES128GCM: "AEAD_AES_128_GCM"
    case .aes128CMSHA1_80: "AES_CM_128_HMAC_SHA1_80"
    }
  }

  /// - Parameter name: Crypto-suite names are compared with case, as they are written in the RFCs.
  public init?(sdesName name: some StringProtocol) {
    guard let profile = Self.allCases.first(where: { $0.sdesName == name }) else { return nil }
    self = profile
  }

  /// All profiles, colon separated and in the order of preference, as OpenSSL wants them.
  public static var opensslNames: String { allCases.map(\.opensslName).joined(separator: ":") }
}
