extension SRTPReceiver {
  /// For fuzzing: any bytes are taken for SRTP and for SRTCP of a known key.
  public static func exercise(_ bytes: RawSpan) {
    for profile in SRTPProfile.allCases {
      let keyAndSalt = [UInt8](repeating: 7, count: profile.keyLength + profile.saltLength)
      guard let key = SRTPMasterKey(profile: profile, keyAndSalt: keyAndSalt), var receiver = try? SRTPReceiver(key)
      else { continue }
      for isRTCP in [false, true] {
        var copy = bytes.withUnsafeBytes { Array($0) }
        var span = copy.mutableSpan
        var packet = span.mutableBytes
        if isRTCP {
          _ = try? receiver.unprotectRTCP(&packet)
        } else {
          _ = try? receiver.unprotectRTP(&packet)
        }
      }
    }
  }
}

extension SDESCrypto {
  /// For fuzzing: any bytes are taken for an attribute and for key parameters.
  public static func exercise(_ bytes: RawSpan) {
    let text = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    if let crypto = try? SDESCrypto(text) { _ = try? SDESCrypto(crypto.attribute) }
    for profile in SRTPProfile.allCases { _ = try? SRTPMasterKey(profile, sdesParameters: text) }
  }
}
