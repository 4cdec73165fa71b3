import Realtime
import Runtime
import Workers

/// A cough, a passing lorry, an "mhm": what sounded like an interruption was none. The agent goes on where it stopped,
/// in a new response that continues the sentence.
extension SessionCore {
  /// A barge-in has cut off a message: keeps its rest, in case.
  mutating func noteCutOff(_ message: MessageOutput, heard: String) {
    guard isInterrupted, message.text.hasPrefix(heard) else { return }
    var rest = String(message.text.dropFirst(heard.count))
    if !message.isTextWhole {
      // The model was stopped in mid-sentence: as far as its sentences go.
      var splitter = ClauseSplitter()
      rest = splitter.append(rest).joined()
    }
    // One barge-in may cut off a message that was being played and one that waited behind it.
    cutOff = CutOffAnswer(itemID: message.address.itemID, rest: (cutOff?.rest ?? "") + rest)
  }

  /// The turn that cut the answer off has begun: it has a while to hold a word.
  mutating func watchInterruption(at now: Instant) {
    guard cutOff != nil else { return }
    let resumes = agent.interruptions.resume && session.turnDetection?.createResponse == true
    // An answer that nothing was heard of is owed as a whole.
    guard resumes, owed == nil, SpeakableText.from(cutOff?.rest ?? "") != nil else {
      cutOff = nil
      return
    }
    // Only a recogniser that is known to tell words as they come can be taken at its silence.
    let due = recogniserStreams ? now + .milliseconds(agent.interruptions.noWordsMilliseconds) : nil
    cutOff?.due = due
  }

  /// The limit has passed without a word: whatever it is that sounds, it is nobody speaking.
  mutating func resumeIfWordless(at now: Instant) {
    guard let due = cutOff?.due, due <= now else { return }
    cutOff?.due = nil
    guard let index = turns.lastIndex(where: \.isSpeaking), !hasWords(turns[index].transcript) else { return }
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
    resume(at: now)
    return true
  }

  private mutating func resume(at now: Instant) {
    guard let answer = cutOff, response == nil else { return }
    cutOff = nil
    observe(.resumed)
    startResponse(.phrase(answer.rest), turn: TurnMarks(), continuing: answer.itemID, at: now)
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

/// An answer that the user's voice cut off.
struct CutOffAnswer {
  let itemID: String
  /// What was not heard of it.
  var rest: String
  /// When the agent goes on unless a word has come.
  var due: Instant?
}
