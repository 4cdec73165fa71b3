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
  /// The newest partial transcript.
  var transcript = ""
  /// Where the session's audio was when it came, in samples.
  var transcriptSample = 0
  /// The agent speaks on over it, because it holds no words so far.
  var isSpokenOver = false
  var pause: TurnPause?

  var seconds: Double { Double(audio.count) / 16_000 }
}

/// A silence in a turn under `semantic_vad`, and what is known about whether it is the turn's end.
struct TurnPause {
  /// The question to the end-of-turn worker.
  var call: CallID?
  var probability: Double?
  /// The newest partial transcript since the silence began.
  var transcript: String?
}

/// A turn that is to be answered as soon as nobody speaks.
struct OwedAnswer {
  let source: ActiveResponse.Source
  let turn: TurnMarks
  /// Said to the model for this answer only.
  var hint: String?
}

/// When things happened in a turn, for its latency.
struct TurnMarks: Sendable {
  var lastVoiced: Instant?
  var ended: Instant?
  var transcribed: Instant?
}
