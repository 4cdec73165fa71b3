import Audio
import Runtime

/// Where the listener is in the agent's voice, in 24 kHz samples: an estimate where the client plays, and what the
/// playout has reported where the server does.
struct VoicePosition {
  /// When more of the voice may go.
  enum Room: Equatable {
    case now
    case at(Instant)
    /// Once more of it was played, or the leg is there.
    case later
  }

  private var estimate = PlayoutPosition(sampleRate: SpokenText.sampleRate)
  /// Of a media leg.
  private(set) var media: MediaPlayout?

  init(_ leg: ClientLeg) {
    if leg == .media { media = MediaPlayout() }
  }

  /// Whether the server plays the agent's voice.
  var isServed: Bool { media != nil }

  /// Samples handed over, without those that were thrown away.
  var sent: Int { media?.sent ?? estimate.sent }

  func played(at now: Instant) -> Int { media?.played ?? estimate.played(at: now.nanoseconds) }

  func ahead(at now: Instant) -> Int { sent - played(at: now) }

  func room(for samples: Int, aheadLimit: Int, at now: Instant) -> Room {
    if let media { return media.hasRoom(for: samples, aheadLimit: aheadLimit) ? .now : .later }
    let next = estimate.nextSend(of: samples, aheadLimit: aheadLimit, at: now.nanoseconds)
    return next.map { .at(Instant(nanoseconds: $0)) } ?? .now
  }

  /// When all that was handed over will have been heard; nil while only the playout can tell.
  func end(at now: Instant) -> Instant? {
    if let media { return media.isConnected && media.sent == media.played ? now : nil }
    return now + .milliseconds(estimate.ahead(at: now.nanoseconds) * 1000 / SpokenText.sampleRate)
  }

  mutating func handedOver(samples: Int, of responseID: String, marks: VoiceMarks, at now: Instant) {
    if media != nil {
      media?.handedOver(samples: samples, of: responseID, marks)
    } else {
      estimate.sent(samples: samples, at: now.nanoseconds)
    }
  }

  /// What was not played is thrown away.
  ///
  /// - Returns: samples played.
  mutating func stop(at now: Instant) -> Int {
    guard media != nil else { return estimate.stop(at: now.nanoseconds) }
    media?.stop()
    return sent
  }

  /// Runs `body` on the media leg's playout, where there is one.
  mutating func withMedia<Result>(_ body: (inout MediaPlayout) -> Result) -> Result? {
    guard media != nil else { return nil }
    return body(&media!)
  }

  /// The server plays from now on. What a WebSocket's client still has counts as played.
  mutating func becomeServed() {
    guard media == nil else { return }
    media = MediaPlayout(from: estimate.sent)
  }
}
