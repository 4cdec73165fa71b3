import Glibc
import Media
import Runtime
import Synchronization
import Telemetry
import VivaConfiguration

/// The media ports of all shards.
final class MediaPorts: Sendable {
  private static let year: Int64 = 365 * 86_400

  private let shards: ShardGroup
  /// By shard.
  private let ports: [MediaPort]

  /// Binds them all.
  init(_ shards: ShardGroup, settings: WebRTCSettings) throws(MediaPortError) {
    self.shards = shards
    let identity: DTLSIdentity
    let now = Int64(time(nil))
    do throws(DTLSError) {
      identity = try DTLSIdentity.generate(notBefore: now - 86_400, notAfter: now + Self.year)
    } catch {
      throw MediaPortError(description: "no certificate for DTLS could be made: \(error)")
    }
    var ports: [MediaPort] = []
    for shard in shards.shards {
      ports.append(try MediaPort(shard: shard, identity: identity, settings: settings))
    }
    self.ports = ports
  }

  func start() {
    for port in ports { port.start() }
  }

  func stop() {
    for port in ports { port.stop() }
  }

  /// For the next call.
  func next() -> MediaPort { ports[shards.assign().index] }

  func port(of shard: Shard) -> MediaPort { ports[shard.index] }

  /// In the order of the shards.
  var udpPorts: [Int] { ports.map { Int($0.udpPort) } }
}

// MARK: - Metrics

extension MediaPorts {
  func show(in registry: MetricsRegistry) {
    for port in ports {
      let labels = ["shard": String(port.shard.index)]
      func gauge(_ name: String, _ help: String, _ value: @escaping @Sendable (MediaFigures) -> Int) {
        registry.gauge("viva_webrtc_\(name)", help: help, labels: labels) { Double(value(port.figures)) }
      }
      func counter(_ name: String, _ help: String, _ value: @escaping @Sendable (MediaFigures) -> Double) {
        registry.counter("viva_webrtc_\(name)_total", help: help, labels: labels) { value(port.figures) }
      }
      gauge("peers", "Calls over WebRTC.") { $0.peers }
      gauge("handshakes_half_open", "DTLS handshakes begun and not ended.") { $0.halfOpenHandshakes }
      counter("connected", "Calls whose media came about.") { Double($0.connected) }
      counter("failed", "Calls whose media did not come about, or failed.") { Double($0.failed) }
      counter("handshakes_evicted", "DTLS handshakes pushed out by newer ones.") { Double($0.handshakesEvicted) }
      counter("packets_received", "Datagrams received.") { Double($0.packetsReceived) }
      counter("bytes_received", "Bytes of them.") { Double($0.bytesReceived) }
      counter("packets_sent", "Datagrams sent.") { Double($0.packetsSent) }
      counter("bytes_sent", "Bytes of them.") { Double($0.bytesSent) }
      counter("packets_unrouted", "Datagrams of no call.") { Double($0.packetsUnrouted) }
      counter("packets_dropped", "Datagrams that their call did not take.") { Double($0.packetsDropped) }
      counter("receive_drops", "Datagrams that found the socket's buffer full.") { Double($0.receiveDrops) }
      counter("send_drops", "Datagrams that the kernel did not take.") { Double($0.sendDrops) }
      showStreams(counter)
    }
  }

  /// Of RTP, in the words of webrtc-stats.
  private func showStreams(_ counter: (String, String, @escaping @Sendable (MediaFigures) -> Double) -> Void) {
    counter("inbound_packets_received", "RTP packets received.") { Double($0.streams.packetsReceived) }
    counter("inbound_packets_lost", "RTP packets that never came.") { Double(max(0, $0.streams.packetsLost)) }
    counter("inbound_packets_discarded", "RTP packets that came too late, or too early.") {
      Double($0.streams.packetsDiscarded)
    }
    counter("inbound_nacks", "Requests for lost packets that were sent.") { Double($0.streams.nackCount) }
    counter("outbound_packets_sent", "RTP packets sent.") { Double($0.streams.packetsSent) }
    counter("outbound_packets_retransmitted", "RTP packets sent again.") { Double($0.streams.retransmittedPacketsSent) }
    counter("samples_received", "Samples given to sessions, at 16 kHz.") { Double($0.streams.totalSamplesReceived) }
    counter("samples_concealed", "Of these, made up for lost packets.") { Double($0.streams.concealedSamples) }
    counter("jitter_buffer_delay_seconds", "From the arrival to the playing, summed over the emitted samples.") {
      $0.streams.jitterBufferDelay
    }
    counter("jitter_buffer_emitted_samples", "Samples of packets that were played.") {
      Double($0.streams.jitterBufferEmittedCount)
    }
  }
}
