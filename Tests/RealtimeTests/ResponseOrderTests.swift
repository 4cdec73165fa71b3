import Testing

@testable import Realtime

@Suite struct ResponseOrderTests {
  private static let user = ConversationItem.message(
    id: "u", role: .user, parts: [.inputAudio(audio: nil, transcript: nil)])
  private static let agent = ConversationItem.message(id: "a", role: .assistant, status: .inProgress, parts: [])
  private static let call = ConversationItem.functionCall(id: "c", name: "f", callID: "call", arguments: "")
  private static let at = ContentAddress(responseID: "r", itemID: "a", outputIndex: 0, contentIndex: 0)

  private static func response(_ status: ResponseStatus, conversation: String? = "conv") -> Response {
    var response = Response(id: "r", status: status)
    response.conversationID = conversation
    return response
  }

  private static let turn: [ServerEvent] = [
    .inputAudioBufferSpeechStarted(audioStartMilliseconds: 0, itemID: "u"),
    .inputAudioTranscriptionDelta(itemID: "u", contentIndex: 0, delta: "Hel"),
    .inputAudioBufferSpeechStopped(audioEndMilliseconds: 900, itemID: "u"),
    .inputAudioBufferCommitted(itemID: "u", previousItemID: nil),
    .conversationItemAdded(user, previousItemID: nil), .conversationItemDone(user, previousItemID: nil),
    .inputAudioTranscriptionCompleted(
      itemID: "u", contentIndex: 0, transcript: "Hello", usage: .duration(seconds: 1)),
  ]

  private static let spoken: [ServerEvent] = [
    .responseCreated(response(.inProgress)),
    .responseOutputItemAdded(responseID: "r", outputIndex: 0, item: agent),
    .conversationItemAdded(agent, previousItemID: "u"),
    .responseContentPartAdded(at, part: .audio(transcript: "")),
    .responseOutputAudioTranscriptDelta(at, delta: "Hi"), .responseOutputAudioDelta(at, audio: [0, 0]),
    .responseOutputAudioDone(at), .responseOutputAudioTranscriptDone(at, transcript: "Hi"),
    .responseContentPartDone(at, part: .audio(transcript: "Hi")),
    .responseOutputItemDone(responseID: "r", outputIndex: 0, item: agent),
    .conversationItemDone(agent, previousItemID: "u"), .responseDone(response(.completed)),
  ]

  private static let called: [ServerEvent] = [
    .responseCreated(response(.inProgress)),
    .responseOutputItemAdded(responseID: "r", outputIndex: 0, item: call),
    .conversationItemAdded(call, previousItemID: nil),
    .responseFunctionCallArgumentsDelta(responseID: "r", itemID: "c", outputIndex: 0, callID: "call", delta: "{}"),
    .responseFunctionCallArgumentsDone(
      responseID: "r", itemID: "c", outputIndex: 0, callID: "call", name: "f", arguments: "{}"),
    .responseOutputItemDone(responseID: "r", outputIndex: 0, item: call),
    .conversationItemDone(call, previousItemID: nil), .responseDone(response(.completed)),
  ]

  private func firstViolation(_ events: [ServerEvent]) -> ResponseOrder.Violation? {
    var order = ResponseOrder()
    for event in events {
      if let violation = order.check(event) { return violation }
    }
    return nil
  }

  private static func sounds(
    started: Int = 1, beforeDone: [ServerEvent] = [], afterDone: [ServerEvent] = []
  ) -> [ServerEvent] {
    spoken.dropLast() + Array(repeating: .outputAudioBufferStarted(responseID: "r"), count: started) + beforeDone
      + spoken.suffix(1) + afterDone
  }

  @Test func acceptsSoundThatStopsOrIsCleared() {
    let stopped = ServerEvent.outputAudioBufferStopped(responseID: "r")
    let cleared = ServerEvent.outputAudioBufferCleared(responseID: "r")
    #expect(firstViolation(Self.sounds(afterDone: [stopped])) == nil)
    #expect(firstViolation(Self.sounds(beforeDone: [cleared])) == nil)
    #expect(firstViolation(Self.sounds(afterDone: [cleared, cleared])) == nil)
    #expect(firstViolation(Self.sounds(afterDone: [stopped, cleared])) == nil)
  }

  @Test func refusesSoundThatStopsTooSoonOrTwice() {
    let stopped = ServerEvent.outputAudioBufferStopped(responseID: "r")
    let cleared = ServerEvent.outputAudioBufferCleared(responseID: "r")
    #expect(firstViolation(Self.sounds(beforeDone: [stopped])) != nil)
    #expect(firstViolation(Self.sounds(afterDone: [stopped, stopped])) != nil)
    #expect(firstViolation(Self.sounds(afterDone: [cleared, stopped])) != nil)
    #expect(firstViolation(Self.sounds(started: 2)) != nil)
    #expect(firstViolation(Self.sounds(started: 0, afterDone: [stopped])) != nil)
    #expect(firstViolation(Self.sounds(started: 0, beforeDone: [cleared])) != nil)
  }

  @Test func acceptsWholeTurns() {
    #expect(firstViolation([.sessionCreated(Samples.session)] + Self.turn + Self.spoken) == nil)
    #expect(firstViolation(Self.called) == nil)
    let text: [ServerEvent] = [
      .responseContentPartAdded(Self.at, part: .text("")), .responseOutputTextDelta(Self.at, delta: "Hi"),
      .responseOutputTextDone(Self.at, text: "Hi"), .responseContentPartDone(Self.at, part: .text("Hi")),
    ]
    #expect(firstViolation(Self.spoken[..<3] + text + Self.spoken[9...]) == nil)
    #expect(firstViolation([Self.spoken[0], Self.spoken[11]]) == nil)
  }

  @Test func aTurnMayBeginInsideAResponse() {
    #expect(firstViolation(Self.spoken[..<6] + Self.turn + Self.spoken[6...]) == nil)
  }

  @Test func acceptsManualTurnsAndClearedOnes() {
    #expect(firstViolation(Array(Self.turn[3...])) == nil)
    #expect(firstViolation([Self.turn[0], .inputAudioBufferCleared] + Self.turn) == nil)
    #expect(
      firstViolation(
        [.inputAudioBufferTimeoutTriggered(audioStartMilliseconds: 0, audioEndMilliseconds: 1, itemID: "u")]
          + Self.turn[3...]) == nil)
  }

  @Test func theLastSoundMayOutliveTheResponse() {
    let sound: [ServerEvent] = [
      .outputAudioBufferStarted(responseID: "r"), .outputAudioBufferStopped(responseID: "r"),
    ]
    #expect(firstViolation(Self.spoken + sound) == nil)
    #expect(firstViolation([.outputAudioBufferStarted(responseID: "r")]) != nil)
  }

  /// Every event of these sequences is needed by a later one, or else stands at the end.
  @Test(arguments: [spoken, called])
  func noticesAnyMissingEvent(events: [ServerEvent]) {
    for missing in events.indices.dropLast() {
      if events[missing].type.hasSuffix(".delta") { continue }
      var broken = events
      broken.remove(at: missing)
      #expect(firstViolation(broken) != nil, "without \(events[missing].type)")
    }
  }

  @Test(arguments: [spoken, called])
  func noticesAnyRepeatedEvent(events: [ServerEvent]) {
    for index in events.indices where !events[index].type.hasSuffix(".delta") {
      var broken = events
      broken.insert(events[index], at: index + 1)
      #expect(firstViolation(broken) != nil, "\(events[index].type) twice")
    }
  }

  @Test func noticesDeltasThatComeTooLate() {
    for (delta, earliest) in [(4, 8), (5, 7)] {
      for position in earliest...Self.spoken.count {
        var broken = Self.spoken
        broken.insert(Self.spoken[delta], at: position)
        #expect(firstViolation(broken)?.eventType == Self.spoken[delta].type, "at \(position)")
      }
    }
  }

  @Test func noticesAnInputOutOfOrder() {
    let events = Self.turn.filter { !$0.type.contains("transcription") }
    for missing in events.indices.dropLast() {
      var broken = events
      broken.remove(at: missing)
      #expect(firstViolation(broken) != nil, "without \(events[missing].type)")
    }
    #expect(firstViolation(Self.turn + [Self.turn[3]]) != nil)
    #expect(firstViolation(Self.turn + [Self.turn[4]]) != nil)
    #expect(firstViolation([Self.turn[6]]) != nil)
  }

  @Test func noticesTwoResponsesInOneConversation() {
    var second = Self.response(.inProgress)
    second.id = "r2"
    #expect(firstViolation([Self.spoken[0], .responseCreated(second)]) != nil)
    second.conversationID = nil
    #expect(firstViolation([Self.spoken[0], .responseCreated(second)]) == nil)
  }

  /// The item's own events only, as a response outside the conversation has them.
  private static let apart: [ServerEvent] = {
    var events = spoken.filter { !$0.type.hasPrefix("conversation.") }
    events[0] = .responseCreated(response(.inProgress, conversation: nil))
    events[events.count - 1] = .responseDone(response(.completed, conversation: nil))
    return events
  }()

  @Test("items of a response outside the conversation never enter it")
  func keepsOutOfBandItemsApart() {
    #expect(firstViolation(Self.apart) == nil)
    let intruders: [ServerEvent] = [
      .conversationItemAdded(Self.agent, previousItemID: nil), .conversationItemDone(Self.agent, previousItemID: nil),
    ]
    for intruder in intruders {
      for position in 2...Self.apart.count {
        var broken = Self.apart
        broken.insert(intruder, at: position)
        #expect(firstViolation(broken)?.eventType == intruder.type, "at \(position)")
      }
    }
    var early = Self.apart
    early.insert(intruders[0], at: 1)
    #expect(firstViolation(early)?.eventType == "response.output_item.added")
  }

  @Test func outOfBandResponsesRunBesideTheConversation() {
    var created = Self.response(.inProgress, conversation: nil)
    created.id = "r2"
    var done = Self.response(.completed, conversation: nil)
    done.id = "r2"
    for end in 6...Self.spoken.count {
      var mixed = Self.spoken
      mixed.insert(.responseDone(done), at: end)
      mixed.insert(.responseCreated(created), at: 5)
      #expect(firstViolation(mixed) == nil, "done at \(end)")
    }
  }

  @Test("rate limits and vendor events stand anywhere")
  func acceptsThemAnywhere() {
    let events: [ServerEvent] = [
      .rateLimitsUpdated([RateLimit(name: "tokens", limit: 1, remaining: 1, resetSeconds: 0)]),
      .vivaToolCall(callID: "call", name: "f", status: "completed", durationMilliseconds: 1, error: nil),
      .vivaResumed(responseID: "r", itemID: "a0"),
    ]
    for event in events {
      for position in 0...Self.spoken.count {
        var mixed = Self.spoken
        mixed.insert(event, at: position)
        #expect(firstViolation(Self.turn + mixed) == nil, "\(event.type) at \(position)")
      }
    }
  }

  @Test func namesOpenResponses() {
    var order = ResponseOrder()
    #expect(order.check(Self.spoken[0]) == nil)
    #expect(order.openResponses == ["r"])
  }
}
