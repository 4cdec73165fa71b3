import Runtime

/// The playout of a media leg, as far as the conversation knows of it: what it was handed, what it says that it has
/// played, and whose voice that is. In 24 kHz samples.
struct MediaPlayout {
  /// An answer whose voice was handed over and is not over yet.
  struct Answer {
    let responseID: String
    /// Where it lies among all that was handed over.
    let start: Int
    var end: Int
    let marks: VoiceMarks
    var isStarted = false
    /// No more of it will come.
    var isWhole = false
  }

  /// What `output_audio_buffer.*` tells of.
  enum Event {
    case started(responseID: String, VoiceMarks)
    case stopped(responseID: String)
  }

  private(set) var sent: Int
  private(set) var played: Int
  /// In the order of their voices.
  private(set) var answers: [Answer] = []
  /// The newest answer that was begun to be played.
  private(set) var lastStarted: String?
  /// The leg can carry sound.
  var isConnected = false
  /// It could before.
  private(set) var wasConnected = false
  /// Opus packets go out as they are.
  var takesPackets = false

  /// - Parameter position: where the voice of the session is.
  init(from position: Int = 0) {
    sent = position
    played = position
  }

  mutating func connect() {
    isConnected = true
    wasConnected = true
  }

  /// A piece larger than the limit has room when nothing waits.
  func hasRoom(for samples: Int, aheadLimit: Int) -> Bool {
    isConnected && sent - played <= max(0, aheadLimit - samples)
  }

  mutating func handedOver(samples: Int, of responseID: String, _ marks: VoiceMarks) {
    if answers.last?.responseID != responseID {
      answers.append(Answer(responseID: responseID, start: sent, end: sent, marks: marks))
    }
    sent += samples
    answers[answers.count - 1].end = sent
  }

  /// More was played; never more than was handed over.
  mutating func played(samples: Int) {
    played += max(0, min(samples, sent - played))
  }

  /// Nothing is left of what was handed over, whatever became of it.
  mutating func drained() {
    played = sent
  }

  /// All of an answer's voice was handed over.
  ///
  /// - Returns: whether there was any that is still to be ended.
  mutating func ended(_ responseID: String) -> Bool {
    guard let index = answers.lastIndex(where: { $0.responseID == responseID }) else { return false }
    answers[index].isWhole = true
    return true
  }

  /// What was not played is thrown away; positions go on from what was.
  mutating func stop() {
    sent = played
    answers = []
  }

  /// What there is to tell since the last time.
  mutating func nextEvent() -> Event? {
    guard let first = answers.first else { return nil }
    if !first.isStarted, played > first.start {
      answers[0].isStarted = true
      lastStarted = first.responseID
      return .started(responseID: first.responseID, first.marks)
    }
    guard first.isStarted, first.isWhole, played >= first.end else { return nil }
    answers.removeFirst()
    return .stopped(responseID: first.responseID)
  }
}

/// What the latency of an answer's first sound is counted from.
struct VoiceMarks {
  /// The first audio came from the synthesizer.
  var firstAudio: Instant?
  /// The user's last voiced sample.
  var lastVoiced: Instant?
}
