import Runtime
import Testing

@testable import Media

struct DataChannelsOverDTLSTests {
  /// SCTP packets go through the two DTLS connections, whose datagrams the network loses, repeats and reorders.
  private static func join(_ pair: SCTPPair, _ dtls: DTLSPair) {
    pair.tap = { packet, toServer in
      let connection = (toServer ? dtls.client : dtls.server).connection
      try? connection.send(packet)
      return connection.pollTransmit()
    }
    pair.untap = { datagram, toServer in
      let connection = (toServer ? dtls.server : dtls.client).connection
      connection.handle(datagram)
      var packets: [[UInt8]] = []
      while let event = connection.pollEvent() {
        if case .received(let packet) = event { packets.append(packet) }
      }
      return packets
    }
  }

  @Test
  func aThousandMessagesEachWayOverABadNetwork() async throws {
    try await TestThread.usrsctp.run {
      let dtls = DTLSPair()
      dtls.exchange()
      let pair = try SCTPPair(endpoint: try SCTPEndpoint())
      Self.join(pair, dtls)
      try pair.client.association.connect()
      try pair.server.association.connect()
      pair.network.loss = 4
      pair.network.duplicates = 4
      pair.network.delay = 0...10
      #expect(pair.run(for: .seconds(30)) { pair.client.isConnected && pair.server.isConnected })
      let events = try pair.client.association.open(DataChannel(label: "oai-events"))
      let own = try pair.server.association.open(DataChannel(label: "viva"))
      var generator = DTLSTestGenerator(seed: 99)
      let messages = (0..<1000).map { index in
        DataChannelMessage.text(
          String(repeating: "\(index) ", count: Int.random(in: 0...(index % 40 == 0 ? 4000 : 80), using: &generator)))
      }
      for message in messages {
        for (end, stream) in [(pair.client, events), (pair.server, events), (pair.server, own)] {
          while true {
            do {
              try end.association.send(message, on: stream)
              break
            } catch SCTPError.bufferFull {
              pair.run(for: .milliseconds(1))
            } catch SCTPError.noSuchChannel {
              // Its opening is on the way.
              pair.run(for: .milliseconds(1))
            }
          }
        }
      }
      #expect(
        pair.run(for: .seconds(300)) {
          pair.server.events.count > 1000 && pair.client.events.count > 2000
            && pair.server.messages(on: events).count == 1000 && pair.client.messages(on: events).count == 1000
            && pair.client.messages(on: own).count == 1000
        })
      #expect(pair.server.messages(on: events) == messages)
      #expect(pair.client.messages(on: events) == messages)
      #expect(pair.client.messages(on: own) == messages)
      #expect(dtls.areConnected)
    }
  }

  @Test
  func aFullSCTPPacketFitsIntoOneRecord() async throws {
    try await TestThread.usrsctp.run {
      let dtls = DTLSPair()
      dtls.exchange()
      let packet = [UInt8](repeating: 0, count: SCTPConfiguration().maximumPacketSize)
      try dtls.client.connection.send(packet)
      #expect(dtls.client.connection.pollTransmit()!.count <= DTLSConfiguration().mtu)
    }
  }
}
