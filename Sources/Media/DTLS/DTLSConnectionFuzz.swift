import Runtime

extension DTLSConnection {
  /// For fuzzing: a client and a server get the bytes as datagrams, each behind its length in two bytes.
  public static func exercise(_ bytes: RawSpan) {
    guard let identity else { fatalError("no identity") }
    let start = Instant(nanoseconds: 0)
    for role in [DTLSRole.client, .server] {
      let connection = DTLSConnection(identity: identity, role: role, fingerprints: [identity.fingerprint], now: start)
      var now = start
      connection.step(now: now)
      var offset = 0
      while bytes.byteCount - offset >= 2 {
        let length = min(Int(bytes.uint16(at: offset)), bytes.byteCount - offset - 2)
        connection.handle(bytes.extracting(offset + 2..<offset + 2 + length), now: now)
        while connection.needsStep { connection.step(now: now) }
        while connection.pollTransmit() != nil {}
        while connection.pollEvent() != nil {}
        offset += 2 + length
        now = now + .milliseconds(50)
      }
      connection.handleTimeout(now: start + .seconds(15))
      guard connection.state != .handshaking else { fatalError("no deadline") }
    }
  }

  private static let identity = try? DTLSIdentity.generate(notBefore: 0, notAfter: 2_000_000_000)
}

extension DTLSFingerprint {
  /// For fuzzing: any bytes are read, and what is read is written the same again.
  public static func exercise(_ bytes: RawSpan) {
    let text = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    guard let fingerprint = DTLSFingerprint(text) else { return }
    guard DTLSFingerprint(fingerprint.description) == fingerprint else { fatalError("read differently again") }
  }
}
