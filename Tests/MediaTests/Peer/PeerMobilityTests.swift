import Media
import Runtime
import Testing
import VivaTesting

/// Addresses that change, ICE restarts, consent.
@Suite(.heap(.grows)) struct PeerMobilityTests {
  private static let wifi = TransportAddress("203.0.113.1:1111")!
  private static let mobile = TransportAddress("[2001:db8::7]:2222")!

  private func connected(seed: UInt64 = 1) throws -> CallUnderTest {
    let call = try CallUnderTest(seed: seed)
    call.world.network.rebind(call.client.address, to: Self.wifi)
    #expect(call.connect())
    #expect(call.server.remoteAddress == Self.wifi)
    call.client.isTalking = true
    call.server.isTalking = true
    call.world.run(for: .seconds(2))
    return call
  }

  /// From the last packet before the change to the first after it, at both ends.
  private func gaps(_ call: CallUnderTest, since: Instant) -> (client: Duration, server: Duration) {
    let start = since + .milliseconds(-40)
    return (call.client.longestGap(from: start), call.server.longestGap(from: start))
  }

  @Test func aNATThatForgetsWhileTheClientIsSilentIsFollowedWithItsNextCheck() throws {
    let call = try connected()
    call.client.isTalking = false
    let change = call.world.now
    call.world.network.rebind(call.client.address, to: Self.mobile)
    call.world.run(for: .seconds(5))
    #expect(call.server.remoteAddress == Self.mobile)
    #expect(call.server.pathEvents.last == .addressChanged(Self.mobile))
    #expect(call.areConnected)
    // The client checks each 2.5 s, a fifth more or less; until then nothing says where it is.
    let gap = gaps(call, since: change)
    #expect(gap.client < .milliseconds(3200))
  }

  @Test func anICERestartOverANewAddressLeavesAShortGap() throws {
    let call = try connected(seed: 2)
    var random = SeededGenerator(seed: 5)
    let local = IceCredentials(routingTag: 1, using: &random)
    let remote = IceCredentials(routingTag: 7, using: &random)
    let change = call.world.now
    call.world.network.rebind(call.client.address, to: Self.mobile)
    // The re-offer takes 50 ms to the server and 50 ms back.
    call.world.run(for: .milliseconds(50))
    call.server.peer.restartICE(local: remote, remote: local, now: call.world.now)
    call.world.run(for: .milliseconds(50))
    call.client.peer.restartICE(local: local, remote: remote, now: call.world.now)
    call.world.run(for: .seconds(3))
    #expect(call.server.remoteAddress == Self.mobile)
    let gap = gaps(call, since: change)
    // 100 ms of signalling and two round trips.
    #expect(gap.client < .milliseconds(260) && gap.server < .milliseconds(260))
    #expect(call.areConnected)
    let keyed = call.server.events.filter { $0.event == .connected }
    #expect(keyed.count == 1)
  }

  @Test func anICERestartInPlaceLosesNothing() throws {
    let call = try connected(seed: 3)
    var random = SeededGenerator(seed: 5)
    let local = IceCredentials(routingTag: 1, using: &random)
    let remote = IceCredentials(routingTag: 7, using: &random)
    call.client.peer.restartICE(local: local, remote: nil, now: call.world.now)
    call.world.run(for: .milliseconds(50))
    call.server.peer.restartICE(local: remote, remote: local, now: call.world.now)
    call.world.run(for: .milliseconds(50))
    call.client.peer.setRemoteCredentials(remote, now: call.world.now)
    call.world.run(for: .seconds(8))
    call.client.isTalking = false
    call.server.isTalking = false
    call.settle()
    #expect(call.client.share(of: call.server) == 1)
    #expect(call.server.share(of: call.client) == 1)
    #expect(call.server.peer.localCredentials == remote)
    #expect(call.server.pathEvents.count == 1)
  }

  @Test func consentExpiresAndComesBack() throws {
    let call = try connected(seed: 4)
    call.world.network.passes = { _ in false }
    call.world.run(for: .seconds(8))
    #expect(call.server.pathEvents.last == .disconnected)
    call.world.run(for: .seconds(25))
    #expect(call.server.pathEvents.last == .consentExpired)
    #expect(call.server.remoteAddress == nil && call.client.remoteAddress == nil)
    // Nothing is sent without consent, but for the client's own checks.
    let spoken = call.server.spoken
    var sent: [[UInt8]] = []
    call.world.network.passes = {
      sent.append($0.bytes)
      return false
    }
    call.world.run(for: .seconds(2))
    #expect(call.server.spoken == spoken)
    #expect(sent.allSatisfy(Demux.isSTUN))
    call.world.network.passes = nil
    call.world.run(for: .seconds(3))
    #expect(call.server.remoteAddress == Self.wifi)
    #expect(call.server.spoken > spoken)
    call.client.forgetHeard()
    call.world.run(for: .seconds(1))
    #expect(call.client.heard.count > 45)
  }

  @Test func aHoldStopsWhatItShould() throws {
    let call = try connected(seed: 5)
    var audio = call.server.peer.configuration.audio
    audio[0].direction = .recvonly
    call.server.peer.update(audio, now: call.world.now)
    call.settle(.milliseconds(100))
    let spoken = call.server.spoken
    call.world.run(for: .seconds(1))
    #expect(call.server.spoken == spoken)
    audio[0].direction = .inactive
    call.server.peer.update(audio, now: call.world.now)
    call.server.forgetHeard()
    call.world.run(for: .seconds(1))
    #expect(call.server.heard.isEmpty)
    #expect(call.server.drops[.unknownPayloadType, default: 0] > 45)
    audio[0].direction = .sendrecv
    call.server.peer.update(audio, now: call.world.now)
    call.client.forgetHeard()
    call.world.run(for: .seconds(1))
    #expect(call.server.heard.count > 45 && call.client.heard.count > 45)
  }

  @Test func aGatewayWithoutICEIsFollowedOnlyByWhatIsAuthentic() throws {
    let call = CallUnderTest(VirtualCall(sdes: .aeadAES128GCM, seed: 6))
    call.world.network.rebind(call.client.address, to: Self.wifi)
    call.talk(for: .seconds(1))
    #expect(call.server.remoteAddress == Self.wifi)
    // A stranger has heard a packet and sends it from its own address.
    var captured: [UInt8] = []
    call.world.network.passes = {
      if Demux.isRTP($0.bytes), $0.source == Self.wifi { captured = $0.bytes }
      return true
    }
    call.talk(for: .milliseconds(100))
    call.settle(.milliseconds(100))
    call.inject(captured, from: stranger)
    captured[captured.count - 1] ^= 1
    call.inject(captured, from: stranger)
    #expect(call.server.remoteAddress == Self.wifi)
    call.world.network.rebind(call.client.address, to: Self.mobile)
    call.talk(for: .milliseconds(500))
    #expect(call.server.remoteAddress == Self.mobile)
    // A straggler from the old address does not take it back.
    #expect(call.server.pathEvents == [.selected(Self.wifi), .addressChanged(Self.mobile)])
    call.client.isTalking = false
    call.world.network.passes = { $0.source != Self.mobile }
    call.world.run(for: .seconds(31))
    #expect(call.server.remoteAddress == nil)
  }
}
