import Media
import Runtime
import Testing
import VivaTesting

/// What peers take of memory.
@Suite(.serialized, .heap(.isMeasured)) struct PeerMemoryTests {
  /// Two peers joined without a network, so that nothing but they allocates.
  private final class Joined {
    let world = VirtualWorld(seed: 1)
    let client: VirtualPeer
    let server: VirtualPeer
    private var now: Instant
    private static let identities = Dictionary(
      uniqueKeysWithValues: SRTPProfile.allCases.map {
        ($0, try! DTLSIdentity.generate(notBefore: 1_700_000_000, notAfter: 2_000_000_000, profiles: [$0]))
      })
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: PeerTransmit.maximumByteCount, alignment: 8)
    private let payload = [UInt8](repeating: 1, count: 80)
    private(set) var heard = 0

    init(_ profile: SRTPProfile) throws {
      var options = VirtualCall.Options()
      options.profiles = [profile]
      // As all peers of a process share one.
      options.clientIdentity = Self.identities[profile]
      options.serverIdentity = Self.identities[profile]
      let call = try VirtualCall(options)
      server = world.add(call.server, at: VirtualCall.serverAddress)
      client = world.add(call.client, at: VirtualCall.clientAddress)
      world.run(for: .seconds(2))
      now = world.now
    }

    /// Packets both ways, each 20 ms, with all that comes between them.
    func exchange(_ count: Int) {
      for _ in 0..<count {
        now = now + .milliseconds(20)
        speak(from: server, to: client)
        speak(from: client, to: server)
        server.peer.advance(to: now)
        client.peer.advance(to: now)
        drain(server, to: client)
        drain(client, to: server)
      }
    }

    private func speak(from: VirtualPeer, to: VirtualPeer) {
      let payload = payload
      var bytes = MutableRawSpan(_unsafeBytes: buffer)
      guard let sent = from.peer.send(payload.span.bytes, samples: 960, marker: false, now: now, into: &bytes) else {
        return
      }
      if case .audio = receive(sent, from, to) { heard += 1 }
    }

    private func drain(_ from: VirtualPeer, to: VirtualPeer) {
      var bytes = MutableRawSpan(_unsafeBytes: buffer)
      while let sent = from.peer.pollTransmit(into: &bytes) { _ = receive(sent, from, to) }
      while from.peer.pollEvent() != nil {}
    }

    private func receive(_ sent: PeerTransmit, _ from: VirtualPeer, _ to: VirtualPeer) -> PeerInput {
      var packet = MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: buffer[..<sent.byteCount]))
      return to.peer.receive(&packet, from: from.address, at: to.address, now: now)
    }

    deinit { buffer.deallocate() }
  }

  @Test(arguments: SRTPProfile.allCases)
  func tenThousandPacketsKeepNothing(_ profile: SRTPProfile) throws {
    let joined = try Joined(profile)
    joined.exchange(500)
    let growth = leastHeapGrowth(rounds: 5) { joined.exchange(2000) }
    #expect(joined.heard == 2 * 10_500)
    // 4,000 packets a round. The least that could be kept of each would be 64 KB; other tests run at the same time.
    #expect(growth < 32 * 1024)
  }

  @Test func aConnectedPeerWithoutDataIsSmall() throws {
    var kept: [Joined] = []
    let growth = try leastHeapGrowth(rounds: 4) { kept.append(try Joined(.aeadAES128GCM)) }
    // Both ends and what is around them. libsrtp's state is 63 KB of each, OpenSSL's is gone.
    #expect(growth < 2 * 140 * 1024)
  }
}
