import Media
import Runtime
import Testing
import VivaTesting

/// Five hundred callers who come back at once, and one who talks meanwhile.
@Suite(.heap(.grows)) struct HandshakeStormTests {
  private static let callers = 500
  private static let tick = Duration.milliseconds(5)

  /// As a shard does it: peers in a slab, one queue, a few steps a tick.
  private final class Shard {
    var queue: HandshakeQueue<Int>
    var peers: [VirtualPeer] = []
    var stepsOfTick: [Int] = []
    var evictions = 0

    init(stepsPerTick: Int, maximumHalfOpen: Int) {
      queue = HandshakeQueue(stepsPerTick: stepsPerTick, maximumHalfOpen: maximumHalfOpen)
    }

    func tick(at now: Instant, _ network: inout VirtualNetwork) {
      for index in peers.indices { enqueue(index, at: now) }
      queue.beginTick()
      var steps = 0
      while let index = queue.next() {
        peers[index].peer.stepHandshake(now: now)
        steps += 1
        peers[index].drain(at: now, into: &network)
        enqueue(index, at: now)
      }
      stepsOfTick.append(steps)
    }

    private func enqueue(_ index: Int, at now: Instant) {
      guard let evicted = peers[index].peer.queueHandshake(in: &queue, as: index) else { return }
      evictions += 1
      peers[evicted].peer.evictHandshake(now: now)
    }
  }

  @Test func aStormIsSpreadAndTheTalkerIsOnTime() throws {
    let identity = try DTLSIdentity.generate(notBefore: 1_700_000_000, notAfter: 2_000_000_000)
    let clientIdentity = try DTLSIdentity.generate(notBefore: 1_700_000_000, notAfter: 2_000_000_000)
    let world = VirtualWorld(seed: 1, step: Self.tick)
    let shard = Shard(stepsPerTick: 3, maximumHalfOpen: 600)

    func add(_ number: Int) throws -> (client: VirtualPeer, server: VirtualPeer) {
      var options = VirtualCall.Options()
      options.seed = UInt64(number) &* 77
      options.now = world.now
      options.clientIdentity = clientIdentity
      options.serverIdentity = identity
      var call = try VirtualCall(options)
      // On one host each, so that the network finds them: a shard has one port, and finds peers by their user name.
      let server = TransportAddress(ipv4: 0xC633_0000 + UInt32(number), port: 4000)
      if case .controlling(let local, let remote, _) = call.client.connectivity {
        call.client.connectivity = .controlling(
          local: local, remote: remote, candidates: Candidate.hosts(at: [server], port: 4000))
      }
      let host = world.add(call.server, at: server)
      host.stepsHandshake = false
      shard.peers.append(host)
      return (world.add(call.client, at: TransportAddress(ipv4: 0x0A00_0000 + UInt32(number), port: 5000)), host)
    }

    let talker = try add(0)
    func run(for duration: Duration) { world.run(for: duration) { shard.tick(at: world.now, &world.network) } }
    run(for: .seconds(1))
    #expect(talker.client.isConnected && talker.server.isConnected)
    talker.client.isTalking = true
    talker.server.isTalking = true
    run(for: .seconds(1))

    let storm = try (1...Self.callers).map(add)
    shard.stepsOfTick = []
    let start = world.now
    var ticks = 0
    while ticks < 3000, !storm.allSatisfy({ $0.server.isConnected && $0.client.isConnected }) {
      run(for: Self.tick)
      ticks += 1
    }
    let took = world.now - start
    #expect(storm.allSatisfy { $0.server.isConnected && $0.client.isConnected })
    // Never more than its share in a tick: 3 x 0.3 ms is the longest that a packet waits.
    #expect(shard.stepsOfTick.allSatisfy { $0 <= 3 })
    #expect(shard.stepsOfTick.reduce(0, +) >= 2 * Self.callers)
    #expect(shard.evictions == 0 && shard.queue.halfOpen == 0)
    // Two steps for each, three a tick.
    #expect(took < .seconds(4))
    // And the talker's audio comes each 20 ms, give or take a tick.
    #expect(talker.server.longestGap(from: start) <= .milliseconds(25))
    #expect(talker.client.longestGap(from: start) <= .milliseconds(25))
  }

  @Test func thoseBeyondTheCapAreServedLater() throws {
    let identity = try DTLSIdentity.generate(notBefore: 1_700_000_000, notAfter: 2_000_000_000)
    let world = VirtualWorld(seed: 2, step: Self.tick)
    let shard = Shard(stepsPerTick: 1, maximumHalfOpen: 4)
    var pairs: [(client: VirtualPeer, server: VirtualPeer)] = []
    for number in 0..<12 {
      var options = VirtualCall.Options()
      options.seed = UInt64(number) + 1
      options.clientIdentity = identity
      options.serverIdentity = identity
      // The server is the client of DTLS, so it is for the server to begin anew.
      options.role = .client
      var call = try VirtualCall(options)
      let server = TransportAddress(ipv4: 0xC633_0000 + UInt32(number), port: 4000)
      if case .controlling(let local, let remote, _) = call.client.connectivity {
        call.client.connectivity = .controlling(
          local: local, remote: remote, candidates: Candidate.hosts(at: [server], port: 4000))
      }
      let host = world.add(call.server, at: server)
      host.stepsHandshake = false
      shard.peers.append(host)
      pairs.append((world.add(call.client, at: TransportAddress(ipv4: 0x0A00_0000 + UInt32(number), port: 5000)), host))
    }
    world.run(for: .seconds(10)) { shard.tick(at: world.now, &world.network) }
    #expect(shard.evictions > 0)
    #expect(shard.queue.halfOpen <= 4)
    #expect(pairs.allSatisfy { $0.server.isConnected })
  }
}
