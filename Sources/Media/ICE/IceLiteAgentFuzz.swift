import Runtime

extension IceLiteAgent {
  /// For fuzzing: an agent gets the bytes, then the bytes as the attributes of a request that is authentic, then as
  /// those of a response to a check of its own.
  public static func exercise(_ bytes: RawSpan) {
    let local = IceCredentials(ufrag: "local", password: "localPasswordOf22Chars")!
    let remote = IceCredentials(ufrag: "remote", password: "remotePasswordOf22Char")!
    let address = TransportAddress(ipv4: 0x7F00_0001, port: 1)
    var now = Instant(nanoseconds: 0)
    var agent = IceLiteAgent(
      restoring: IceCheckpoint(
        current: IceCheckpoint.Credentials(local: local, remote: remote), remoteAddress: address), at: now)
    var generator = Monotony()
    var reply = [UInt8](repeating: 0, count: maximumMessageByteCount)
    var span = reply.mutableSpan
    var replyBytes = span.mutableBytes

    guard let check = agent.nextCheck(at: now, using: &generator, into: &replyBytes),
      let id = STUNMessage(replyBytes.bytes.extracting(first: check.byteCount))?.transactionID
    else { fatalError("no check") }
    let attributes = bytes.withUnsafeBytes { Array($0) }
    let whole = attributes.dropLast(attributes.count % 4).prefix(60_000)
    let username = [0, 6, 0, 8] + Array("local:re".utf8)
    let datagrams = [
      attributes, sign(.bindingRequest, id, username + whole, agent.current.localKey),
      sign(.bindingSuccess, id, Array(whole), MessageIntegrityKey(Array(remote.password.utf8))),
    ]
    for datagram in datagrams {
      guard let message = STUNMessage(datagram.span.bytes) else { continue }
      _ = agent.receive(message, in: datagram.span.bytes, from: address, at: now, reply: &replyBytes)
      now = agent.nextDeadline ?? now
      _ = agent.advance(to: now)
    }
  }

  private static func sign(
    _ type: STUNMessageType, _ id: TransactionID, _ attributes: [UInt8], _ key: MessageIntegrityKey
  ) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: STUNMessage.headerByteCount)
    var span = header.mutableSpan
    var bytes = span.mutableBytes
    _ = STUNMessageWriter(type, id, into: &bytes)
    bytes.store(UInt16(truncatingIfNeeded: attributes.count + STUNMessage.integrityByteCount), at: 2)
    let signed = header + attributes
    let code = key.code(of: signed.span.bytes, upTo: signed.count)
    return signed + [0, 8, 0, 20] + code.indices.map { code[$0] }
  }
}

/// A crash has to come again with the same bytes.
private struct Monotony: RandomNumberGenerator {
  mutating func next() -> UInt64 { 1 }
}
