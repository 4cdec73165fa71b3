extension DTLSFingerprint {
  /// The section's own, or else the session's. Lines of unknown hash functions are skipped, as RFC 8122 demands.
  static func all(_ section: [SDPLine], session: [SDPLine]) throws(SDPError) -> [DTLSFingerprint] {
    var lines = section.attributes("fingerprint")
    if lines.isEmpty { lines = session.attributes("fingerprint") }
    var fingerprints: [DTLSFingerprint] = []
    for (line, value) in lines.prefix(SDPLimits.fingerprints) {
      guard let name = value.fields.first else {
        throw SDPError(line, expected: "a=fingerprint:<hash function> <hex>:<hex>:...")
      }
      guard let algorithm = HashAlgorithm(rawValue: name.lowercased()) else { continue }
      guard let fingerprint = DTLSFingerprint(value.fields.joined(separator: " ")) else {
        throw SDPError(line, expected: "\(algorithm.length) pairs of hexadecimal digits with colons between")
      }
      fingerprints.append(fingerprint)
    }
    return fingerprints
  }
}
