import Glibc
import Runtime
import Testing

@testable import Media

/// What somebody who can write from the peer's address, but not read what goes there, must not be able to do.
struct ClientHelloRaceTests {
  private func hello() -> [UInt8] {
    var client = DTLSPair().client
    return DTLSPair.run(&client)[0]
  }

  /// With one cipher suite, TLS_NULL_WITH_NULL_NULL, in place of all.
  private func helloWithoutCiphers() -> [UInt8] {
    var bytes = hello()
    // Record header 13, message header 12, version 2, random 32, session id, cookie, then the suites.
    var offset = 13 + 12 + 2 + 32
    offset += 1 + Int(bytes[offset])
    offset += 1 + Int(bytes[offset])
    let suites = Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
    for index in offset + 2..<offset + 2 + suites { bytes[index] = 0 }
    return bytes
  }

  private func expectConnected(_ pair: DTLSPair) {
    #expect(pair.areConnected)
    #expect(pair.client.keys != nil)
    #expect(pair.client.keys?.local == pair.server.keys?.remote)
  }

  @Test
  func aClientHelloWithoutACommonCipherEndsNothing() {
    let pair = DTLSPair()
    for _ in 0..<5 {
      pair.server.connection.handle(helloWithoutCiphers())
      // No alert either: it would go to the honest client.
      #expect(DTLSPair.run(&pair.server).isEmpty)
    }
    pair.exchange()
    expectConnected(pair)
  }

  @Test
  func aFloodOfThemIsBoundedAndTheNextSecondIsAsGoodAsNew() async throws {
    try await TestThread.clock.run {
      let start = Instant.now
      let pair = DTLSPair(now: start)
      for _ in 0..<1000 {
        pair.server.connection.handle(helloWithoutCiphers(), now: start)
        _ = DTLSPair.run(&pair.server, now: start)
      }
      #expect(pair.server.connection.state == .handshaking)
      pair.exchange(now: start)
      #expect(!pair.areConnected)
      // The client repeats its ClientHello.
      let later = start + .milliseconds(300)
      while let deadline = pair.client.connection.nextDeadline(now: .now), deadline - .now > .milliseconds(2) {
        usleep(1000)
      }
      while !pair.areConnected, Instant.now < start + .seconds(12) {
        pair.client.connection.handleTimeout(now: later)
        pair.exchange(now: later)
      }
      expectConnected(pair)
    }
  }

  @Test(arguments: [0, 1, 2])
  func aGoodClientHelloOfSomebodyElseInTheMiddleDoesNotHinderTheFirst(after flights: Int) {
    let pair = DTLSPair()
    var sent = DTLSPair.run(&pair.client)
    for flight in 0..<4 {
      if flight == flights {
        for _ in 0..<6 { pair.server.connection.handle(hello()) }
        // Their answers reach the client too, after the right one or before it.
        let answers = DTLSPair.run(&pair.server)
        if flights > 0 { answers.forEach { pair.client.connection.handle($0) } }
      }
      sent.forEach { pair.server.connection.handle($0) }
      DTLSPair.run(&pair.server).forEach { pair.client.connection.handle($0) }
      sent = DTLSPair.run(&pair.client)
    }
    pair.exchange()
    expectConnected(pair)
  }

  @Test
  func garbageInTheMiddleEndsNothing() {
    for seed in UInt64(0)..<20 {
      var generator = DTLSTestGenerator(seed: seed)
      func garbage() -> [UInt8] {
        var bytes = (0..<Int.random(in: 1...300, using: &generator)).map { _ in
          UInt8.random(in: .min ... .max, using: &generator)
        }
        // Half of it looks like a record; none like a handshake message that is due, which nobody can tell from the
        // peer's own (see below).
        if bytes.count > 30, Bool.random(using: &generator) {
          let length = bytes.count - 13
          bytes.replaceSubrange(
            0..<14,
            with: [
              .random(in: 20...25, using: &generator), 0xFE, 0xFD, 0, .random(in: 0...2, using: &generator), 0, 0, 0, 0,
              0, 0, UInt8(length >> 8), UInt8(length & 255), .random(in: 21...255, using: &generator),
            ])
          if bytes[0] == 20 { bytes[0] = 21 }
        }
        return bytes
      }
      let pair = DTLSPair()
      var moved = true
      while moved {
        moved = false
        for datagram in DTLSPair.run(&pair.client) {
          for _ in 0..<5 { pair.server.connection.handle(garbage()) }
          pair.server.connection.handle(datagram)
          moved = true
        }
        for datagram in DTLSPair.run(&pair.server) {
          for _ in 0..<5 { pair.client.connection.handle(garbage()) }
          pair.client.connection.handle(datagram)
          moved = true
        }
      }
      expectConnected(pair)
    }
  }

  @Test
  func alertsInPlainTextEndNothing() {
    let pair = DTLSPair()
    let alert: [UInt8] = [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40]
    var moved = true
    while moved {
      moved = false
      for datagram in DTLSPair.run(&pair.client) {
        [alert, datagram, alert].forEach { pair.server.connection.handle($0) }
        moved = true
      }
      for datagram in DTLSPair.run(&pair.server) {
        [alert, datagram, alert].forEach { pair.client.connection.handle($0) }
        moved = true
      }
    }
    expectConnected(pair)
  }

  @Test
  func everyPrefixOfEveryFlightIsSafe() {
    let pair = DTLSPair()
    var flights: [[UInt8]] = []
    var moved = true
    while moved {
      let sent = DTLSPair.run(&pair.client)
      sent.forEach { pair.server.connection.handle($0) }
      let answers = DTLSPair.run(&pair.server)
      answers.forEach { pair.client.connection.handle($0) }
      flights += sent + answers
      moved = !(sent.isEmpty && answers.isEmpty)
    }
    for role in [DTLSRole.client, .server] {
      for flight in flights {
        for length in 0..<flight.count where length < 80 || length % 17 == 0 {
          var end = role == .client ? DTLSPair().client : DTLSPair().server
          _ = DTLSPair.run(&end)
          end.connection.handle(Array(flight.prefix(length)))
          _ = DTLSPair.run(&end)
          #expect(end.connection.state == .handshaking)
        }
      }
    }
  }

  @Test
  func mutatedFlightsNeitherTrapNorConnectStrangers() {
    var generator = DTLSTestGenerator(seed: 5)
    var connected = 0
    for _ in 0..<400 {
      let pair = DTLSPair()
      var moved = true
      var left = 20
      while moved, left > 0 {
        moved = false
        left -= 1
        for (sender, receiver) in [(0, 1), (1, 0)] {
          let sent = sender == 0 ? DTLSPair.run(&pair.client) : DTLSPair.run(&pair.server)
          let end = receiver == 0 ? pair.client.connection : pair.server.connection
          for datagram in sent {
            var changed = datagram
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
              let index = Int.random(in: 0..<changed.count, using: &generator)
              changed[index] = .random(in: .min ... .max, using: &generator)
            }
            if Int.random(in: 0..<3, using: &generator) == 0 { end.handle(changed) }
            end.handle(datagram)
            moved = true
          }
        }
      }
      if pair.areConnected {
        connected += 1
        #expect(pair.client.keys?.local == pair.server.keys?.remote)
      }
    }
    #expect(connected > 50)
  }

  @Test
  func mutatedSequencesOfDatagramsAreSafe() {
    let pair = DTLSPair()
    var flights: [[UInt8]] = []
    while true {
      let sent = DTLSPair.run(&pair.client)
      sent.forEach { pair.server.connection.handle($0) }
      let answers = DTLSPair.run(&pair.server)
      answers.forEach { pair.client.connection.handle($0) }
      if sent.isEmpty, answers.isEmpty { break }
      flights += sent + answers
    }
    var generator = DTLSTestGenerator(seed: 12)
    for _ in 0..<500 {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        var datagram = flights.randomElement(using: &generator)!
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
          let index = Int.random(in: 0..<datagram.count, using: &generator)
          datagram[index] = .random(in: .min ... .max, using: &generator)
        }
        bytes += [UInt8(datagram.count >> 8), UInt8(datagram.count & 255)] + datagram
      }
      DTLSConnection.exercise(bytes.span.bytes)
    }
  }

  /// A forged message in plain text costs a server the honest handshake's SSL object, which DTLS 1.2 cannot prevent; a
  /// client begins again by itself, and so does an honest client that is refused.
  @Test
  func aClientWhoseHandshakeWasSpoiltBeginsAgain() {
    let pair = DTLSPair()
    _ = DTLSPair.run(&pair.client)
    // A ServerHello of nothing.
    pair.client.connection.handle([22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    pair.exchange()
    expectConnected(pair)
  }

  @Test
  func aClientThatIsSpoiltAgainAndAgainPausesAndGoesOn() {
    let start = Instant.now
    let pair = DTLSPair(now: start)
    let forged: [UInt8] = [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 2] + [UInt8](repeating: 0, count: 11)
    var hellos = DTLSPair.run(&pair.client, now: start).count
    for _ in 0..<100 {
      pair.client.connection.handle(forged, now: start)
      hellos += DTLSPair.run(&pair.client, now: start).count
    }
    #expect(hellos == 8)
    #expect(pair.client.connection.state == .handshaking)
    #expect(!pair.client.connection.needsStep)
    #expect(pair.client.connection.nextDeadline(now: start) == start + .milliseconds(250))
    pair.client.connection.handleTimeout(now: start + .milliseconds(250))
    pair.exchange(now: start + .milliseconds(250))
    expectConnected(pair)
  }
}
