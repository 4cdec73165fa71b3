import Media
import Runtime
import Testing
import VivaTesting

/// What strangers send (design, section 7).
@Suite(.heap(.grows)) struct PeerAttackTests {
  /// What goes by on the network.
  private final class Tap {
    var datagrams: [VirtualNetwork.Datagram] = []
  }

  private func tapped(_ call: CallUnderTest) -> Tap {
    let tap = Tap()
    call.world.network.passes = {
      tap.datagrams.append($0)
      return true
    }
    return tap
  }

  /// A ClientHello of a stranger's own.
  private func clientHello(_ identity: DTLSIdentity, at now: Instant) -> [UInt8] {
    let connection = DTLSConnection(
      identity: identity, role: .client, fingerprints: [identity.fingerprint], now: now)
    connection.step(now: now)
    return connection.pollTransmit() ?? []
  }

  private func identity() throws -> DTLSIdentity {
    try DTLSIdentity.generate(notBefore: 1_700_000_000, notAfter: 2_000_000_000)
  }

  @Test func aClientHelloFromAnUncheckedAddressMakesNoHandshake() throws {
    let call = try CallUnderTest()
    let hello = try clientHello(identity(), at: call.world.now)
    call.world.remove(call.client)
    for _ in 0..<20 { call.inject(hello, from: stranger) }
    #expect(call.server.drops == [.uncheckedAddress: 20])
    #expect(!call.server.isHandshaking)
    #expect(call.world.network.sent == 0)
  }

  @Test func aRaceOfClientHellosFromACheckedAddressIsWonByTheClient() throws {
    // Whoever can send from the client's own address: another process behind its NAT.
    let call = try CallUnderTest(seed: 2)
    let identity = try identity()
    call.world.run(until: { call.server.remoteAddress != nil })
    for _ in 0..<6 {
      call.inject(try clientHello(identity, at: call.world.now), from: call.client.address)
      // And one with nothing in it that can be answered.
      var broken = try clientHello(identity, at: call.world.now)
      for offset in 60..<broken.count { broken[offset] = 0 }
      call.inject(broken, from: call.client.address)
    }
    // A fatal alert in the clear.
    call.inject([21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40], from: call.client.address)
    #expect(call.connect(inRealTime: true))
    call.talk(for: .seconds(1))
    call.settle()
    #expect(call.server.share(of: call.client) == 1)
  }

  @Test(arguments: [DTLSRole.server, .client])
  func aCertificateThatWasNotAnnouncedEndsItWithoutKeys(_ role: DTLSRole) throws {
    let other = try identity().fingerprint
    let call = try CallUnderTest {
      $0.role = role
    } configure: {
      guard case .dtls(let identity, let role, _) = $0.server.keying else { return }
      $0.server.keying = .dtls(identity: identity, role: role, fingerprints: [other])
    }
    #expect(!call.connect(within: .seconds(3)))
    #expect(call.server.failure == .dtls(.fingerprintMismatch))
    #expect(call.server.statistics.transport.srtpCipher == nil)
    #expect(!call.server.speak(at: call.world.now, into: &call.world.network))
  }

  @Test(arguments: SRTPProfile.allCases)
  func injectedAndChangedRTPIsNotHeard(_ profile: SRTPProfile) throws {
    let call = try CallUnderTest(seed: 3) { $0.profiles = [profile] }
    #expect(call.connect())
    let tap = tapped(call)
    call.talk(for: .seconds(1))
    call.settle()
    let heard = call.server.heard.count
    let packets = tap.datagrams.filter { Demux.isRTP($0.bytes) && $0.source == call.client.address }
    var random = SeededGenerator(seed: 4)
    for packet in packets.suffix(20) {
      // From elsewhere; changed; with another SSRC; of the attacker's own making.
      call.inject(packet.bytes, from: stranger)
      var changed = packet.bytes
      changed[Int.random(in: 12..<changed.count, using: &random)] ^= 0x10
      call.inject(changed, from: call.client.address)
      changed = packet.bytes
      changed[11] ^= 1
      call.inject(changed, from: call.client.address)
      changed = packet.bytes
      changed[3] &+= 100
      call.inject(changed, from: call.client.address)
    }
    #expect(call.server.heard.count == heard)
    call.talk(for: .seconds(1))
    call.settle()
    #expect(call.server.share(of: call.client) == 1)
  }

  @Test func whatWasHeardIsNotHeardAgain() throws {
    let call = try CallUnderTest(seed: 5)
    #expect(call.connect())
    let tap = tapped(call)
    call.talk(for: .seconds(4))
    call.settle()
    let heard = call.server.heard.count
    let received = call.server.statistics.inbound[0]
    for packet in tap.datagrams where packet.source == call.client.address && !Demux.isSTUN(packet.bytes) {
      call.inject(packet.bytes, from: call.client.address)
    }
    #expect(call.server.heard.count == heard)
    #expect(call.server.statistics.inbound[0] == received)
    #expect(call.server.drops[.srtp(.replayed), default: 0] >= heard)
  }

  @Test func forgedChecksAreNotAnsweredAndMoveNothing() throws {
    let call = try CallUnderTest(seed: 6)
    #expect(call.connect())
    let tap = tapped(call)
    call.world.run(for: .seconds(6))
    let checks = tap.datagrams.filter { Demux.isSTUN($0.bytes) && $0.source == call.client.address }
    #expect(checks.count >= 2)
    let sent = call.world.network.sent
    for check in checks {
      // The very bytes, from elsewhere: seen before.
      call.inject(check.bytes, from: stranger)
      var changed = check.bytes
      changed[10] ^= 1
      call.inject(changed, from: stranger)
      // Without integrity.
      changed = Array(check.bytes.prefix(check.bytes.count - 32))
      changed[2] = UInt8((changed.count - 20) >> 8)
      changed[3] = UInt8((changed.count - 20) & 255)
      call.inject(changed, from: stranger)
    }
    #expect(call.server.remoteAddress == call.client.address)
    // Reports and the like apart, nothing went to the stranger.
    #expect(tap.datagrams.allSatisfy { $0.destination != stranger })
    #expect(call.world.network.sent - sent < 6)
    #expect(call.server.drops[.notAuthentic, default: 0] >= checks.count)
  }

  @Test func forgedReportsAndGoodbyesAreNotBelieved() throws {
    let call = try CallUnderTest(seed: 7)
    #expect(call.connect())
    call.talk(for: .seconds(1))
    // BYE in the clear, and with a tail of rubbish.
    let goodbye: [UInt8] = [0x80, 201, 0, 1, 0xC1, 0x1E, 0, 1, 0x81, 203, 0, 1, 0xC1, 0x1E, 0, 1]
    call.inject(goodbye, from: call.client.address)
    call.inject(goodbye + [UInt8](repeating: 0x80, count: 20), from: call.client.address)
    call.settle()
    #expect(!call.server.events.map(\.event).contains(.goodbye(ssrc: 0xC11E_0001)))
    #expect(call.areConnected)
  }

  /// Rubbish of all kinds, in each state of a call, from the stranger and from the client's own address.
  @Test(arguments: 0..<8)
  func garbageInAnyStateHurtsNobody(_ seed: Int) throws {
    let role: DTLSRole = seed % 2 == 0 ? .server : .client
    let call = try CallUnderTest(seed: UInt64(seed)) {
      $0.role = role
      $0.carriesData = seed % 3 == 0
    }
    var random = SeededGenerator(seed: UInt64(seed) + 100)
    let tap = tapped(call)
    func pour(_ count: Int) {
      for _ in 0..<count {
        let source = Bool.random(using: &random) ? stranger : call.client.address
        var bytes: [UInt8]
        var isForgery = false
        if let real = tap.datagrams.randomElement(using: &random)?.bytes, Int.random(in: 0..<4, using: &random) > 0 {
          bytes = real
          isForgery = true
          // A check that is heard, and sent again from elsewhere before it arrives, is a good one; and FINGERPRINT at its
          // end is not what makes it so.
          let end = Demux.isSTUN(real) ? real.count - 8 : real.count
          for _ in 0..<Int.random(in: 1...4, using: &random) {
            bytes[Int.random(in: 0..<end, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
          }
          if Bool.random(using: &random) {
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
          }
        } else {
          bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
          // So that it gets past the first look.
          if !bytes.isEmpty { bytes[0] = [0, 22, 23, 0x80, 0x90].randomElement(using: &random)! }
        }
        for target in [call.server.address, call.client.address] {
          // Who hears a handshake, and forges it from the peer's own address before the peer speaks, can keep it from
          // ending: that no DTLS withstands.
          if isForgery, source != stranger, !call.areConnected, VirtualNetwork.isDTLS(bytes) { continue }
          let from = target == call.client.address && source != stranger ? call.server.address : source
          call.world.network.inject(bytes, from: from, to: target, at: call.world.now)
        }
      }
    }
    // Before ICE, between ICE and DTLS, in the handshake, in the call.
    pour(50)
    for _ in 0..<300 {
      call.world.run(for: .milliseconds(1))
      if !call.areConnected { pour(3) }
    }
    #expect(call.connect(inRealTime: true))
    call.client.isTalking = true
    call.server.isTalking = true
    for _ in 0..<1000 {
      call.world.run(for: .milliseconds(1))
      pour(2)
    }
    call.client.isTalking = false
    call.server.isTalking = false
    call.settle()
    #expect(call.areConnected)
    #expect(call.server.share(of: call.client) == 1)
    #expect(call.client.share(of: call.server) == 1)
    // After the end.
    call.server.peer.close(now: call.world.now)
    pour(50)
    call.settle(.milliseconds(100))
    #expect(call.server.state == .closed)
  }
}
