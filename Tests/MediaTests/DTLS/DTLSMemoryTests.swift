import Runtime
import Testing

@testable import Media

/// Other tests run at the same time and use memory too: so many connections at once, and generous bounds.
@Suite(.serialized, .heap(.isMeasured))
struct DTLSMemoryTests {
  private static let count = 20

  /// What `count` connections take each after `make`, in bytes.
  private func each(_ make: () -> [DTLSConnection]) -> Int {
    var connections: [[DTLSConnection]] = []
    let growth = leastHeapGrowth(rounds: 4) { connections.append(make()) }
    return withExtendedLifetime(connections) { growth / Self.count }
  }

  @Test
  func anIdleConnectionIsSmallAndAReleasedOneIsNothing() {
    func connected() -> [DTLSConnection] {
      (0..<Self.count).map { _ in
        let pair = DTLSPair()
        pair.exchange()
        return pair.server.connection
      }
    }
    let idle = each(connected)
    let released = each {
      let connections = connected()
      for connection in connections { connection.release() }
      return connections
    }
    #expect(idle < 60_000)
    #expect(released < 10_000)
  }

  @Test
  func aServerThatWasSentNothingOrGarbageHasNoSSLObject() {
    let bytes = each {
      (0..<Self.count).map { _ in
        let server = DTLSPair().server.connection
        for length in 0..<100 { server.handle([22, 0xFE, 0xFD] + [UInt8](repeating: 0, count: length)) }
        while server.needsStep { server.step(now: .now) }
        return server
      }
    }
    #expect(bytes < 10_000)
  }

  /// CVE-2016-2179 and its kind. OpenSSL 3.0 keeps ten messages ahead of the next, each at the length that it claims,
  /// up to `DTLSContext.maximumMessage`.
  @Test
  func fragmentsOfMessagesThatNeverCompleteAreBounded() {
    let bytes = each {
      (0..<Self.count).map { _ in
        let pair = DTLSPair()
        for datagram in DTLSPair.run(&pair.client) { pair.server.connection.handle(datagram) }
        _ = DTLSPair.run(&pair.server)
        for sequence in UInt8(1)..<200 {
          // A fragment of one byte of a Certificate of 16,384.
          pair.server.connection.handle([
            22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 1, sequence, 0, 13, 11, 0, 0x40, 0, 0, sequence, 0, 0, 1, 0, 0, 1, 0,
          ])
          _ = DTLSPair.run(&pair.server)
        }
        #expect(pair.server.connection.state == .handshaking)
        return pair.server.connection
      }
    }
    #expect(bytes < 350_000)
  }

  /// OpenSSL 3.0 would keep a hundred, each in a buffer of 17 KB.
  @Test
  func sealedRecordsBeforeTheirKeysAreBounded() {
    let bytes = each {
      (0..<Self.count).map { _ in
        let pair = DTLSPair()
        for datagram in DTLSPair.run(&pair.client) { pair.server.connection.handle(datagram) }
        _ = DTLSPair.run(&pair.server)
        for sequence in UInt8(1)..<200 {
          for type in UInt8(21)...23 {
            pair.server.connection.handle(
              [type, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, type, sequence, 0, 40] + [UInt8](repeating: 0, count: 40))
            _ = DTLSPair.run(&pair.server)
          }
        }
        #expect(pair.server.connection.state == .handshaking)
        return pair.server.connection
      }
    }
    #expect(bytes < 350_000)
  }

  @Test
  func manyClientHellosDoNotAddUp() {
    var hellos: [[UInt8]] = []
    for _ in 0..<40 {
      var client = DTLSPair().client
      hellos += DTLSPair.run(&client)
    }
    let bytes = each {
      (0..<Self.count).map { _ in
        let server = DTLSPair().server.connection
        for (index, hello) in hellos.enumerated() {
          let now = Instant.now + .seconds(index / 4)
          server.handle(hello, now: now)
          while server.needsStep { server.step(now: now) }
          while server.pollTransmit() != nil {}
        }
        return server
      }
    }
    #expect(bytes < 3 * 110_000)
  }
}
