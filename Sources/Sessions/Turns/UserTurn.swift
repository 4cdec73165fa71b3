import Runtime
import Workers

/// What the user says between two silences, until its transcript is there.
struct UserTurn: Sendable {
  /// The item it becomes.
  let itemID: String
  /// 16 kHz. Kept until the transcript is final, so that a recogniser that dies costs time, not words.
  var audio: [Int16] = []
  var isSpeaking = true
  /// Whether the agent is to answer it: decided at its end.
  var responds = false
  /// The running recognition.
  var call: CallID?
  var stable = StableTranscript()
  /// The recogniser ended the turn before the detector did.
  var earlyTranscript: Transcript?
  var retry = Retry()
  var marks: TurnMarks

  var seconds: Double { Double(audio.count) / 16_000 }
}

/// A turn that is to be answered as soon as nobody speaks.
struct OwedAnswer {
  let source: ActiveResponse.Source
  let turn: TurnMarks
}

/// When things happened in a turn, for its latency.
struct TurnMarks: Sendable {
  var lastVoiced: Instant?
  var ended: Instant?
  var transcribed: Instant?
}
