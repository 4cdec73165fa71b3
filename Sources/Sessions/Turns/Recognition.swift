import Realtime
import Runtime
import Workers

/// From the audio of a turn to its transcript.
extension SessionCore {
  mutating func startRecognition(ofTurn index: Int) {
    let call = newCall()
    turns[index].call = call
    var request = RecognitionRequest(language: spokenLanguage)
    request.prompt = session.transcription?.prompt
    request.keywords = session.transcription?.keywords ?? []
    act(.recognize(call, request))
    if !turns[index].audio.isEmpty { act(.feed(call, turns[index].audio)) }
    if !turns[index].isSpeaking { act(.endAudio(call)) }
  }

  /// What the user is expected to speak, as a BCP-47 tag.
  var spokenLanguage: String? {
    session.transcription?.language ?? session.transcription?.languages?.first ?? agent.language
  }

  private func turn(of call: CallID) -> Int? {
    turns.firstIndex { $0.call == call }
  }

  mutating func transcriptGrew(_ call: CallID, _ text: String, at now: Instant) {
    guard let index = turn(of: call) else { return }
    recogniserStreams = true
    turns[index].transcript = text
    turns[index].transcriptSample = input.samples
    noteTranscript(ofTurn: index)
    interruptIfWords(inTurn: index, at: now)
    let delta = turns[index].stable.partial(text)
    guard session.transcription != nil else { return }
    send(
      .inputAudioTranscriptionDelta(
        itemID: turns[index].itemID, contentIndex: 0, delta: delta, transcriptSoFar: text))
  }

  mutating func transcribed(_ call: CallID, _ transcript: Transcript, at now: Instant) {
    guard let index = turn(of: call) else { return }
    guard !turns[index].isSpeaking else {
      turns[index].earlyTranscript = transcript
      return
    }
    var turn = turns.remove(at: index)
    turn.marks.transcribed = now
    forgetUnsaidLoss()
    worked(.asr, at: now)
    if let confidence = transcript.confidence { climb(.confidence(confidence), at: now) }
    if let ended = turn.marks.ended { observe(.latency(.asr, now - ended)) }

    let rest = turn.stable.final(transcript.text)
    if session.transcription != nil, !rest.isEmpty {
      send(
        .inputAudioTranscriptionDelta(
          itemID: turn.itemID, contentIndex: 0, delta: rest, transcriptSoFar: transcript.text))
    }
    let completed = ServerEvent.inputAudioTranscriptionCompleted(
      itemID: turn.itemID, contentIndex: 0, transcript: transcript.text,
      usage: .duration(seconds: turn.seconds))
    record(
      .itemTranscribed(itemID: turn.itemID, transcript: transcript.text, confidence: transcript.confidence),
      then: session.transcription != nil ? [completed] : [])
    if !transcript.text.isEmpty { noteAnswer(turn.itemID) }
    tools.chainEnds()
    if goesOn(after: transcript.text, turn, at: now) { return }
    if turn.responds, !transcript.text.isEmpty { owed = OwedAnswer(source: .model, turn: turn.marks) }
  }

  /// Answers the user, unless they are speaking again: then the answer comes after that turn.
  mutating func answerOwed(at now: Instant) {
    guard let owed, response == nil, !turns.contains(where: \.isSpeaking), floor == nil else { return }
    // The model waits for what was just said, and answers that; a phrase would be said over it.
    if case .phrase = owed.source, !turns.isEmpty { return }
    startResponse(owed.source, hint: owed.hint, turn: owed.turn, at: now)
    sendAudio(at: now)
  }

  mutating func recognitionFailed(_ call: CallID, _ error: WorkerError, at now: Instant) {
    guard let index = turn(of: call) else { return }
    // A recogniser that was done before the speaker was has nothing to add.
    guard turns[index].earlyTranscript == nil else { return }
    turns[index].call = nil
    failed(.asr, error, at: now)
    if error.isRetryable, turns[index].retry.failed(at: now) { return }
    // What is still being said is tried once more when it is whole.
    if !turns[index].isSpeaking { failTurn(index, error) }
  }

  /// The turn will have no transcript.
  mutating func failTurn(_ index: Int, _ error: WorkerError) {
    let turn = turns.remove(at: index)
    cutOff = nil
    if session.transcription != nil {
      send(
        .inputAudioTranscriptionFailed(
          itemID: turn.itemID, contentIndex: 0,
          error: .serverError(
            code: error.kind.rawValue,
            message:
              "The turn could not be transcribed: \(error). Its audio was heard; say it again or type it.")))
    }
    // The answer to an earlier turn is worth more than an apology for this one.
    // Nor is it said over and over to somebody who was told that they are not heard.
    if turn.responds, owed == nil, ladder.canHear {
      owed = OwedAnswer(source: .phrase(agent.apology), turn: turn.marks)
    }
  }

  mutating func retryRecognitions(at now: Instant) {
    for index in turns.indices where turns[index].retry.take(at: now) {
      startRecognition(ofTurn: index)
    }
  }
}
