import Audio
import Foundation
import Glibc
import Media
import Runtime
import Synchronization
import VivaTesting

@testable import Gateway

/// A caller over WebRTC, made of the same `Peer` as the server's side: it offers, connects, hums and listens. Without a
/// data channel, since usrsctp is the server's in this process.
final class CallBot: Sendable {
  struct Heard: Sendable {
    var isConnected = false
    var hasEnded = false
    /// Packets that the sender calls a voice, and all.
    var voicePackets = 0
    var packets = 0
    /// Where the newest came from.
    var source: TransportAddress?
    /// Between two packets of the same voice.
    var longestGap = Duration.zero
    /// The newest datagram that it has sent.
    var lastSent: [UInt8] = []
    fileprivate var last: Instant?
  }

  let offer: OfferBuilder
  private let identity: DTLSIdentity
  private let heard = Mutex(Heard())
  private let orders = Mutex(Orders())

  private struct Orders {
    var isHumming = false
    var moves = false
    var isOver = false
    var restart: (IceCredentials, IceCredentials)?
    var replacement: PeerConfiguration?
  }

  init(direction: MediaDirection = .sendrecv) throws {
    let now = Int64(Date().timeIntervalSince1970)
    identity = try DTLSIdentity.generate(notBefore: now - 60, notAfter: now + 86_400)
    var generator = SystemRandomNumberGenerator()
    let local = LocalTransport(
      credentials: IceCredentials(routingTag: generator.next(), using: &generator), fingerprint: identity.fingerprint,
      candidates: [])
    var offer = OfferBuilder(local: local, sessionID: 1)
    offer.offersData = false
    offer.direction = direction
    offer.track = MediaTrack(stream: "bot", track: "voice")
    self.offer = offer
  }

  var state: Heard { heard.withLock { $0 } }

  func hum(_ isHumming: Bool) { orders.withLock { $0.isHumming = isHumming } }

  /// Goes on from another port, as a phone does that changes its network.
  func move() { orders.withLock { $0.moves = true } }

  func restartICE(local: IceCredentials, remote: IceCredentials) { orders.withLock { $0.restart = (local, remote) } }

  /// Goes on with other keys, or other codecs.
  func replace(_ configuration: PeerConfiguration) { orders.withLock { $0.replacement = configuration } }

  func hangUp() { orders.withLock { $0.isOver = true } }

  /// Waits until `condition` holds.
  func wait(seconds: Double = 20, for condition: @Sendable (Heard) -> Bool) async -> Bool {
    let end = Instant.now + .milliseconds(Int(seconds * 1000))
    while Instant.now < end {
      if condition(state) { return true }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return false
  }

  /// Calls on a thread of its own.
  func call(_ answerText: String) throws {
    let answer = try ReceivedAnswer(Array(answerText.utf8), to: offer)
    var generator = SystemRandomNumberGenerator()
    guard
      let configuration = PeerConfiguration(
        answer: answer, to: offer, identity: identity, ssrc: generator.next(), canonicalName: "bot", wallClock: .now)
    else { throw FrontDoorTestClient.Failure(what: "no peer for the answer") }
    call(configuration)
  }

  func call(_ configuration: PeerConfiguration) {
    Thread.detachNewThread { [self] in run(configuration) }
  }

  private func run(_ configuration: PeerConfiguration) {
    guard var socket = try? UDPSocket(boundTo: UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0)),
      let encoder = try? OpusEncoder(sampleRate: 24_000)
    else { return }
    var peer = Peer(configuration, at: .now)
    var batch = DatagramBatch()
    var out = DatagramBatch()
    let local = TransportAddress(ipv4: 0x7F00_0001, port: socket.port)
    var nextPacket = Instant.now
    var index = 0
    var wasHumming = false
    while true {
      let order = orders.withLock { orders in
        defer {
          orders.moves = false
          orders.restart = nil
          orders.replacement = nil
        }
        return orders
      }
      let now = Instant.now
      if order.isOver { peer.close(now: now) }
      if order.moves, let moved = try? UDPSocket(boundTo: UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0)) {
        socket = moved
      }
      if let (local, remote) = order.restart { peer.restartICE(local: local, remote: remote, now: now) }
      if let replacement = order.replacement { peer = Peer(replacement, at: now) }
      socket.receive(into: &batch)
      for datagram in 0..<batch.count {
        var bytes = batch.bytes(datagram).mutableBytes
        let source = TransportAddress(batch.remote(datagram))
        if case .audio(let audio) = peer.receive(&bytes, from: source, at: local, now: now) {
          heard.withLock {
            $0.packets += 1
            $0.source = source
            if let last = $0.last, !audio.marker { $0.longestGap = max($0.longestGap, now - last) }
            $0.last = now
            if audio.audioLevel?.isVoice == true { $0.voicePackets += 1 }
          }
        }
        drain(&peer, &out)
      }
      if peer.needsHandshakeStep { peer.stepHandshake(now: now) }
      if let deadline = peer.nextDeadline, deadline <= now { peer.advance(to: now) }
      drain(&peer, &out)
      if now >= nextPacket, peer.state == .connected {
        nextPacket = nextPacket + .milliseconds(20)
        let samples = (0..<480).map { order.isHumming ? Caller.voice(index * 480 + $0) : 0 }
        index += 1
        if let packet = try? encoder.encode(samples), !out.isFull {
          var slot = out.nextSlot.mutableBytes
          let level = AudioLevel(decibelsBelowOverload: order.isHumming ? 20 : 127, isVoice: order.isHumming)
          if let transmit = peer.send(
            packet.span.bytes, samples: 960, marker: order.isHumming && !wasHumming, audioLevel: level, now: now,
            into: &slot)
          {
            let sent = Array(out.nextSlot[..<transmit.byteCount])
            heard.withLock { $0.lastSent = sent }
            out.append(transmit.byteCount, to: UDPAddress(transmit.destination), from: UDPAddress(.unspecified))
          }
        }
        wasHumming = order.isHumming
      }
      _ = socket.send(&out)
      if order.isOver || state.hasEnded { return }
      usleep(2000)
    }
  }

  private func drain(_ peer: inout Peer, _ out: inout DatagramBatch) {
    while !out.isFull {
      var slot = out.nextSlot.mutableBytes
      guard let transmit = peer.pollTransmit(into: &slot) else { break }
      out.append(transmit.byteCount, to: UDPAddress(transmit.destination), from: UDPAddress(.unspecified))
    }
    while let event = peer.pollEvent() {
      heard.withLock {
        switch event {
        case .connected: $0.isConnected = true
        case .dtlsClosed, .failed, .goodbye: $0.hasEnded = true
        default: break
        }
      }
    }
  }
}
