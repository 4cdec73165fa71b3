import Runtime

@testable import Media

/// Two associations, the network between them, and virtual time. (usrsctp measures round trips by the system's clock, but
/// its timers go by `handleTimers`.)
final class SCTPPair {
  struct Network {
    /// Per cent.
    var loss = 0
    var duplicates = 0
    /// Milliseconds, at random: more than none reorders.
    var delay = 0...0
    var generator = DTLSTestGenerator(seed: 1)
  }

  struct End {
    let association: SCTPAssociation
    var events: [SCTPEvent] = []

    func messages(on stream: UInt16) -> [DataChannelMessage] {
      events.compactMap { if case .message(let message, on: stream) = $0 { message } else { nil } }
    }

    var opened: [UInt16] { events.compactMap { if case .channelOpened(_, let stream) = $0 { stream } else { nil } } }
    var isConnected: Bool { association.isConnected }
  }

  let endpoint: SCTPEndpoint
  var client: End
  var server: End
  var network = Network()
  private(set) var now = Instant(nanoseconds: 0)
  private var wire: [(at: Instant, toServer: Bool, bytes: [UInt8])] = []
  /// Sees each packet before the network does; nil loses it.
  var tap: ((_ packet: [UInt8], _ toServer: Bool) -> [UInt8]?)?
  /// Sees each packet that the network delivers.
  var untap: ((_ packet: [UInt8], _ toServer: Bool) -> [[UInt8]])?

  init(
    endpoint: SCTPEndpoint, client: SCTPConfiguration = SCTPConfiguration(),
    server: SCTPConfiguration = SCTPConfiguration()
  ) throws {
    self.endpoint = endpoint
    self.client = End(association: try SCTPAssociation(endpoint: endpoint, role: .client, configuration: client))
    self.server = End(association: try SCTPAssociation(endpoint: endpoint, role: .server, configuration: server))
    _ = endpoint.handleTimers(now: now)
  }

  static func connected(
    endpoint: SCTPEndpoint, client: SCTPConfiguration = SCTPConfiguration(),
    server: SCTPConfiguration = SCTPConfiguration()
  ) throws -> SCTPPair {
    let pair = try SCTPPair(endpoint: endpoint, client: client, server: server)
    try pair.client.association.connect()
    try pair.server.association.connect()
    pair.run(for: .seconds(5)) { pair.client.isConnected && pair.server.isConnected }
    return pair
  }

  /// Lets time go by until `isDone`, but not longer than `limit`.
  @discardableResult
  func run(for limit: Duration, until isDone: () -> Bool = { false }) -> Bool {
    let end = now + limit
    while now < end {
      pump()
      if isDone() { return true }
      now = now + .milliseconds(1)
      // Whoever has something to poll polls it anyway.
      _ = endpoint.handleTimers(now: now)
    }
    pump()
    return isDone()
  }

  private func pump() {
    repeat {
      for toServer in [true, false] {
        let sender = toServer ? client.association : server.association
        while var packet = sender.pollTransmit() {
          if let tap {
            guard let tapped = tap(packet, toServer) else { continue }
            packet = tapped
          }
          if Int.random(in: 0..<100, using: &network.generator) < network.loss { continue }
          let copies = Int.random(in: 0..<100, using: &network.generator) < network.duplicates ? 2 : 1
          for _ in 0..<copies {
            let delay = Duration.milliseconds(Int.random(in: network.delay, using: &network.generator))
            wire.append((now + delay, toServer, packet))
          }
        }
      }
      let due = wire.filter { $0.at <= now }
      wire.removeAll { $0.at <= now }
      for packet in due {
        for bytes in untap?(packet.bytes, packet.toServer) ?? [packet.bytes] {
          (packet.toServer ? server : client).association.handle(bytes.span.bytes)
        }
      }
      while let event = client.association.pollEvent() { client.events.append(event) }
      while let event = server.association.pollEvent() { server.events.append(event) }
      if due.isEmpty { return }
    } while true
  }
}
