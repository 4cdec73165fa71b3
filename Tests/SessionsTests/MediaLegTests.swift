import Audio
import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// A caller over RTP: the server plays, and knows what it has played.
@Suite("On a media leg")
struct MediaLegTests {
  private static let story = "Once there was a king. He had a very large horse."

  private func conversation(_ agent: Agent = .forTests) -> Conversation { Conversation(agent: agent, leg: .media) }

  /// A story that is being told; its first sentence lasts two seconds.
  private func telling(milliseconds: Int = 2000) -> Conversation {
    let conversation = conversation()
    conversation.say("Tell me a story.")
    conversation.answer(Self.story)
    conversation.speak(milliseconds: milliseconds)
    return conversation
  }

  private func position(_ type: String, _ conversation: Conversation, last: Bool = false) -> Int? {
    last ? conversation.types.lastIndex(of: type) : conversation.types.firstIndex(of: type)
  }

  private func truncations(_ conversation: Conversation) -> [Int] {
    conversation.events.compactMap {
      if case .conversationItemTruncated(_, _, let end, _) = $0 { end } else { nil }
    }
  }

  private func ids(_ conversation: Conversation) -> [String] {
    conversation.events.compactMap {
      switch $0 {
      case .outputAudioBufferStarted(let id), .outputAudioBufferStopped(let id), .outputAudioBufferCleared(let id): id
      default: nil
      }
    }
  }

  @Test("an answer is told of as OpenAI does: started once it sounds, no audio in events, stopped when all was played")
  func wholeAnswer() throws {
    let conversation = telling(milliseconds: 1000)
    conversation.speak(milliseconds: 1000)
    conversation.advance(milliseconds: 3000)
    #expect(!conversation.types.contains("response.output_audio.delta"))
    #expect(
      conversation.types.filter { $0.hasPrefix("output_audio_buffer") }
        == ["output_audio_buffer.started", "output_audio_buffer.stopped"])
    let part = try #require(position("response.content_part.added", conversation))
    let started = try #require(position("output_audio_buffer.started", conversation))
    let done = try #require(position("response.done", conversation))
    let stopped = try #require(position("output_audio_buffer.stopped", conversation))
    #expect(part < started && started < done && done < stopped)
    #expect(Set(ids(conversation)) == [conversation.responses[0].id])
    #expect(conversation.playout.played == 2000 * 24)
    #expect(conversation.playout.ends == 1)
    #expect(conversation.types.contains("response.output_audio_transcript.delta"))
    #expect(conversation.types.contains("response.output_audio.done"))
    #expect(conversation.violations == [])
  }

  @Test("started comes with the first tick that carries sound, not before")
  func startedWithSound() {
    let conversation = telling()
    #expect(conversation.playout.waiting > 0)
    #expect(!conversation.types.contains("output_audio_buffer.started"))
    conversation.advance(milliseconds: 20)
    #expect(conversation.types.contains("output_audio_buffer.started"))
  }

  @Test("the playout holds no more than is allowed ahead, however fast the voice is made")
  func pacing() {
    let conversation = telling(milliseconds: 5000)
    var most = 0
    for _ in 0..<250 {
      most = max(most, conversation.playout.waiting)
      conversation.advance(milliseconds: 20)
    }
    #expect(most <= 400 * 24)
    #expect(most >= 300 * 24)
    #expect(conversation.playout.played == 5000 * 24)
  }

  // MARK: Interruption

  @Test("a barge-in clears the playout and cuts the history at what was played, in OpenAI's order of events")
  func bargeIn() throws {
    let conversation = telling()
    conversation.speak(milliseconds: 3000)
    conversation.advance(milliseconds: 1000)
    let played = conversation.playout.played
    conversation.clear()
    conversation.hear(milliseconds: 200, voiced: true)
    #expect(conversation.playout.clears == 1)
    #expect(conversation.playout.waiting == 0)
    let order = [
      "input_audio_buffer.speech_started", "output_audio_buffer.cleared", "response.done",
      "conversation.item.truncated",
    ].map { position($0, conversation) }
    #expect(order.allSatisfy { $0 != nil })
    #expect(order.compactMap(\.self) == order.compactMap(\.self).sorted())
    #expect(!conversation.types.contains("output_audio_buffer.stopped"))
    // The onset is found after 80 ms of voice.
    let end = try #require(truncations(conversation).first)
    #expect(end >= played / 24 && end <= played / 24 + 100)
    #expect(end == conversation.playout.played / 24)
    #expect(conversation.responses.last?.status == .cancelled)
    #expect(conversation.core.state.items.last { $0.isAssistantMessage }?.transcriptText == "Once there")
  }

  @Test("the position is what was played, not what the clock says: a leg that stalls is heard no further")
  func stalledLeg() throws {
    let conversation = telling()
    conversation.advance(milliseconds: 500)
    conversation.loseMedia()
    conversation.advance(milliseconds: 5000)
    let played = conversation.playout.played
    #expect(played <= 500 * 24)
    conversation.hear(milliseconds: 200, voiced: true)
    #expect(truncations(conversation) == [played / 24])
  }

  @Test("the tail of an answer that is done is cleared, too")
  func tail() {
    let conversation = telling(milliseconds: 500)
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 700)
    #expect(conversation.types.contains("response.done"))
    conversation.clear()
    conversation.hear(milliseconds: 120, voiced: true)
    #expect(conversation.types.filter { $0.hasPrefix("output_audio") } == ["output_audio_buffer.cleared"])
    #expect(truncations(conversation).count == 1)
    #expect(conversation.violations == [])
  }

  @Test("what was never begun to be played is neither started nor cleared")
  func neverStarted() {
    let conversation = conversation()
    conversation.say("Tell me a story.")
    conversation.loseMedia()
    conversation.answer(Self.story)
    conversation.speak(milliseconds: 1000)
    conversation.hear(milliseconds: 200, voiced: true)
    #expect(!conversation.types.contains { $0.hasPrefix("output_audio_buffer") })
    #expect(conversation.responses.last?.status == .cancelled)
  }

  @Test("a cough is no interruption: the rest is said in a new response, from where it was cut")
  func cough() {
    let conversation = telling()
    conversation.speak(milliseconds: 2000)
    conversation.advance(milliseconds: 1000)
    conversation.hear(milliseconds: 200, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    let before = conversation.speeches.count
    conversation.transcribe("")
    #expect(conversation.types.contains("viva.response.resumed"))
    #expect(conversation.speeches.count == before + 1)
    #expect(conversation.speeches.last?.text.hasPrefix("was a king.") == true)
  }

  // MARK: The client's own word

  @Test("response.cancel ends the answer and lets its tail be played; output_audio_buffer.clear cuts that off")
  func cancelThenClear() throws {
    let conversation = telling()
    conversation.advance(milliseconds: 500)
    conversation.client(.responseCancel(responseID: nil))
    #expect(conversation.responses.last?.status == .cancelled)
    #expect(conversation.playout.clears == 0)
    #expect(truncations(conversation) == [])
    let handedOver = conversation.playout.enqueued
    conversation.advance(milliseconds: 100)
    conversation.client(.outputAudioBufferClear)
    #expect(conversation.playout.clears == 1)
    #expect(conversation.types.suffix(2) == ["output_audio_buffer.cleared", "conversation.item.truncated"])
    #expect(truncations(conversation) == [conversation.playout.played / 24])
    #expect(conversation.playout.played < handedOver)
    conversation.advance(milliseconds: 1000)
    #expect(!conversation.types.contains("output_audio_buffer.stopped"))
    #expect(conversation.errors == [])
  }

  @Test("after response.cancel alone the tail is played to its end, and the history has it")
  func cancelAlone() {
    let conversation = telling()
    conversation.advance(milliseconds: 500)
    conversation.client(.responseCancel(responseID: nil))
    conversation.advance(milliseconds: 1000)
    #expect(conversation.types.last == "output_audio_buffer.stopped")
    #expect(conversation.playout.played == conversation.playout.enqueued)
    #expect(conversation.core.state.items.last { $0.isAssistantMessage }?.transcriptText == "Once there")
    // What the client has cancelled is not said again, whatever noise comes.
    conversation.hear(milliseconds: 200, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("")
    #expect(!conversation.types.contains("viva.response.resumed"))
  }

  @Test("output_audio_buffer.clear without response.cancel ends the answer as well")
  func clearAlone() {
    let conversation = telling()
    conversation.advance(milliseconds: 500)
    conversation.clear()
    conversation.client(.outputAudioBufferClear)
    #expect(conversation.types.first == "output_audio_buffer.cleared")
    #expect(conversation.responses.last?.status == .cancelled)
    #expect(conversation.types.last == "conversation.item.truncated")
    // Asked again, it is answered again: the client waits for it.
    conversation.client(.outputAudioBufferClear)
    #expect(conversation.types.last == "output_audio_buffer.cleared")
    #expect(conversation.violations == [])
    #expect(conversation.errors == [])
  }

  @Test("output_audio_buffer.clear where nothing ever sounded is no error")
  func clearNothing() {
    let conversation = conversation()
    conversation.client(.outputAudioBufferClear)
    #expect(conversation.errors == [])
  }

  @Test("conversation.item.truncate after the server's own is harmless", arguments: [0, 300, 990, 5000, .max])
  func truncate(end: Int) throws {
    let conversation = telling()
    conversation.advance(milliseconds: 900)
    conversation.hear(milliseconds: 200, voiced: true)
    let cut = try #require(truncations(conversation).first)
    let id = try #require(conversation.core.state.items.last { $0.isAssistantMessage }?.id)
    let heard = conversation.core.state.item(id)?.transcriptText
    conversation.clear()
    conversation.client(.conversationItemTruncate(itemID: id, contentIndex: 0, audioEndMilliseconds: end))
    #expect(conversation.errors == [])
    #expect(truncations(conversation) == [min(end, cut)])
    if end >= cut { #expect(conversation.core.state.item(id)?.transcriptText == heard) }
  }

  @Test("conversation.item.truncate of what is being played stops it there")
  func truncatePlaying() throws {
    let conversation = telling()
    conversation.advance(milliseconds: 900)
    let id = try #require(conversation.core.response?.message?.address.itemID)
    conversation.client(.conversationItemTruncate(itemID: id, contentIndex: 0, audioEndMilliseconds: 700))
    #expect(conversation.errors == [])
    #expect(conversation.playout.clears == 1)
    #expect(truncations(conversation).last == 700)
    #expect(SessionState(replaying: conversation.log) == conversation.core.state)
  }

  @Test("input_audio_buffer.append and binary frames are refused: the track is the caller's voice")
  func append() {
    let conversation = conversation()
    conversation.client(.inputAudioBufferAppend(audio: [0, 0]), eventID: "mine")
    #expect(conversation.errors.map(\.code) == ["unsupported_event"])
    #expect(conversation.errors.map(\.eventID) == ["mine"])
    conversation.give(.packet([0xF8, 0xFF, 0xFE]))
    #expect(conversation.errors.count == 2)
  }

  // MARK: The caller's voice

  @Test("silence that nobody decoded counts: positions are those of the track")
  func positions() {
    let conversation = conversation()
    conversation.hear(milliseconds: 2000, voiced: false)
    conversation.say("Hello.")
    let bounds = conversation.events.compactMap { event -> Int? in
      switch event {
      case .inputAudioBufferSpeechStarted(let start, _): start
      case .inputAudioBufferSpeechStopped(let end, _): end
      default: nil
      }
    }
    #expect(bounds == [1700, 3500])
  }

  @Test("a turn has its silence as sound, so that a recogniser hears time pass")
  func recogniserHearsSilence() {
    let conversation = conversation()
    conversation.say("Hello.")
    let samples = conversation.actions.reduce(0) { if case .feed(_, let audio) = $1 { $0 + audio.count } else { $0 } }
    #expect(samples == 16 * 1500)
  }

  @Test("conversation.item.retrieve gives back what either side said")
  func retrieve() throws {
    let conversation = telling(milliseconds: 500)
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 2000)
    for item in conversation.core.state.items {
      conversation.client(.conversationItemRetrieve(itemID: try #require(item.id)))
      guard case .conversationItemRetrieved(let item)? = conversation.events.last,
        case .message(_, let parts) = item.content
      else {
        Issue.record("not retrieved")
        return
      }
      switch parts.first {
      case .inputAudio(let audio, _): #expect(audio.map { abs($0.count / 48 - 1500) <= 1 } == true)
      case .outputAudio(_, let audio): #expect(audio?.count == 48_000)
      default: Issue.record("no audio")
      }
    }
  }

  @Test("without turn detection a client commits the newest of its track, and an idle track takes no memory")
  func manualTurns() {
    var limits = LimitSettings()
    limits.inputBufferSeconds = 10
    let conversation = Conversation(limits: limits, leg: .media)
    conversation.client(
      .sessionUpdate(.json(#"{"type":"realtime","audio":{"input":{"turn_detection":null}}}"#)))
    conversation.hear(milliseconds: 60_000, voiced: false)
    #expect(conversation.core.input.manual.isEmpty)
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.hear(milliseconds: 500, voiced: false)
    conversation.hear(milliseconds: 500, voiced: true)
    conversation.client(.inputAudioBufferCommit)
    let committed = conversation.actions.compactMap { if case .feed(_, let audio) = $0 { audio } else { nil } }
    #expect(committed.map(\.count) == [2000 * 16])
    conversation.clear()
    conversation.hear(milliseconds: 60_000, voiced: true)
    #expect(conversation.core.input.manual.count <= 12_500 * 16)
    conversation.client(.inputAudioBufferClear)
    conversation.hear(milliseconds: 200, voiced: true)
    conversation.client(.inputAudioBufferCommit)
    #expect(conversation.errors == [])
  }

  // MARK: A leg that comes and goes

  @Test("the agent greets once the leg carries sound")
  func greeting() {
    var agent = Agent.forTests
    agent.greeting = "Welcome."
    let conversation = Conversation(agent: agent, leg: .media, isConnected: false)
    conversation.advance(milliseconds: 10_000)
    #expect(conversation.speeches.isEmpty)
    conversation.connect()
    conversation.advance(milliseconds: 500)
    #expect(conversation.speeches.map(\.text) == ["Welcome."])
    conversation.loseMedia()
    conversation.connect()
    conversation.advance(milliseconds: 5000)
    #expect(conversation.speeches.count == 1)
  }

  @Test("what is said before the leg carries sound waits, and no more of it is made than a few seconds")
  func heldUntilConnected() {
    let conversation = Conversation(leg: .media, isConnected: false)
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("One two three four. Two three four five. Three four five six. Four five six seven.")
    for _ in 0..<4 { conversation.speak(milliseconds: 2000) }
    conversation.advance(milliseconds: 10_000)
    #expect(conversation.playout.enqueued == 0)
    #expect(conversation.speeches.count == 2)
    conversation.connect()
    conversation.advance(milliseconds: 20)
    #expect(conversation.types.contains("output_audio_buffer.started"))
    conversation.advance(milliseconds: 1500)
    #expect(conversation.speeches.count == 3)
  }

  @Test("a leg that is lost in mid-answer holds it, and what comes after is played without a word missing")
  func lostInAnswer() {
    let conversation = telling()
    conversation.advance(milliseconds: 600)
    conversation.loseMedia()
    let played = conversation.playout.played
    conversation.speak(milliseconds: 1000)
    conversation.advance(milliseconds: 8000)
    #expect(conversation.playout.played == played)
    #expect(!conversation.core.state.isEnded)
    conversation.connect()
    conversation.advance(milliseconds: 4000)
    #expect(conversation.playout.played == 3000 * 24)
    #expect(conversation.types.last == "output_audio_buffer.stopped")
    #expect(conversation.responses.last?.status == .completed)
  }

  @Test("idle_timeout_ms counts from the last sound that was played, and not while the leg is lost")
  func idleTimeout() {
    let conversation = conversation()
    conversation.client(
      .sessionUpdate(
        .json(#"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":5000}}}}"#)
      ))
    conversation.say("Hello.")
    conversation.answer("Hello to you.")
    conversation.speak(milliseconds: 1000)
    conversation.advance(milliseconds: 1000)
    conversation.loseMedia()
    conversation.advance(milliseconds: 60_000)
    #expect(!conversation.types.contains("input_audio_buffer.timeout_triggered"))
    conversation.connect()
    conversation.advance(milliseconds: 4900)
    #expect(!conversation.types.contains("input_audio_buffer.timeout_triggered"))
    conversation.advance(milliseconds: 200)
    #expect(conversation.types.contains("input_audio_buffer.timeout_triggered"))
  }

  // MARK: Forms of audio

  @Test("a synthesizer's Opus packets go out as they are, where the leg takes them", arguments: [true, false])
  func packets(takesPackets: Bool) throws {
    let conversation = Conversation(leg: .media, isConnected: false)
    conversation.connect(takesPackets: takesPackets)
    conversation.say("Hello.")
    conversation.answer("Hello to you.")
    let call = try #require(conversation.speeches.last?.call)
    let request = conversation.actions.compactMap { if case .speak(_, let request) = $0 { request } else { nil } }.last
    #expect(request?.acceptsOpus == takesPackets)
    let encoder = try OpusEncoder(sampleRate: 24_000, complexity: 0)
    let packet = try encoder.encode(Array(repeating: 100, count: 480))
    for _ in 0..<50 { conversation.give(.speech(call, .opus(packet))) }
    conversation.give(.speechEnded(call))
    conversation.advance(milliseconds: 2000)
    #expect(conversation.packets.count == (takesPackets ? 50 : 0))
    #expect(conversation.playout.played == (takesPackets ? 24_000 : 0))
  }

  @Test("an out-of-band response is in events alone: nobody hears it on the track")
  func outOfBand() throws {
    let conversation = conversation()
    var parameters = ResponseParameters()
    parameters.conversation = ResponseParameters.Conversation.none
    conversation.client(.responseCreate(parameters))
    conversation.answer("A summary.")
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 1000)
    #expect(conversation.playout.enqueued == 0)
    #expect(conversation.types.contains("response.output_audio.delta"))
    #expect(!conversation.types.contains { $0.hasPrefix("output_audio_buffer") })
    #expect(conversation.types.last == "response.done")
  }

  @Test("a playout that lost something says drained, and the conversation goes on")
  func drained() {
    let conversation = telling(milliseconds: 300)
    conversation.speak(milliseconds: 300)
    conversation.give(.played(samples: 480))
    conversation.give(.drained)
    conversation.advance(milliseconds: 20)
    conversation.give(.drained)
    #expect(conversation.types.last == "output_audio_buffer.stopped")
    // Too much is no more than all.
    conversation.give(.played(samples: .max))
    #expect(conversation.core.playout.ahead(at: conversation.now) == 0)
  }

  @Test("a WebSocket's session whose media leg is connected goes on over it")
  func fromSocket() {
    let conversation = Conversation()
    conversation.say("Hello.")
    conversation.answer("Hello to you.")
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 1000)
    #expect(conversation.types.contains("response.output_audio.delta"))
    conversation.clear()
    conversation.connect()
    conversation.say("Go on.")
    conversation.answer("There is no more.")
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 1000)
    #expect(!conversation.types.contains("response.output_audio.delta"))
    #expect(conversation.types.last == "output_audio_buffer.stopped")
    #expect(conversation.violations == [])
  }

  @Test("who hangs up in mid-answer has heard what was played")
  func hangUp() {
    let conversation = telling()
    conversation.advance(milliseconds: 1000)
    conversation.give(.disconnected)
    #expect(conversation.playout.clears == 1)
    #expect(conversation.core.state.items.last { $0.isAssistantMessage }?.transcriptText == "Once there")
    #expect(SessionState(replaying: conversation.log) == conversation.core.state)
  }

  @Test("the latency of an answer is told once, when it sounds")
  func latency() {
    let conversation = telling(milliseconds: 300)
    let stages = {
      conversation.actions.filter { if case .observe(.latency(.response, _)) = $0 { true } else { false } }
    }
    #expect(stages().isEmpty)
    conversation.advance(milliseconds: 1000)
    #expect(stages().count == 1)
  }

  // MARK: Phrases

  @Test("a phrase that was said before is played whole, and cut like any other voice")
  func phrase() throws {
    var agent = Agent.forTests
    agent.greeting = "Welcome to all of you."
    let conversation = Conversation(agent: agent, leg: .media)
    conversation.advance(milliseconds: 500)
    let call = try #require(
      conversation.actions.compactMap { if case .speakPhrase(let call, _) = $0 { call } else { nil } }.last)
    let key = PhraseKey(text: "", voice: "", speed: 1, format: PlayoutFormat(.opus))
    let voice = (0..<48_000).map { Int16(8000 * (Double($0) * 0.05).remainder(dividingBy: 1)) }
    let phrase = try #require(EncodedPhrase.encode(voice, for: key, complexity: 0))
    conversation.give(.phrase(call, phrase))
    #expect(conversation.playout.enqueued == 48_000)
    #expect(conversation.responses.last?.status == .completed)
    conversation.advance(milliseconds: 1000)
    conversation.hear(milliseconds: 200, voiced: true)
    #expect(truncations(conversation) == [conversation.playout.played / 24])
    let words = try #require(conversation.core.state.items.first?.transcriptText)
    #expect("Welcome to all of you.".hasPrefix(words) && words.count > 5 && words.count < 18)
    let id = try #require(conversation.core.state.items.first?.id)
    conversation.client(.conversationItemRetrieve(itemID: id))
    guard case .conversationItemRetrieved(let item)? = conversation.events.last,
      case .message(_, let parts) = item.content, case .outputAudio(_, let audio)? = parts.first
    else {
      Issue.record("not retrieved")
      return
    }
    #expect(audio.map { abs($0.count / 48 - conversation.playout.played / 24) <= 40 } == true)
    #expect(conversation.violations == [])
  }

  @Test("the rest of an answer that a noise cut off is no phrase: nobody will say it again")
  func restIsNoPhrase() {
    let conversation = telling()
    conversation.advance(milliseconds: 1000)
    conversation.hear(milliseconds: 200, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("")
    #expect(conversation.types.contains("viva.response.resumed"))
    #expect(!conversation.actions.contains { if case .speakPhrase = $0 { true } else { false } })
  }
}
