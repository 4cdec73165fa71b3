import Media
import Runtime
import Testing
import VivaTesting

/// A client and a server on a network, which have negotiated a call.
struct CallUnderTest {
  let world: VirtualWorld
  let client: VirtualPeer
  let server: VirtualPeer

  init(_ call: VirtualCall, seed: UInt64 = 1, step: Duration = .milliseconds(1)) {
    world = VirtualWorld(seed: seed, step: step)
    server = world.add(call.server, at: VirtualCall.serverAddress)
    client = world.add(call.client, at: VirtualCall.clientAddress)
  }

  init(
    seed: UInt64 = 1, _ change: (inout VirtualCall.Options) -> Void = { _ in },
    configure: (inout VirtualCall) -> Void = { _ in }
  ) throws {
    var options = VirtualCall.Options()
    options.seed = seed
    change(&options)
    var call = try VirtualCall(options)
    configure(&call)
    self.init(call, seed: seed)
  }

  var areConnected: Bool { client.isConnected && server.isConnected }

  @discardableResult
  func connect(within limit: Duration = .seconds(10), inRealTime: Bool = false) -> Bool {
    world.run(until: { areConnected }, within: limit, inRealTime: inRealTime)
  }

  /// Both talk for so long.
  func talk(for duration: Duration) {
    client.isTalking = true
    server.isTalking = true
    world.run(for: duration)
    client.isTalking = false
    server.isTalking = false
  }

  /// What is under way arrives.
  func settle(_ duration: Duration = .milliseconds(500)) { world.run(for: duration) }

  func inject(_ bytes: [UInt8], from source: TransportAddress) {
    world.network.inject(bytes, from: source, to: server.address, at: world.now)
    world.run(for: .milliseconds(5))
  }
}

let stranger = TransportAddress("203.0.113.66:6666")!

extension VirtualPeer {
  /// The share of the other side's packets that were heard, 0 to 1.
  func share(of other: VirtualPeer) -> Double {
    other.spoken == 0 ? 1 : Double(heardNumbers.count) / Double(other.spoken)
  }
}

extension Demux {
  static func isRTP(_ bytes: [UInt8]) -> Bool { kind(of: bytes.span.bytes) == .rtp }
  static func isRTCP(_ bytes: [UInt8]) -> Bool { kind(of: bytes.span.bytes) == .rtcp }
  static func isSTUN(_ bytes: [UInt8]) -> Bool { kind(of: bytes.span.bytes) == .stun }
}
