import Audio
import Realtime
import Runtime
import Workers

/// A person speaks in the agent's place. The agent is silent, and hears all the same: the caller's turns go on, and
/// what the person says becomes messages of the assistant, so that the agent knows it when it goes on.
extension SessionCore {
  /// What is said to the model for its first answer after a person has spoken in its place.
  private static let handback =
    "A colleague of yours has just spoken in your place, and has left. What they said stands as yours in the conversation. Go on from there."

  /// Whether a person has the agent's place now.
  var isSilenced: Bool { state.floorHolder != nil }

  mutating func takeFloor(_ participantID: String, at now: Instant) {
    guard session.kind == .realtime, state.floorHolder != participantID else { return }
    cutOff = nil
    greetingDue = nil
    silence = nil
    clearPlayout(at: now)
    stopResponse(.clientCancelled, at: now)
    truncateUnplayed(at: now)
    owed = nil
    // Whoever was still to be answered is answered by a person.
    for index in turns.indices {
      turns[index].responds = false
      turns[index].isSpokenOver = false
    }
    endUtterance(at: now)
    record(.floorTaken(participantID: participantID), then: [])
    if floor == nil { floor = TakenFloor(makeDetector: input.makeDetector) }
  }

  mutating func returnFloor(at now: Instant) {
    guard isSilenced else { return }
    record(.floorReturned, then: [])
    endUtterance(at: now)
    // What the caller has just said is the agent's to answer.
    for index in turns.indices where !turns[index].isSpeaking { turns[index].responds = answersByItself }
    dismissFloor(at: now)
  }

  private var answersByItself: Bool { session.turnDetection?.createResponse == true }

  // MARK: What the person says

  mutating func hearFloor(_ samples: [Int16], at now: Instant) {
    guard isSilenced, let events = floor?.detector.process(samples16k: samples) else { return }
    for event in events { takeFloorEvent(event, at: now) }
  }

  mutating func hearFloorSilence(_ samples: Int, at now: Instant) {
    guard isSilenced, let events = floor?.detector.process(silence: samples) else { return }
    for event in events { takeFloorEvent(event, at: now) }
  }

  private mutating func endUtterance(at now: Instant) {
    let events = floor?.detector.endTurn() ?? []
    for event in events { takeFloorEvent(event, at: now) }
  }

  private mutating func takeFloorEvent(_ event: TurnEvent, at now: Instant) {
    switch event {
    case .speechStarted:
      let id = makeID("item")
      floor?.utterances.append(Utterance(itemID: id))
      if floor?.utterances.count ?? 0 > TakenFloor.longestBacklog { dropUtterance(0, at: now) }
      recognize((floor?.utterances.count ?? 0) - 1)
    case .audio(let audio):
      guard let index = floor?.utterances.lastIndex(where: \.isSpeaking) else { return }
      floor?.utterances[index].audio += audio
      if let call = floor?.utterances[index].call { act(.feed(call, audio)) }
    case .speechStopped:
      guard let index = floor?.utterances.lastIndex(where: \.isSpeaking) else { return }
      let previous = state.items.last?.id
      floor?.utterances[index].isSpeaking = false
      floor?.utterances[index].previousItemID = previous
      if let call = floor?.utterances[index].call {
        act(.endAudio(call))
        if let early = floor?.utterances[index].early { floorRecognized(call, .final(early), at: now) }
      } else if floor?.utterances[index].retry.due == nil {
        recognize(index)
      }
    case .paused, .resumed: break
    }
  }

  private mutating func recognize(_ index: Int) {
    guard let utterance = floor?.utterances[index] else { return }
    let call = newCall()
    floor?.utterances[index].call = call
    act(.recognize(call, RecognitionRequest(language: spokenLanguage)))
    if !utterance.audio.isEmpty { act(.feed(call, utterance.audio)) }
    if !utterance.isSpeaking { act(.endAudio(call)) }
  }

  func isOfFloor(_ call: CallID) -> Bool { floor?.utterances.contains { $0.call == call } == true }

  mutating func floorRecognized(_ call: CallID, _ event: RecognitionEvent, at now: Instant) {
    guard case .final(let transcript) = event, let index = floor?.utterances.firstIndex(where: { $0.call == call }),
      let utterance = floor?.utterances[index]
    else { return }
    guard !utterance.isSpeaking else {
      floor?.utterances[index].early = transcript
      return
    }
    floor?.utterances.remove(at: index)
    worked(.asr, at: now)
    if !transcript.text.isEmpty, state.items.count < limits.items {
      // Behind what had been said by then, not behind what was said while it was being understood.
      let previous = utterance.previousItemID.flatMap { state.item($0)?.id } ?? state.items.last?.id
      retained.append(utterance.audio, at: InputAudio.sampleRate, to: utterance.itemID)
      add(
        .message(
          id: utterance.itemID, role: .assistant, status: .completed, parts: [.outputAudio(transcript: transcript.text)]
        ),
        after: previous)
    }
    dismissFloor(at: now)
  }

  mutating func floorFailed(_ call: CallID, _ error: WorkerError, at now: Instant) {
    guard let index = floor?.utterances.firstIndex(where: { $0.call == call }),
      let utterance = floor?.utterances[index],
      utterance.early == nil
    else { return }
    floor?.utterances[index].call = nil
    failed(.asr, error, at: now)
    if error.isRetryable, floor?.utterances[index].retry.failed(at: now) == true { return }
    // What is still being said is tried once more when it is whole.
    if !utterance.isSpeaking { dropUtterance(index, at: now) }
  }

  mutating func retryFloor(at now: Instant) {
    for index in floor?.utterances.indices ?? 0..<0 where floor?.utterances[index].retry.take(at: now) == true {
      recognize(index)
    }
  }

  private mutating func dropUtterance(_ index: Int, at now: Instant) {
    if let call = floor?.utterances.remove(at: index).call { act(.cancel(call)) }
    dismissFloor(at: now)
  }

  /// The agent goes on once the floor is its own again and it knows what was said.
  private mutating func dismissFloor(at now: Instant) {
    guard !isSilenced, let floor, floor.utterances.isEmpty else { return }
    self.floor = nil
    guard answersByItself, response == nil, owed == nil, turns.isEmpty, state.isUserWaiting else { return }
    owed = OwedAnswer(source: .model, turn: TurnMarks(), hint: Self.handback)
  }
}

/// The agent's place, while a person has it and until all that they said is written down.
struct TakenFloor {
  /// Utterances that may wait for their transcripts.
  static let longestBacklog = 16

  var detector: TurnDetector
  /// Oldest first.
  var utterances: [Utterance] = []

  init(makeDetector: @escaping (Double) -> any VoiceActivityDetector) {
    detector = TurnDetector(detector: makeDetector)
  }
}

/// What a person says in the agent's place between two silences.
struct Utterance {
  /// The item it becomes.
  let itemID: String
  /// 16 kHz; kept for a second attempt.
  var audio: [Int16] = []
  var isSpeaking = true
  var call: CallID?
  var retry = Retry()
  /// The recogniser was done before the person was.
  var early: Transcript?
  /// What stood last in the conversation when it was over.
  var previousItemID: String?
}

extension SessionState {
  /// The last words of the conversation are the user's.
  fileprivate var isUserWaiting: Bool {
    let last = items.last { item in
      guard case .message(let role, let parts) = item.content, role != .system else { return false }
      return parts.contains { $0.text?.isEmpty == false }
    }
    guard case .message(.user, _)? = last?.content else { return false }
    return true
  }
}

extension RealtimeError {
  static let noRoom = RealtimeError.invalidRequest(
    code: "no_room",
    message:
      "This session is no room: its caller is not on a media leg. viva.room.* events are for sessions of POST /v1/realtime/calls.",
    param: "type")
}
