import Realtime
import Runtime
import Workers

/// A cough, a passing lorry, an "mhm": what sounded like an interruption was none. The agent goes on where it stopped,
/// in a new response that continues the sentence.
extension SessionCore {
  /// A barge-in has cut off a message: keeps its rest, in case. The client may say later where it really stopped.
  mutating func noteCutOff(_ message: MessageOutput, heard: String) {
    let id = message.address.itemID
    guard isInterrupted || cutOff?.holds(id) == true, message.text.hasPrefix(heard) else { return }
    var rest = String(message.text.dropFirst(heard.count))
    if !message.isTextWhole {
      // The model was stopped in mid-sentence: as far as its sentences go.
      var splitter = ClauseSplitter(cutsFirstClauseShort: false)
      rest = splitter.append(rest).joined()
    }
    var answer = cutOff ?? CutOffAnswer()
    answer.pieces[id] = CutOffAnswer.Piece(
      start: message.playoutStart ?? .max, text: rest, isWhole: message.isTextWhole, format: message.format,
      voice: message.voice)
    cutOff = answer
  }

  /// The turn that cut the answer off has begun: it has a while to hold a word.
  mutating func watchInterruption(at now: Instant) {
    guard let answer = cutOff else { return }
    let resumes = agent.interruptions.resume && session.turnDetection?.createResponse == true
    // An answer that nothing was heard of is owed as a whole.
    guard resumes, owed == nil else {
      cutOff = nil
      return
    }
    guard SpeakableText.from(answer.rest) != nil else {
      cutOff = nil
      // The model had not come to the end of its first sentence, so there is nothing to go on with but itself.
      if !answer.isWhole { owed = OwedAnswer(source: .model, turn: TurnMarks(), hint: Self.continuation) }
      return
    }
    // Only a recogniser that is known to tell words as they come can be taken at its silence.
    let due = recogniserStreams ? now + .milliseconds(agent.interruptions.noWordsMilliseconds) : nil
    cutOff?.due = due
  }

  private static let continuation =
    "A noise interrupted your last sentence. Go on exactly where it stops, without repeating any of it."

  /// The limit has passed without a word: whatever it is that sounds, it is nobody speaking.
  mutating func resumeIfWordless(at now: Instant) {
    guard let due = cutOff?.due, due <= now else { return }
    cutOff?.due = nil
    // A turn that is not transcribed yet may hold the words.
    guard turns.count == 1, let index = turns.lastIndex(where: \.isSpeaking), !hasWords(turns[index].transcript)
    else { return }
    turns[index].isSpokenOver = true
    resume(at: now)
  }

  /// Words came after all, in a turn that the agent speaks over.
  mutating func interruptIfWords(inTurn index: Int, at now: Instant) {
    guard turns[index].isSpokenOver, hasWords(turns[index].transcript) else { return }
    turns[index].isSpokenOver = false
    if session.turnDetection?.interruptResponse == true { bargeIn(at: now) }
    cutOff = nil
  }

  /// The turn that cut the answer off is transcribed.
  ///
  /// - Returns: whether the agent goes on instead of answering it.
  mutating func goesOn(after transcript: String, _ turn: UserTurn, at now: Instant) -> Bool {
    if turn.isSpokenOver {
      // The agent has been going on for a while; only words can stop it now.
      guard hasWords(transcript) else { return true }
      if session.turnDetection?.interruptResponse == true { bargeIn(at: now) }
      cutOff = nil
      return false
    }
    guard cutOff != nil else { return false }
    guard !hasWords(transcript) else {
      cutOff = nil
      return false
    }
    // The last of several turns decides.
    if turns.isEmpty { resume(at: now) }
    return true
  }

  private mutating func resume(at now: Instant) {
    guard let answer = cutOff, let first = answer.first else { return }
    cutOff = nil
    guard response == nil else { return }
    observe(.resumed)
    var parameters = ResponseParameters()
    parameters.modality = .audio
    parameters.outputFormat = first.value.format
    parameters.voice = first.value.voice
    startResponse(
      .phrase(answer.rest), parameters: parameters, turn: TurnMarks(), continuing: first.key, at: now)
  }

  /// Whether a transcript holds more than a listener's "mhm".
  private func hasWords(_ transcript: String) -> Bool {
    let words = transcript.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "'" && $0 != "-" }
    guard words.count <= Self.longestBackchannel else { return true }
    return !isBackchannel(words[...])
  }

  /// Whether the words are nothing but phrases from the agent's list, some of which have several words.
  private func isBackchannel(_ words: ArraySlice<Substring>) -> Bool {
    guard !words.isEmpty else { return true }
    return agent.interruptions.backchannels.contains { phrase in
      let phrase = phrase.lowercased().split(separator: " ")
      return !phrase.isEmpty && words.starts(with: phrase) && isBackchannel(words.dropFirst(phrase.count))
    }
  }

  /// "Yeah, okay, sure": more than three of them are an answer.
  private static let longestBackchannel = 3
}

/// An answer that the user's voice cut off: the message that was being played, and perhaps one that waited behind it.
struct CutOffAnswer {
  struct Piece {
    /// Where the message began on the session's playout.
    let start: Int
    /// What was not heard of it.
    let text: String
    /// The model had said all of it.
    let isWhole: Bool
    let format: AudioFormat
    let voice: Voice?
  }

  /// By item.
  var pieces: [String: Piece] = [:]
  /// When the agent goes on unless a word has come.
  var due: Instant?

  func holds(_ itemID: String) -> Bool { pieces[itemID] != nil }

  var first: (key: String, value: Piece)? { ordered.first }
  var rest: String { ordered.map(\.value.text).joined() }
  var isWhole: Bool { pieces.values.allSatisfy(\.isWhole) }

  private var ordered: [(key: String, value: Piece)] { pieces.sorted { $0.value.start < $1.value.start } }
}
