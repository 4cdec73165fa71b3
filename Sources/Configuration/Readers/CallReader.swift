/// What the readers of webhooks and of tools have in common.
enum CallReader {
  static func signingSecret(_ value: Value?) -> String? {
    guard let value, let secret = value.text() else { return nil }
    if SigningSecret.isValid(secret) { return secret }
    value.report("is not a signing secret", allowed: SigningSecret.allowed)
    return nil
  }

  static func address(_ value: Value?) -> (text: String, address: HTTPAddress)? {
    guard let value, let text = value.text() else { return nil }
    if let address = HTTPAddress(text) { return (text, address) }
    // Not shown: an address may hold a secret.
    value.report("is not an address to call", allowed: HTTPAddress.allowed)
    return nil
  }

  static func retry(_ section: Section, into target: inout String) {
    if let name = section.present("retry")?.choice(of: RetryName.allCases) { target = name.rawValue }
  }

  static func timeout(_ section: Section, into target: inout Int) {
    section.integer("timeout_ms", 100...300_000, into: &target)
  }
}

/// Names of retry profiles. What they mean is `RetryProfile`'s to say.
enum RetryName: String, CaseIterable {
  case standard = "default"
  case realTime = "real-time"
  case batch
}
