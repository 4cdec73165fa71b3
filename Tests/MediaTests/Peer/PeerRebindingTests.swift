import Runtime
import Testing
import VivaTesting

@testable import Media

/// A NAT that binds a client anew while somebody speaks: SRTP says where it is, and a check that it wants media there.
@Suite(.heap(.grows)) struct PeerRebindingTests {
  private static let wifi = TransportAddress("203.0.113.1:1111")!
  private static let rebound = TransportAddress("203.0.113.1:2222")!
  private static let overIPv6 = TransportAddress("[2001:db8::7]:2222")!

  /// What goes by on the network.
  private final class Tap {
    var datagrams: [VirtualNetwork.Datagram] = []
  }

  /// Both have been talking for so long that nominations have settled.
  private func talking(seed: UInt64) throws -> CallUnderTest {
    let call = try CallUnderTest(seed: seed)
    call.world.network.rebind(call.client.address, to: Self.wifi)
    #expect(call.connect())
    call.client.isTalking = true
    call.server.isTalking = true
    call.world.run(for: .milliseconds(2500))
    return call
  }

  private func tapped(_ call: CallUnderTest) -> Tap {
    let tap = Tap()
    call.world.network.passes = {
      tap.datagrams.append($0)
      return true
    }
    return tap
  }

  /// The next packet of the client's, which does not arrive by itself.
  private func captured(_ call: CallUnderTest) -> [UInt8] {
    var captured: [UInt8] = []
    call.world.network.passes = {
      guard captured.isEmpty, Demux.isRTP($0.bytes), $0.destination == call.server.address else { return true }
      captured = $0.bytes
      return false
    }
    call.world.run(until: { !captured.isEmpty })
    call.world.network.passes = nil
    return captured
  }

  private func checks(_ tap: Tap, to address: TransportAddress) -> Int {
    tap.datagrams.count { $0.destination == address && Demux.isSTUN($0.bytes) && $0.bytes[0] == 0 }
  }

  /// What SRTP was asked about, and refused.
  private func tried(_ call: CallUnderTest) -> Int {
    call.server.drops.reduce(0) { if case .srtp = $1.key { $0 + $1.value } else { $0 } }
  }

  @Test(arguments: [rebound, overIPv6])
  func aClientThatIsBoundAnewIsHeardAtOnceAndSentToAfterARoundTrip(_ address: TransportAddress) throws {
    let call = try talking(seed: 1)
    let change = call.world.now
    let tap = tapped(call)
    call.world.network.rebind(call.client.address, to: address)
    call.world.run(for: .milliseconds(500))
    #expect(call.server.remoteAddress == address)
    #expect(call.server.pathEvents.last == .addressChanged(address))
    // 20 ms each way, a packet each 20 ms.
    let start = change + .milliseconds(-40)
    #expect(call.server.longestGap(from: start) <= .milliseconds(42))
    #expect(call.client.longestGap(from: start) < .milliseconds(150))
    #expect(call.server.drops[.uncheckedAddress] == nil)
    #expect(checks(tap, to: address) == 1)
    // The client's own checks come as before, and find nothing to change.
    call.world.run(for: .seconds(6))
    #expect(call.areConnected && call.server.pathEvents.count == 2)
  }

  @Test func nothingButChecksGoesToAnAddressThatDoesNotAnswer() throws {
    let call = try talking(seed: 2)
    let tap = tapped(call)
    call.world.network.rebind(call.client.address, to: Self.rebound)
    // Its answers are lost.
    call.world.network.passes = {
      tap.datagrams.append($0)
      return !(Demux.isSTUN($0.bytes) && $0.source == Self.rebound)
    }
    let spoken = call.client.spoken
    call.server.forgetHeard()
    call.world.run(for: .seconds(6))
    // All that it says is heard.
    #expect(call.server.heardNumbers.count >= call.client.spoken - spoken - 3)
    #expect(call.server.remoteAddress == Self.wifi)
    #expect(tap.datagrams.allSatisfy { $0.destination != Self.rebound || Demux.isSTUN($0.bytes) })
    #expect(checks(tap, to: Self.rebound) == OutgoingChecks.capacity)
  }

  @Test func lossDelaysTheMoveByAFewChecksAtMost() throws {
    for seed in 10..<20 as Range<UInt64> {
      let call = try talking(seed: seed)
      call.world.network.conditions = NetworkConditions(loss: 0.2)
      call.world.network.rebind(call.client.address, to: Self.rebound)
      #expect(call.world.run(until: { call.server.remoteAddress == Self.rebound }, within: .milliseconds(1800)))
    }
  }

  @Test func replayedPacketsAreNoProof() throws {
    let call = try talking(seed: 3)
    let tap = tapped(call)
    call.world.run(for: .seconds(1))
    let heard = call.server.heard.count
    for packet in tap.datagrams where packet.source == Self.wifi && !Demux.isSTUN(packet.bytes) {
      call.inject(packet.bytes, from: stranger)
    }
    call.settle()
    #expect(call.server.unconfirmedAddress == nil && call.server.remoteAddress == Self.wifi)
    #expect(call.server.heardNumbers.count == call.server.heard.count && call.server.heard.count > heard)
    #expect(call.server.drops[.srtp(.replayed), default: 0] > 0)
    #expect(tap.datagrams.allSatisfy { $0.destination != stranger })
  }

  @Test func aPacketThatAStrangerDeliversFirstIsWorthOneCheckAndMovesNothing() throws {
    let call = try talking(seed: 4)
    let packet = captured(call)
    let tap = tapped(call)
    call.inject(packet, from: stranger)
    #expect(call.server.unconfirmedAddress == stranger)
    call.world.run(for: .seconds(3))
    #expect(call.server.remoteAddress == Self.wifi && call.server.pathEvents == [.selected(Self.wifi)])
    #expect(tap.datagrams.count { $0.destination == stranger } == 1)
    #expect(checks(tap, to: stranger) == 1)
  }

  @Test func whoeverDeliversPacketsFirstFromManyAddressesMakesFewChecks() throws {
    let call = try talking(seed: 5)
    let tap = Tap()
    var port: UInt16 = 1
    var raced: [[UInt8]] = []
    call.world.network.passes = {
      tap.datagrams.append($0)
      if Demux.isRTP($0.bytes), $0.source == Self.wifi { raced.append($0.bytes) }
      return true
    }
    for _ in 0..<2000 {
      call.world.run(for: .milliseconds(1))
      for packet in raced {
        port += 1
        let address = stranger.withPort(port)
        call.world.network.inject(packet, from: address, to: call.server.address, at: call.world.now)
      }
      raced = []
    }
    let sent = tap.datagrams.filter { $0.destination.withPort(0) == stranger.withPort(0) }
    #expect((4...9).contains(sent.count))
    #expect(sent.allSatisfy { Demux.isSTUN($0.bytes) })
    #expect(call.server.remoteAddress == Self.wifi)
  }

  @Test func aGuessedSSRCIsTriedSoManyTimesASecond() throws {
    let call = try talking(seed: 6)
    var packet = captured(call)
    let tap = tapped(call)
    let before = tried(call)
    var random = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      for offset in 40..<packet.count { packet[offset] = UInt8.random(in: 0...255, using: &random) }
      call.world.network.inject(
        packet, from: stranger.withPort(.random(in: 1...9999, using: &random)), to: call.server.address,
        at: call.world.now)
      call.world.run(for: .milliseconds(1))
    }
    #expect((AttemptLimit.perSecond...2 * AttemptLimit.perSecond + AttemptLimit.burst).contains(tried(call) - before))
    #expect(call.server.drops[.uncheckedAddress, default: 0] > 1500)
    #expect(call.server.unconfirmedAddress == nil)
    #expect(tap.datagrams.allSatisfy { $0.destination.withPort(0) != stranger.withPort(0) })
    // Of another SSRC nothing is tried at all.
    packet[11] ^= 1
    let after = call.server.drops
    for _ in 0..<10 { call.inject(packet, from: stranger) }
    #expect(call.server.drops[.uncheckedAddress, default: 0] == after[.uncheckedAddress, default: 0] + 10)
  }

  @Test func aFloodOnItsSSRCHoldsAClientUpNoLongerThanToItsNextCheck() throws {
    let call = try talking(seed: 8)
    let packet = captured(call)
    call.world.network.rebind(call.client.address, to: Self.rebound)
    var forged = packet
    forged[packet.count - 1] ^= 1
    for _ in 0..<4000 where call.server.remoteAddress != Self.rebound {
      for _ in 0..<2 { call.world.network.inject(forged, from: stranger, to: call.server.address, at: call.world.now) }
      call.world.run(for: .milliseconds(1))
    }
    #expect(call.server.remoteAddress == Self.rebound)
  }

  @Test func aClientThatSendsFromTwoAddressesInTurnIsHeardWhole() throws {
    let call = try talking(seed: 9)
    call.server.forgetHeard()
    let spoken = call.client.spoken
    for _ in 0..<400 {
      // The NAT has both: each reaches the client.
      let next = call.world.network.address(of: call.client.address) == Self.wifi ? Self.rebound : Self.wifi
      call.world.network.rebind(call.client.address, to: next)
      call.world.run(for: .milliseconds(10))
    }
    call.client.isTalking = false
    call.settle()
    #expect(call.server.heardNumbers.count >= call.client.spoken - spoken - 2)
    // Once a second, and by the client's own checks.
    #expect(call.server.pathEvents.count <= 9)
  }

  @Test func stragglersFromTheOldAddressTakeNothingBack() throws {
    let call = try talking(seed: 11)
    let late = captured(call)
    call.world.network.rebind(call.client.address, to: Self.rebound)
    call.world.run(for: .milliseconds(300))
    #expect(call.server.remoteAddress == Self.rebound)
    call.inject(late, from: Self.wifi)
    call.settle()
    #expect(call.server.heardNumbers.count == call.server.heard.count)
    #expect(call.server.remoteAddress == Self.rebound && call.server.unconfirmedAddress == nil)
  }

  @Test func aServerThatWasRestartedFollowsToo() throws {
    let call = try talking(seed: 12)
    let checkpoint = try #require(call.server.checkpoint(at: call.world.now))
    call.world.network.rebind(call.client.address, to: Self.rebound)
    call.server.replace(
      with: Peer(restoring: checkpoint, call.server.peer.configuration, at: call.world.now))
    call.server.forgetHeard()
    call.world.run(for: .milliseconds(500))
    #expect(call.server.remoteAddress == Self.rebound)
    #expect(call.server.heard.count > 15)
  }

  @Test func nothingIsTriedWithoutConsent() throws {
    let call = try talking(seed: 13)
    let packet = captured(call)
    call.world.network.passes = { _ in false }
    call.world.run(for: .seconds(31))
    #expect(call.server.remoteAddress == nil)
    call.world.network.passes = nil
    let before = call.server.drops[.uncheckedAddress, default: 0]
    call.inject(packet, from: stranger)
    #expect(call.server.drops[.uncheckedAddress, default: 0] == before + 1)
    #expect(call.server.unconfirmedAddress == nil)
  }
}

extension VirtualPeer {
  fileprivate var unconfirmedAddress: TransportAddress? { peer.unconfirmedAddress }
}
