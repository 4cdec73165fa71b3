import Media
import Runtime
import Testing
import VivaTesting

/// Audio on a network that loses, delays and doubles.
@Suite(.heap(.grows)) struct PeerLossTests {
  private func call(_ seed: UInt64, nack: Bool, _ conditions: NetworkConditions) throws -> CallUnderTest {
    let call = try CallUnderTest(seed: seed) { $0.nack = nack }
    #expect(call.connect())
    call.world.network.conditions = conditions
    call.talk(for: .seconds(20))
    call.world.network.conditions = NetworkConditions()
    call.settle()
    return call
  }

  @Test func tenPercentLossIsMendedByNACK() throws {
    let call = try call(1, nack: true, NetworkConditions(loss: 0.1))
    #expect(call.client.share(of: call.server) > 0.995)
    #expect(call.server.share(of: call.client) > 0.995)
    let statistics = call.server.statistics
    #expect(statistics.inbound[0].nackCount > 50)
    #expect(statistics.inbound[0].retransmittedPacketsReceived > 50)
    #expect(statistics.outbound[0].nackCount > 50)
    #expect(statistics.outbound[0].retransmittedPacketsSent > 50)
  }

  @Test func lossWithoutNACKStaysAndIsReported() throws {
    let call = try call(2, nack: false, NetworkConditions(loss: 0.1))
    #expect((0.86...0.94).contains(call.client.share(of: call.server)))
    let inbound = call.client.statistics.inbound[0]
    let lost = call.server.spoken - call.client.heardNumbers.count
    #expect(inbound.packetsReceived == call.client.heard.count)
    #expect(abs(Int(inbound.packetsLost) - lost) < 3)
    #expect(inbound.nackCount == 0)
    #expect(call.server.statistics.outbound[0].remote.map { $0.packetsLost > 50 } == true)
    #expect((0.02...0.25).contains(call.server.peer.lossFraction))
  }

  @Test func burstsOfThreeAreMended() throws {
    var conditions = NetworkConditions()
    conditions.bursts = NetworkConditions.Bursts(share: 0.1, length: 3)
    let call = try call(3, nack: true, conditions)
    #expect(call.client.share(of: call.server) > 0.98)
    #expect(call.world.network.lost > 100)
  }

  @Test func jitterAndReorderingLoseNothing() throws {
    var conditions = NetworkConditions()
    conditions.jitter = .milliseconds(80)
    conditions.jitterReorders = true
    conditions.reorder = 0.05
    let call = try call(4, nack: false, conditions)
    #expect(call.client.share(of: call.server) == 1)
    let jitter = call.client.statistics.inbound[0].jitter
    #expect(jitter > 0.01 && jitter < 0.08)
    // Below zero when the first packet was not the first to come.
    #expect(call.client.statistics.inbound[0].packetsLost <= 0)
  }

  @Test func whatComesTwiceIsHeardOnce() throws {
    var conditions = NetworkConditions()
    conditions.duplicate = 0.5
    let call = try call(5, nack: false, conditions)
    #expect(call.client.heard.count == call.client.heardNumbers.count)
    #expect(call.client.share(of: call.server) == 1)
    #expect(call.client.drops[.srtp(.replayed), default: 0] > 300)
  }

  @Test func roundTripTimeIsMeasuredByReports() throws {
    let call = try CallUnderTest()
    call.world.network.conditions = NetworkConditions(loss: 0, delay: .milliseconds(60))
    #expect(call.connect())
    call.talk(for: .seconds(5))
    for peer in [call.client, call.server] {
      let time = try #require(peer.roundTripTime)
      #expect(time >= .milliseconds(118) && time < .milliseconds(126))
      #expect(peer.statistics.outbound[0].remote?.roundTripTime == time.inSeconds)
    }
  }

  @Test func aTalkspurtAfterASilenceIsWhereTheClockIs() throws {
    let call = try CallUnderTest()
    #expect(call.connect())
    call.talk(for: .milliseconds(200))
    call.settle(.milliseconds(1000))
    call.talk(for: .milliseconds(200))
    call.settle()
    let heard = call.client.heard
    let steps = zip(heard, heard.dropFirst()).map { $1.audio.timestamp &- $0.audio.timestamp }
    #expect(steps.filter { $0 != VirtualPeer.samples }.count == 1)
    let jump = Double(steps.max()!) / 48_000
    #expect((0.95...1.05).contains(jump))
    #expect(heard.filter(\.audio.marker).count == 2)
    // Sequence numbers do not jump.
    #expect(zip(heard, heard.dropFirst()).allSatisfy { $0.audio.sequenceNumber.next == $1.audio.sequenceNumber })
  }

  @Test func aRequestForOldPacketsIsNotAnsweredWithoutBound() throws {
    let call = try CallUnderTest()
    #expect(call.connect())
    call.talk(for: .seconds(5))
    // The client loses all that is sent again, and asks and asks.
    call.world.network.setConditions(NetworkConditions(loss: 0.5), from: call.server.address)
    call.talk(for: .seconds(5))
    let outbound = call.server.statistics.outbound[0]
    #expect(outbound.retransmittedPacketsSent < 5 * outbound.packetsSent)
  }
}
