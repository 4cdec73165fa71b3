import Glibc
import Runtime
import Testing

@testable import Media

struct DTLSHandshakeTests {
  @Test
  func bothSidesHaveTheSameKeysAndPreferGCM() throws {
    let pair = DTLSPair()
    pair.exchange()
    let client = try #require(pair.client.keys)
    let server = try #require(pair.server.keys)
    #expect(client.profile == .aeadAES128GCM)
    #expect(client.local == server.remote)
    #expect(client.remote == server.local)
    #expect(client.local != client.remote)
    #expect(pair.areConnected)
    #expect(pair.client.connection.nextDeadline(now: .now) == nil)
    #expect(pair.server.connection.nextDeadline(now: .now) == nil)
  }

  @Test(arguments: [DTLSRole.client, .server])
  func aPeerWithoutGCMGetsAESCM(limited: DTLSRole) throws {
    let old = try DTLSIdentity.generate(notBefore: 0, notAfter: 2_000_000_000, profiles: [.aes128CMSHA1_80])
    let pair = limited == .client ? DTLSPair(client: old) : DTLSPair(server: old)
    pair.exchange()
    let client = try #require(pair.client.keys)
    #expect(client.profile == .aes128CMSHA1_80)
    #expect(client.local == pair.server.keys?.remote)
    #expect(client.remote == pair.server.keys?.local)
  }

  @Test(arguments: [DTLSRole.client, .server])
  func withoutAnSRTPProfileThereIsNoConnection(without: DTLSRole) throws {
    let bare = try DTLSIdentity.generate(notBefore: 0, notAfter: 2_000_000_000, profiles: [])
    let pair = without == .client ? DTLSPair(client: bare) : DTLSPair(server: bare)
    pair.exchange()
    // The server sees it first, and does not finish.
    #expect(pair.server.connection.state == .failed(.srtpNotNegotiated))
    #expect(pair.client.connection.state == .handshaking)
    #expect(pair.server.keys == nil)
  }

  @Test
  func datagramsKeepWithinTheMTU() {
    for mtu in [256, 600, 1200] {
      var configuration = DTLSConfiguration()
      configuration.mtu = mtu
      let pair = DTLSPair(configuration: configuration)
      var longest = 0
      while true {
        let toServer = DTLSPair.run(&pair.client)
        toServer.forEach { pair.server.connection.handle($0) }
        let toClient = DTLSPair.run(&pair.server)
        toClient.forEach { pair.client.connection.handle($0) }
        longest = max(longest, (toServer + toClient).map(\.count).max() ?? 0)
        if toServer.isEmpty, toClient.isEmpty { break }
      }
      #expect(pair.areConnected)
      #expect(longest <= mtu)
    }
  }

  @Test
  func aSilentPeerTimesOut() {
    let start = Instant.now
    let pair = DTLSPair(now: start)
    _ = DTLSPair.run(&pair.client, now: start)
    _ = DTLSPair.run(&pair.server, now: start)
    #expect(pair.server.connection.nextDeadline(now: start) == start + .seconds(15))
    for end in [pair.client.connection, pair.server.connection] {
      end.handleTimeout(now: start + .milliseconds(14_999))
      #expect(end.state == .handshaking)
      end.handleTimeout(now: start + .seconds(15))
      #expect(end.state == .failed(.timedOut(lastFailure: nil)))
      #expect(end.pollEvent() == .failed(.timedOut(lastFailure: nil)))
      #expect(end.nextDeadline(now: start) == nil)
    }
  }

  @Test
  func nothingCanBeSentBeforeTheHandshakeIsOver() {
    let pair = DTLSPair()
    #expect(throws: DTLSError.notConnected) { try pair.client.connection.send([1]) }
    _ = DTLSPair.run(&pair.client)
    #expect(throws: DTLSError.notConnected) { try pair.client.connection.send([1]) }
  }

  @Test
  func aStepIsOneAnswerAtMost() {
    let pair = DTLSPair()
    let hello = DTLSPair.run(&pair.client)
    var other = DTLSPair().client
    let otherHello = DTLSPair.run(&other)
    for datagram in hello + otherHello { pair.server.connection.handle(datagram) }
    pair.server.connection.step(now: .now)
    #expect(pair.server.connection.needsStep)
    pair.server.connection.step(now: .now)
    #expect(!pair.server.connection.needsStep)
  }

  /// Real time: OpenSSL repeats flights by its own clock.
  @Test(arguments: 0..<6)
  func aHandshakeSurvivesLossReorderingAndDuplicates(seed: Int) async throws {
    try await TestThread.clock.run {
      var generator = DTLSTestGenerator(seed: UInt64(seed))
      let pair = DTLSPair()
      var wire: [(at: Instant, toServer: Bool, bytes: [UInt8])] = []
      // Some 300 ms, more where the machine is busy.
      let end = Instant.now + .seconds(12)
      while !pair.areConnected, Instant.now < end {
        let now = Instant.now
        for connection in [pair.client.connection, pair.server.connection] {
          if let deadline = connection.nextDeadline(now: now), deadline <= now + .milliseconds(1) {
            connection.handleTimeout(now: now)
          }
        }
        for (toServer, datagrams) in [(true, DTLSPair.run(&pair.client)), (false, DTLSPair.run(&pair.server))] {
          for datagram in datagrams {
            // 15 % lost, 20 % twice, each up to 30 ms late.
            if Int.random(in: 0..<100, using: &generator) < 15 { continue }
            for _ in 0..<(Int.random(in: 0..<100, using: &generator) < 20 ? 2 : 1) {
              let delay = Duration.milliseconds(Int.random(in: 0...30, using: &generator))
              wire.append((now + delay, toServer, datagram))
            }
          }
        }
        for packet in wire where packet.at <= now {
          (packet.toServer ? pair.server : pair.client).connection.handle(packet.bytes, now: now)
        }
        wire.removeAll { $0.at <= now }
        usleep(1000)
      }
      #expect(pair.areConnected)
      #expect(pair.client.keys?.local == pair.server.keys?.remote)
    }
  }
}
