import Glibc
import Media
import Runtime
import VivaTesting

@testable import Gateway

/// A caller with ICE whose NAT has two ports: datagrams go out by one of them, and come in by both. It has its keys from
/// the start, so that no handshake is needed.
final class ReboundCaller {
  let server: PeerConfiguration
  private(set) var peer: Peer
  /// The port that is in use.
  var isRebound = false
  private var before: UDPSocket
  private var after: UDPSocket
  private let serverAddress: TransportAddress
  private var inbound = DatagramBatch()
  private var outbound = DatagramBatch()

  /// - Parameters:
  ///   - tag: of its peer in the table, with keys that follow from it.
  ///   - ssrc: of what it sends.
  init(_ tag: UInt32, ssrc: UInt32, to serverAddress: TransportAddress) throws {
    var random = PeerRandomness.seeded(UInt64(tag))
    let credentials = (
      IceCredentials(routingTag: tag, using: &random), IceCredentials(routingTag: 1, using: &random)
    )
    let call = VirtualCall(sdes: .aeadAES128GCM, seed: UInt64(tag))
    var server = call.server
    server.connectivity = .lite(local: credentials.0, remote: credentials.1)
    server.audio[0].remoteSources = []
    server.ice.settlingTime = .zero
    self.server = server
    var client = call.client
    client.ssrc = ssrc
    client.connectivity = .controlling(
      local: credentials.1, remote: credentials.0,
      candidates: Candidate.hosts(at: [serverAddress], port: serverAddress.port))
    peer = Peer(client, at: .now)
    self.serverAddress = serverAddress
    before = try UDPSocket(boundTo: UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0))
    after = try UDPSocket(boundTo: UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0))
  }

  /// Where it is seen now.
  var address: TransportAddress { TransportAddress(ipv4: 0x7F00_0001, port: isRebound ? after.port : before.port) }
  var isConnected: Bool { peer.state == .connected }

  /// Sends a packet of audio.
  ///
  /// - Parameter isForged: whether it is changed on its way.
  func speak(isForged: Bool = false) {
    var bytes = outbound.nextSlot.mutableBytes
    let payload: [UInt8] = [0xF8, 0xFF, 0xFE]
    guard let sent = peer.send(payload.span.bytes, samples: 960, marker: false, now: .now, into: &bytes) else { return }
    if isForged { outbound.nextSlot[sent.byteCount - 1] ^= 1 }
    send(sent.byteCount)
  }

  /// Takes what has come, and sends what is due.
  func work() {
    peer.advance(to: .now)
    before.receive(into: &inbound)
    take()
    after.receive(into: &inbound)
    take()
    drain()
  }

  private func take() {
    for index in 0..<inbound.count {
      var bytes = inbound.bytes(index).mutableBytes
      _ = peer.receive(&bytes, from: serverAddress, at: address, now: .now)
    }
  }

  private func drain() {
    while true {
      var bytes = outbound.nextSlot.mutableBytes
      guard let sent = peer.pollTransmit(into: &bytes) else { break }
      send(sent.byteCount)
    }
    while peer.pollEvent() != nil {}
  }

  private func send(_ byteCount: Int) {
    outbound.append(
      byteCount, to: UDPAddress(serverAddress), from: UDPAddress(high: 0, low: 0, port: 0))
    _ = isRebound ? after.send(&outbound) : before.send(&outbound)
  }
}
