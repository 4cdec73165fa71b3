import Media
import Runtime
import Testing
import VivaTesting

/// One peer's audio sent on by another, as in a room.
@Suite(.heap(.grows)) struct PeerForwardingTests {
  private let world = VirtualWorld(seed: 1)

  private func call(_ number: UInt32, listeningSections: Int = 0) throws -> (client: VirtualPeer, server: VirtualPeer) {
    var options = VirtualCall.Options()
    options.seed = UInt64(number) &* 1000
    options.listeningSections = listeningSections
    var call = try VirtualCall(options)
    let server = TransportAddress(ipv4: 0xC633_6400 + number, port: 4000)
    if case .controlling(let local, let remote, _) = call.client.connectivity {
      call.client.connectivity = .controlling(
        local: local, remote: remote, candidates: Candidate.hosts(at: [server], port: 4000))
    }
    call.client.ssrc = 0xC11E_0000 + number
    let host = world.add(call.server, at: server)
    return (world.add(call.client, at: TransportAddress(ipv4: 0x0A00_0000 + number, port: 5000)), host)
  }

  /// Sends what `from` hears to `to` for as long as the world runs.
  private func run(for duration: Duration, forwarding from: VirtualPeer, to: [VirtualPeer], stream: Int = 0) {
    var next = from.heard.count
    world.run(for: duration) {
      for heard in from.heard[next...] {
        for peer in to { peer.forward(heard, stream: stream, at: world.now, into: &world.network) }
      }
      next = from.heard.count
    }
  }

  @Test func whatOneSaysTheOthersHear() throws {
    let speaker = try call(1)
    let listeners = try [call(2), call(3)]
    world.run(for: .seconds(1))
    speaker.client.isTalking = true
    run(for: .seconds(3), forwarding: speaker.server, to: listeners.map(\.server))
    speaker.client.isTalking = false
    run(for: .milliseconds(200), forwarding: speaker.server, to: listeners.map(\.server))
    #expect(speaker.client.spoken > 145)
    for listener in listeners {
      #expect(listener.client.heardNumbers == Set(0..<speaker.client.spoken))
      // Under the listener's own stream, with the level that the speaker told.
      #expect(listener.client.heard.allSatisfy { $0.audio.ssrc == 0x5EE7_0001 })
      #expect(listener.client.heard.allSatisfy { $0.audio.audioLevel?.decibelsBelowOverload == 30 })
    }
  }

  @Test func aHumanTakesTheFloorFromTheAgentInOneStream() throws {
    let human = try call(4)
    let listener = try call(5)
    world.run(for: .seconds(1))
    listener.server.isTalking = true
    world.run(for: .seconds(1))
    listener.server.isTalking = false
    human.client.isTalking = true
    run(for: .seconds(1), forwarding: human.server, to: [listener.server])
    human.client.isTalking = false
    run(for: .milliseconds(200), forwarding: human.server, to: [listener.server])
    listener.server.isTalking = true
    world.run(for: .seconds(1))
    listener.server.isTalking = false
    world.run(for: .milliseconds(200))
    let heard = listener.client.heard
    #expect(heard.count == human.client.spoken + listener.server.spoken)
    // One row of numbers, and a timestamp that never goes back.
    #expect(zip(heard, heard.dropFirst()).allSatisfy { $0.audio.index.rawValue + 1 == $1.audio.index.rawValue })
    #expect(
      zip(heard, heard.dropFirst()).allSatisfy { (1...48_000).contains($1.audio.timestamp &- $0.audio.timestamp) })
    // At each change of the speaker a talkspurt begins.
    #expect(heard.filter(\.audio.marker).count >= 3)
    let seconds = Double(heard.last!.audio.timestamp &- heard[0].audio.timestamp) / 48_000
    let passed = (heard.last!.at - heard[0].at).inSeconds
    #expect(abs(seconds - passed) < 0.1)
  }

  @Test func silenceThatIsLeftOutLeavesNoGap() throws {
    let speaker = try call(6)
    let listener = try call(7)
    world.run(for: .seconds(1))
    speaker.client.isTalking = true
    var next = 0
    world.run(for: .seconds(2)) {
      for heard in speaker.server.heard[next...] {
        if (heard.number ?? 0) % 10 < 3 {
          listener.server.peer.omit(heard.audio, now: world.now)
        } else {
          listener.server.forward(heard, at: world.now, into: &world.network)
        }
      }
      next = speaker.server.heard.count
    }
    let heard = listener.client.heard
    #expect(heard.count > 60)
    #expect(zip(heard, heard.dropFirst()).allSatisfy { $0.audio.sequenceNumber.next == $1.audio.sequenceNumber })
    #expect(listener.client.statistics.inbound[0].packetsLost == 0)
    #expect(listener.client.statistics.inbound[0].nackCount == 0)
  }

  @Test func twoVoicesAtOnceHaveAStreamEach() throws {
    let first = try call(8)
    let second = try call(9)
    let listener = try call(10, listeningSections: 1)
    world.run(for: .seconds(1))
    #expect(listener.server.streamCount == 2)
    first.client.isTalking = true
    second.client.isTalking = true
    var next = (0, 0)
    world.run(for: .seconds(1)) {
      for heard in first.server.heard[next.0...] {
        listener.server.forward(heard, stream: 0, at: world.now, into: &world.network)
      }
      for heard in second.server.heard[next.1...] {
        listener.server.forward(heard, stream: 1, at: world.now, into: &world.network)
      }
      next = (first.server.heard.count, second.server.heard.count)
    }
    let sections = Dictionary(grouping: listener.client.heard, by: \.audio.section).mapValues(\.count)
    #expect(sections[0, default: 0] > 40 && sections[1, default: 0] > 40)
  }
}
