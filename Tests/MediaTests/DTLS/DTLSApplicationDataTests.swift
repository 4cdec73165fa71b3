import Glibc
import Runtime
import Testing

@testable import Media

struct DTLSApplicationDataTests {
  private func connectedPair() -> DTLSPair {
    let pair = DTLSPair()
    pair.exchange()
    return pair
  }

  @Test
  func dataGoesBothWays() throws {
    let pair = connectedPair()
    for length in [1, 2, 500, 1163] {
      try pair.client.connection.send([UInt8](repeating: 1, count: length))
      try pair.server.connection.send([UInt8](repeating: 2, count: length))
    }
    pair.exchange()
    #expect(pair.server.received.map(\.count) == [1, 2, 500, 1163])
    #expect(pair.client.received.map(\.count) == [1, 2, 500, 1163])
    #expect(pair.server.received.allSatisfy { $0.allSatisfy { $0 == 1 } })
  }

  @Test
  func aRecordFillsADatagramAndNoMore() throws {
    let pair = connectedPair()
    let most = 1200 - DTLSConnection.recordOverhead
    try pair.client.connection.send([UInt8](repeating: 0, count: most))
    #expect(pair.client.connection.pollTransmit()?.count == 1200)
    #expect(throws: DTLSError.tooLarge(most + 1)) {
      try pair.client.connection.send([UInt8](repeating: 0, count: most + 1))
    }
    try pair.client.connection.send([])
    #expect(pair.client.connection.pollTransmit() == nil)
  }

  @Test
  func datagramsThatNobodySendsAreBounded() throws {
    let pair = connectedPair()
    for _ in 0..<1000 { try pair.client.connection.send([UInt8](repeating: 0, count: 1000)) }
    var count = 0
    while pair.client.connection.pollTransmit() != nil { count += 1 }
    #expect(count == 256)
  }

  @Test
  func aRepeatedRecordIsReadOnce() throws {
    let pair = connectedPair()
    try pair.client.connection.send([7])
    let datagram = try #require(pair.client.connection.pollTransmit())
    for _ in 0..<3 { pair.server.connection.handle(datagram) }
    _ = DTLSPair.run(&pair.server)
    #expect(pair.server.received == [[7]])
  }

  @Test
  func closeNotifyIsAnsweredAndToldOfOnce() {
    let pair = connectedPair()
    pair.client.connection.close()
    pair.exchange()
    #expect(pair.client.connection.state == .closed)
    #expect(pair.server.connection.state == .closed)
    #expect(pair.server.events.last == .closed)
    #expect(pair.server.events.count == 2)
    #expect(throws: DTLSError.notConnected) { try pair.server.connection.send([1]) }
    pair.client.connection.close()
    #expect(pair.client.connection.pollTransmit() == nil)
  }

  @Test
  func noChangeToARecordEndsTheConnection() throws {
    let pair = connectedPair()
    var generator = DTLSTestGenerator(seed: 11)
    for round in 0..<3000 {
      try pair.client.connection.send([UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 40))
      let datagram = try #require(pair.client.connection.pollTransmit())
      var changed = datagram
      for _ in 0...Int.random(in: 0...3, using: &generator) {
        changed[Int.random(in: 0..<changed.count, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
      }
      if Bool.random(using: &generator) { changed.removeLast(Int.random(in: 1..<changed.count, using: &generator)) }
      pair.server.connection.handle(changed)
    }
    for length in 0...13 { pair.server.connection.handle([UInt8](repeating: 22, count: length)) }
    _ = DTLSPair.run(&pair.server)
    #expect(pair.server.connection.state == .connected)
    #expect(pair.server.received.allSatisfy { $0.count == 40 })
    try pair.client.connection.send([UInt8](repeating: 0, count: 3))
    pair.exchange()
    #expect(pair.server.received.last == [0, 0, 0])
  }

  /// OpenSSL 3.0 ends the connection at such a record, from whomever it is.
  @Test
  func aRecordShorterThanItsSealIsDropped() throws {
    let pair = connectedPair()
    for type in UInt8(20)...23 {
      for length in 0...60 {
        let record = [type, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 1, UInt8(length), 0, UInt8(length)]
        pair.server.connection.handle(record + [UInt8](repeating: 9, count: length))
      }
    }
    try pair.client.connection.send([1])
    pair.exchange()
    #expect(pair.areConnected)
    #expect(pair.server.received == [[1]])
  }

  @Test
  func alertsInPlainTextAreIgnored() throws {
    let pair = connectedPair()
    for level in [UInt8(1), 2] {
      for description in UInt8.min ... .max {
        let alert: [UInt8] = [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, description, 0, 2, level, description]
        pair.server.connection.handle(alert)
        pair.client.connection.handle(alert)
      }
    }
    try pair.client.connection.send([1])
    pair.exchange()
    #expect(pair.areConnected)
    #expect(pair.server.received == [[1]])
  }

  @Test
  func aReleasedConnectionSendsItsLastFlightToAClientThatLostIt() {
    let pair = DTLSPair()
    for datagram in DTLSPair.run(&pair.client) { pair.server.connection.handle(datagram) }
    for datagram in DTLSPair.run(&pair.server) { pair.client.connection.handle(datagram) }
    let finish = DTLSPair.run(&pair.client)
    finish.forEach { pair.server.connection.handle($0) }
    // Lost.
    _ = DTLSPair.run(&pair.server)
    #expect(pair.server.connection.state == .connected)
    pair.server.connection.release()
    #expect(pair.server.connection.state == .released)
    #expect(pair.client.connection.state == .handshaking)

    finish.forEach { pair.server.connection.handle($0) }
    pair.exchange()
    #expect(pair.client.connection.state == .connected)
    #expect(pair.client.keys?.local == pair.server.keys?.remote)

    // Not for ever.
    var sent = 0
    for _ in 0..<1000 {
      pair.server.connection.handle(finish[0])
      while pair.server.connection.pollTransmit() != nil { sent += 1 }
    }
    #expect(sent <= 32)
    #expect(throws: DTLSError.notConnected) { try pair.server.connection.send([1]) }
  }

  @Test
  func aConnectedServerSendsItsLastFlightAgain() async throws {
    try await TestThread.clock.run {
      let pair = DTLSPair()
      for datagram in DTLSPair.run(&pair.client) { pair.server.connection.handle(datagram) }
      for datagram in DTLSPair.run(&pair.server) { pair.client.connection.handle(datagram) }
      DTLSPair.run(&pair.client).forEach { pair.server.connection.handle($0) }
      _ = DTLSPair.run(&pair.server)
      // The client's timer: real time, 100 ms.
      while pair.client.connection.state == .handshaking, let deadline = pair.client.connection.nextDeadline(now: .now)
      {
        if deadline - .now <= .milliseconds(1) { pair.client.connection.handleTimeout(now: .now) }
        pair.exchange()
        usleep(1000)
      }
      #expect(pair.areConnected)
    }
  }
}
