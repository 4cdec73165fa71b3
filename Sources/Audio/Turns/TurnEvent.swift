/// What a `TurnDetector` says. A turn is one `speechStarted`, any number of `audio`, one `speechStopped`; the `audio`
/// in between is exactly the samples from one position to the other. Where the turn has pauses, `paused` and `resumed`
/// take turns, `paused` first; the position of each is the end of the audio before it.
///
/// Positions are in samples at 16 kHz from the start of all audio ever written; `TurnDetector.milliseconds(atSample:)`
/// makes them the protocol's `audio_start_ms` and `audio_end_ms`.
public enum TurnEvent: Sendable, Equatable {
  /// Somebody speaks. The position is that of the first voiced sample less the prefix padding, but never within
  /// the turn before.
  case speechStarted(atSample: Int)
  /// More of the turn's audio, prefix padding and final silence included.
  case audio([Int16])
  /// Nobody has spoken for `pauseMilliseconds`, and the turn goes on. The second position is of the sample after the
  /// last one with voice.
  case paused(atSample: Int, lastVoicedSample: Int)
  /// Somebody speaks again after a `paused`.
  case resumed(atSample: Int)
  /// The turn is over. Both positions are of the sample after: the turn's last one, and the last one with voice
  /// (response latency counts from there).
  case speechStopped(atSample: Int, lastVoicedSample: Int, reason: StopReason)

  public enum StopReason: Sendable, Equatable {
    /// Nobody spoke for `silenceDurationMilliseconds`.
    case silence
    /// The turn reached `maximumTurnMilliseconds`. If the speaker goes on, `speechStarted` follows at the same position.
    case maximumLength
    /// `endTurn()` was called.
    case client
  }
}
