extension IceCredentials {
  /// The section's own, or else the session's (RFC 8839, section 5.4). Nil when there are none.
  init?(_ section: [SDPLine], session: [SDPLine]) throws(SDPError) {
    let ufrag = section.attribute("ice-ufrag") ?? session.attribute("ice-ufrag")
    let password = section.attribute("ice-pwd") ?? session.attribute("ice-pwd")
    switch (ufrag, password) {
    case (nil, nil): return nil
    case (let ufrag?, nil): throw SDPError(ufrag.line, expected: "an a=ice-pwd line beside it")
    case (nil, let password?): throw SDPError(password.line, expected: "an a=ice-ufrag line beside it")
    case (let ufrag?, let password?):
      guard let credentials = IceCredentials(ufrag: String(ufrag.value), password: String(password.value)) else {
        let alone = IceCredentials(ufrag: String(ufrag.value), password: String(repeating: "x", count: 22))
        throw SDPError(
          alone == nil ? ufrag.line : password.line,
          expected: "\(alone == nil ? "4" : "22") to 256 letters, digits, + and /")
      }
      self = credentials
    }
  }
}
