import Foundation
import Runtime
import Sessions

/// `GET /sessions` of the admin listener: the sessions that live, oldest first.
struct SessionList: Encodable {
  struct Entry: Encodable {
    var id: String
    var agent: String
    var type: String
    /// `KeyID` of the server key it was opened with, or that made the key it was opened with.
    var owner: String
    var age_seconds: Int
    /// Of a call over WebRTC.
    var webrtc: Media?
  }

  /// A call's audio, in the words of W3C's webrtc-stats; from the beginning.
  struct Media: Encodable {
    var call_id: String
    var packets_received: UInt64
    var packets_lost: Int64
    var packets_discarded: UInt64
    var packets_sent: UInt64
    var nack_count: UInt64
    var total_samples_received: UInt64
    var concealed_samples: UInt64
    /// The mean, in milliseconds.
    var jitter_buffer_delay_ms: Double
    /// Missing while it was not measured.
    var round_trip_time_ms: Double?

    init(_ call: Call) {
      let figures = call.figures ?? StreamFigures()
      call_id = call.id
      packets_received = figures.packetsReceived
      packets_lost = figures.packetsLost
      packets_discarded = figures.packetsDiscarded
      packets_sent = figures.packetsSent
      nack_count = figures.nackCount
      total_samples_received = figures.totalSamplesReceived
      concealed_samples = figures.concealedSamples
      let emitted = Double(max(1, figures.jitterBufferEmittedCount))
      jitter_buffer_delay_ms = (figures.jitterBufferDelay / emitted * 10_000).rounded() / 10
      round_trip_time_ms = figures.roundTripTime.map { ($0.inSeconds * 10_000).rounded() / 10 }
    }
  }

  var object = "list"
  var data: [Entry]

  init(_ sessions: [SessionSummary], calls: [String: Call] = [:]) {
    data = sessions.sorted { ($1.age, $0.id) < ($0.age, $1.id) }.map {
      Entry(
        id: $0.id, agent: $0.agent, type: $0.kind.rawValue, owner: $0.owner,
        age_seconds: Int($0.age.components.seconds),
        webrtc: calls[$0.id].map(Media.init))
    }
  }

  func encoded() -> [UInt8] {
    (try? JSONEncoder().encode(self)).map(Array.init) ?? []
  }
}
