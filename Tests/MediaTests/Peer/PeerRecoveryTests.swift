import Foundation
import Media
import Runtime
import Testing
import VivaTesting

/// A process that is killed, and another that goes on.
@Suite(.heap(.grows)) struct PeerRecoveryTests {
  /// As it is kept: encoded.
  private func kept(_ call: CallUnderTest) throws -> PeerCheckpoint {
    let checkpoint = try #require(call.server.checkpoint(at: call.world.now))
    return try JSONDecoder().decode(PeerCheckpoint.self, from: JSONEncoder().encode(checkpoint))
  }

  @Test(arguments: SRTPProfile.allCases)
  func anotherProcessGoesOnAtTheEndOfTheBlock(_ profile: SRTPProfile) throws {
    let call = try CallUnderTest { $0.profiles = [profile] }
    #expect(call.connect())
    call.client.isTalking = true
    call.server.isTalking = true
    call.world.run(for: .seconds(2))
    let checkpoint = try kept(call)
    // The checkpoint is a second old when the process dies.
    call.world.run(for: .seconds(1))
    let last = try #require(call.client.heard.last)
    call.world.remove(call.server)
    call.world.run(for: .seconds(1))

    let restored = call.world.add(
      Peer(restoring: checkpoint, call.server.peer.configuration, at: call.world.now), at: call.server.address)
    #expect(restored.isConnected && restored.remoteAddress == call.client.address)
    call.client.forgetHeard()
    restored.isTalking = true
    let back = call.world.now
    call.world.run(for: .seconds(2))
    let first = try #require(call.client.heard.first)
    #expect(first.at - back < .milliseconds(30))
    #expect(call.client.heard.count > 95)
    let jump = first.audio.index.rawValue - last.audio.index.rawValue
    #expect(jump > 0 && jump <= 2001)
    // The timestamp has gone on with the clock on the wall.
    let gap = Double(first.audio.timestamp &- last.audio.timestamp) / 48_000
    #expect((0.9...1.2).contains(gap))
    #expect(first.audio.ssrc == last.audio.ssrc && first.audio.marker)
    // It hears the client at once, but not again what the other process may have heard.
    #expect(restored.heard.count > 95)
    let reports = restored.statistics.outbound[0].remote
    #expect(reports != nil)
    #expect(restored.peer.lossFraction < 0.1)
  }

  @Test func whatTheOtherProcessHeardIsRefused() throws {
    let call = try CallUnderTest(seed: 2)
    #expect(call.connect())
    var packets: [[UInt8]] = []
    call.world.network.passes = {
      if Demux.isRTP($0.bytes), $0.source == call.client.address { packets.append($0.bytes) }
      return true
    }
    call.talk(for: .seconds(2))
    call.settle()
    let checkpoint = try kept(call)
    call.world.remove(call.server)
    let restored = call.world.add(
      Peer(restoring: checkpoint, call.server.peer.configuration, at: call.world.now), at: call.server.address)
    for packet in packets {
      call.world.network.inject(packet, from: call.client.address, to: restored.address, at: call.world.now)
    }
    call.settle()
    #expect(restored.heard.isEmpty)
    #expect(restored.drops[.srtp(.replayed)] == packets.count)
    call.talk(for: .seconds(1))
    call.settle()
    #expect(restored.heard.count > 45)
  }

  @Test func itChecksTheClientUntilThatAnswers() throws {
    let call = try CallUnderTest(seed: 3)
    #expect(call.connect())
    let checkpoint = try kept(call)
    call.world.remove(call.server)
    // The client has given up long ago.
    call.world.run(for: .seconds(40))
    #expect(call.client.remoteAddress == nil)
    let restored = call.world.add(
      Peer(restoring: checkpoint, call.server.peer.configuration, at: call.world.now), at: call.server.address)
    restored.isTalking = true
    call.client.isTalking = true
    let back = call.world.now
    #expect(call.world.run(until: { call.client.remoteAddress != nil }, within: .seconds(2)))
    #expect(call.world.now - back < .milliseconds(300))
    call.world.run(for: .seconds(1))
    #expect(restored.heard.count > 40 && call.client.heard.count > 40)
  }

  @Test func aSenderMayJumpByItsBlockInMidCall() throws {
    // As often as a process can be restarted in a row.
    let call = try CallUnderTest(seed: 4)
    #expect(call.connect())
    call.client.isTalking = true
    var server = call.server
    server.isTalking = true
    var ends: [UInt64] = []
    for _ in 0..<5 {
      call.world.run(for: .milliseconds(300))
      let checkpoint = try #require(server.checkpoint(at: call.world.now))
      ends.append(checkpoint.streams[0].reservation.end)
      let configuration = server.peer.configuration
      call.world.remove(server)
      call.client.forgetHeard()
      server = call.world.add(Peer(restoring: checkpoint, configuration, at: call.world.now), at: call.server.address)
      server.isTalking = true
      call.world.run(for: .milliseconds(300))
      #expect(call.client.heard.count > 12)
    }
    #expect(zip(ends, ends.dropFirst()).allSatisfy { $0 < $1 && $1 - $0 <= 2100 })
  }

  @Test func aNewSourceInMidCallIsHeard() throws {
    // Where the reservation cannot be trusted, the next process takes another SSRC.
    let call = try CallUnderTest(seed: 5)
    #expect(call.connect())
    call.talk(for: .milliseconds(500))
    call.settle()
    var checkpoint = try kept(call)
    checkpoint.streams = []
    var configuration = call.server.peer.configuration
    configuration.ssrc = 0x5EE7_0002
    call.world.remove(call.server)
    let restored = call.world.add(
      Peer(restoring: checkpoint, configuration, at: call.world.now), at: call.server.address)
    call.client.forgetHeard()
    restored.isTalking = true
    call.world.run(for: .seconds(1))
    #expect(call.client.heard.count > 45)
    #expect(call.client.heard.first?.audio.isNewSource == true)
    #expect(call.client.heard.allSatisfy { $0.audio.ssrc == 0x5EE7_0002 })
  }

  @Test func nothingIsSentBeforeItsIndexIsDurable() throws {
    let call = try CallUnderTest(seed: 6) {
      _ in
    } configure: {
      $0.server.reservesDurably = true
    }
    #expect(call.connect())
    #expect(!call.server.speak(at: call.world.now, into: &call.world.network))
    func take() -> [SRTPReservation] {
      call.server.events.compactMap { if case .reservation(let reservation) = $0.event { reservation } else { nil } }
    }
    #expect(take().count == 1)
    call.server.peer.abandon(take()[0])
    call.world.run(for: .seconds(2))
    #expect(take().count == 2)
    call.server.peer.confirm(take()[1])
    call.server.isTalking = true
    call.world.run(for: .seconds(60))
    // At half of the block the next is asked for; without it the stream stops at the end.
    #expect(take().count == 3)
    #expect(call.server.spoken == 2000)
    call.server.peer.confirm(take()[2])
    call.world.run(for: .seconds(1))
    #expect(call.server.spoken > 2045)
    call.settle()
    #expect(call.client.heardNumbers.count >= 2045)
  }

  @Test func aGatewaysCallGoesOnToo() throws {
    let call = CallUnderTest(VirtualCall(sdes: .aes128CMSHA1_80, seed: 7))
    call.talk(for: .seconds(1))
    let checkpoint = try kept(call)
    call.world.remove(call.server)
    let restored = call.world.add(
      Peer(restoring: checkpoint, call.server.peer.configuration, at: call.world.now), at: call.server.address)
    #expect(restored.remoteAddress == nil)
    call.client.forgetHeard()
    call.client.isTalking = true
    restored.isTalking = true
    call.world.run(for: .seconds(1))
    #expect(restored.heard.count > 45 && call.client.heard.count > 45)
  }
}
