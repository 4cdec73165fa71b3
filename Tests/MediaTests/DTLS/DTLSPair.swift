import Runtime

@testable import Media

/// A seeded generator (SplitMix64).
struct DTLSTestGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

enum TestIdentity {
  static let client = try! DTLSIdentity.generate(notBefore: 1_700_000_000, notAfter: 2_000_000_000)
  static let server = try! DTLSIdentity.generate(notBefore: 1_700_000_000, notAfter: 2_000_000_000)
  static let stranger = try! DTLSIdentity.generate(notBefore: 1_700_000_000, notAfter: 2_000_000_000)
}

/// A client and a server, and what became of them.
final class DTLSPair {
  struct End {
    let connection: DTLSConnection
    var events: [DTLSEvent] = []

    var keys: SRTPKeyingMaterial? {
      for case .connected(let keys) in events { return keys }
      return nil
    }

    var received: [[UInt8]] {
      events.compactMap { if case .received(let data) = $0 { data } else { nil } }
    }
  }

  var client: End
  var server: End

  init(
    client: DTLSIdentity = TestIdentity.client, server: DTLSIdentity = TestIdentity.server,
    clientTrusts: [DTLSFingerprint]? = nil, serverTrusts: [DTLSFingerprint]? = nil,
    configuration: DTLSConfiguration = DTLSConfiguration(), now: Instant = .now
  ) {
    self.client = End(
      connection: DTLSConnection(
        identity: client, role: .client, fingerprints: clientTrusts ?? [server.fingerprint],
        configuration: configuration, now: now))
    self.server = End(
      connection: DTLSConnection(
        identity: server, role: .server, fingerprints: serverTrusts ?? [client.fingerprint],
        configuration: configuration, now: now))
  }

  /// Steps one end until it has nothing to do.
  /// - Returns: What it sends.
  static func run(_ end: inout End, now: Instant = .now) -> [[UInt8]] {
    var sent: [[UInt8]] = []
    while end.connection.needsStep { end.connection.step(now: now) }
    while let datagram = end.connection.pollTransmit() { sent.append(datagram) }
    while let event = end.connection.pollEvent() { end.events.append(event) }
    return sent
  }

  /// Over a perfect network, until nothing moves.
  func exchange(now: Instant = .now) {
    var moved = true
    while moved {
      moved = false
      for datagram in Self.run(&client, now: now) {
        server.connection.handle(datagram.span.bytes, now: now)
        moved = true
      }
      for datagram in Self.run(&server, now: now) {
        client.connection.handle(datagram.span.bytes, now: now)
        moved = true
      }
    }
  }

  var areConnected: Bool { client.connection.state == .connected && server.connection.state == .connected }
}

extension DTLSConnection {
  func handle(_ datagram: [UInt8], now: Instant = .now) { handle(datagram.span.bytes, now: now) }
  func send(_ data: [UInt8]) throws(DTLSError) { try send(data.span.bytes) }
}
