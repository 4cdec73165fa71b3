import Audio
import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// What sounded like an interruption held no words: the agent goes on, and no word is lost or said twice.
@Suite("After an interruption that was none", .onBothLegs)
struct FalseInterruptionTests {
  private static let texts = [
    "Once there was a king. He had a very large horse. The horse was called Bucephalus, and it was afraid of its shadow.",
    "Dr. Smith paid 3.5 million on Jan. 5th, e.g. for No. 7 of the Main St. houses. That is approx. 1,250 a day! Really?",
    "Well, yes — I think so… (He said: \"Go on.\") Then 1. open it; 2. close it. 50% of 20 is 10, isn't it? Mr. J. S. Bach did.",
    "Great! 👍🏽 Here is the list: 🍎 apples, 👩‍👩‍👧 family tickets, and 🇨🇭 chocolate. 🎉🎉 See you at 7:30 p.m. 😀",
    "今日は天気がいいですね。散歩に行きましょうか？はい、三時に駅で会いましょう。「楽しみです。」と彼女は言いました。",
    "你好，我是你的助手。今天是2026年11月27日，气温21度！你想知道什么？我可以帮你查询，也可以预订。",
    "Ça va\u{301} bien, naïve café. Ein Straßenkönig geht über die Brücke.\nNeue Zeile: *fett* und `code`.\r\n\r\nEnde gut.",
    "Word",
  ]

  /// Speaks whatever is asked for, 15 letters a second.
  private func speakAll(_ conversation: Conversation, _ spoken: inout Int) {
    while spoken < conversation.speeches.count {
      let (call, text) = conversation.speeches[spoken]
      spoken += 1
      let samples = max(2400, text.count * 1600)
      conversation.give(.speech(call, .pcm(Array(repeating: 6000, count: samples), sampleRate: 24_000)))
      conversation.give(.speechEnded(call))
    }
  }

  /// The model's whole answer, in tokens, to a request that is new.
  private func tell(_ text: String, _ conversation: Conversation, _ asked: inout Int, _ dice: inout SplitMix) {
    guard conversation.completions.count > asked, let call = conversation.completions.last?.call else { return }
    asked = conversation.completions.count
    var rest = Substring(text)
    while !rest.isEmpty {
      let token = rest.prefix(1 + dice.below(6))
      rest = rest.dropFirst(token.count)
      conversation.give(.completion(call, .text(String(token))))
    }
    conversation.give(.completion(call, .finished(.stop)))
  }

  private func hearOut(_ conversation: Conversation) {
    for _ in 0..<20 where conversation.core.response != nil {
      var spoken = conversation.speeches.count - 1
      speakAll(conversation, &spoken)
      conversation.advance(milliseconds: 3000)
    }
  }

  private func listen(_ conversation: Conversation, milliseconds: Int, _ spoken: inout Int) {
    for _ in 0..<milliseconds / 20 {
      speakAll(conversation, &spoken)
      conversation.advance(milliseconds: 20)
    }
    speakAll(conversation, &spoken)
  }

  private func said(_ conversation: Conversation) -> [String] {
    conversation.core.state.items.filter(\.isAssistantMessage).map { $0.transcriptText ?? "" }
  }

  @Test("what was heard and what is said after it are the answer, whatever it holds and wherever it was cut")
  func wordForWord() throws {
    for (number, text) in Self.texts.enumerated() {
      for seed in 0..<8 as Range<UInt64> {
        var dice = SplitMix(state: seed &* 31 &+ UInt64(number))
        let conversation = Conversation()
        var spoken = 0
        conversation.say("Tell me.")
        var asked = 0
        tell(text, conversation, &asked, &dice)
        // Some answers are cut more than once.
        for _ in 0...dice.below(3) where conversation.core.response != nil {
          listen(conversation, milliseconds: 20 * (1 + dice.below(150)), &spoken)
          conversation.hear(milliseconds: 20 * (6 + dice.below(20)), voiced: true)
          conversation.hear(milliseconds: 600, voiced: false)
          conversation.transcribe(["", "Mhm.", "Okay, yeah."][dice.below(3)])
          guard conversation.completions.count > asked else { continue }
          // Nothing had been heard of it, so the model is asked again; or all of it, and this is a new question.
          if said(conversation).allSatisfy({ Self.words($0).isEmpty }) {
            tell(text, conversation, &asked, &dice)
          } else {
            conversation.client(.responseCancel(responseID: nil))
          }
        }
        hearOut(conversation)
        let isOver = conversation.core.response == nil
        #expect(isOver)
        let pieces = said(conversation)
        let isWhole = Self.words(pieces.joined()) == Self.words(text)
        #expect(isWhole, "seed \(seed): \(pieces) of \(text)")
        #expect(conversation.violations == [])
      }
    }
  }

  /// White space at the seams is nobody's word; neither are marks that nobody can say.
  private static func words(_ text: String) -> [Character] {
    text.filter { $0.isLetter || $0.isNumber }
  }

  // MARK: A story that is being told

  private static let story = "Once there was a king. He had a very large horse. It was called Bucephalus."

  private func interrupted(
    _ agent: Agent = .forTests, isWhole: Bool = true, then: (Conversation) -> Void = { _ in }
  ) -> Conversation {
    let conversation = Conversation(agent: agent)
    conversation.say("Tell me a story.")
    if isWhole {
      conversation.answer(Self.story)
    } else if let call = conversation.completions.last?.call {
      conversation.give(.completion(call, .text("Once there was a king. He had a very large horse. It was ca")))
    }
    conversation.speak(milliseconds: 2000)
    conversation.speak(milliseconds: 2000)
    conversation.speak(milliseconds: 2000)
    conversation.advance(milliseconds: 2500)
    conversation.hear(milliseconds: 300, voiced: true)
    then(conversation)
    return conversation
  }

  private func endsWithNoise(_ conversation: Conversation, hearing transcript: String = "") {
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe(transcript)
    conversation.advance(milliseconds: 3000)
  }

  private func resumptions(_ conversation: Conversation) -> Int {
    conversation.types.count { $0 == "viva.response.resumed" }
  }

  @Test("the agent goes on in a response of its own")
  func resumes() {
    let conversation = interrupted()
    endsWithNoise(conversation)
    #expect(resumptions(conversation) == 1)
    #expect(conversation.completions.count == 1)
    #expect(conversation.responses.first?.statusDetails?.reason == "turn_detected")
  }

  @Test("but not after words")
  func words() {
    let conversation = interrupted()
    endsWithNoise(conversation, hearing: "Stop, please.")
    #expect(resumptions(conversation) == 0)
    #expect(conversation.completions.last?.request.messages.last == .user("Stop, please."))
  }

  @Test("but not after words that came in a turn before the noise, however late they are understood")
  func lateWords() throws {
    let conversation = interrupted()
    conversation.hear(milliseconds: 600, voiced: false)
    let first = try #require(conversation.recognitions.last)
    conversation.hear(milliseconds: 300, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("")
    #expect(resumptions(conversation) == 0)
    conversation.give(.recognition(first, .final(Transcript(text: "Stop, please."))))
    #expect(resumptions(conversation) == 0)
    #expect(conversation.completions.count == 2)
  }

  @Test("and never while the user speaks again")
  func secondTurn() throws {
    let conversation = interrupted()
    conversation.hear(milliseconds: 600, voiced: false)
    let first = try #require(conversation.recognitions.last)
    conversation.hear(milliseconds: 300, voiced: true)
    conversation.give(.recognition(first, .final(Transcript(text: ""))))
    #expect(resumptions(conversation) == 0)
    endsWithNoise(conversation)
    #expect(resumptions(conversation) == 1)
  }

  @Test("but not after session.update, which may forbid what was being said")
  func sessionUpdate() {
    let conversation = interrupted()
    conversation.client(.sessionUpdate(.json(#"{"type":"realtime","instructions":"Tell no stories."}"#)))
    endsWithNoise(conversation)
    #expect(resumptions(conversation) == 0)
    let same = interrupted()
    same.client(.sessionUpdate(.json(#"{"type":"realtime","instructions":"Be brief."}"#)))
    endsWithNoise(same)
    #expect(resumptions(same) == 1, "an update that changes nothing")
  }

  @Test("but not when the client deletes the answer, or the turn that cut it off")
  func deleted() throws {
    let answer = interrupted()
    let id = try #require(answer.core.state.items.last { $0.isAssistantMessage }?.id)
    answer.client(.conversationItemDelete(itemID: id))
    endsWithNoise(answer)
    #expect(resumptions(answer) == 0)

    let turn = interrupted()
    turn.hear(milliseconds: 600, voiced: false)
    turn.client(.conversationItemDelete(itemID: try #require(turn.core.state.items.last?.id)))
    turn.say("")
    #expect(resumptions(turn) == 0, "and no later cough brings it back")
  }

  @Test("but not when the client asks for something else, or clears its audio")
  func clientDecides() {
    let asked = interrupted { $0.client(.responseCreate(ResponseParameters())) }
    endsWithNoise(asked)
    #expect(resumptions(asked) == 0)
    let cleared = interrupted { $0.client(.inputAudioBufferClear) }
    cleared.say("")
    #expect(resumptions(cleared) == 0)
  }

  @Test("but not when a tool has brought news: the agent tells those instead")
  func toolNews() throws {
    var agent = Agent.forTests
    agent.tools = [HTTPTool(name: "look_up", url: "http://tools.test/look_up")]
    let conversation = Conversation(agent: agent)
    conversation.say("What is the weather?")
    let call = try #require(conversation.completions.last?.call)
    conversation.give(.completion(call, .text("Let me look that up for you right now. ")))
    conversation.give(.completion(call, .toolCallStarted(index: 0, callID: "call_1", name: "look_up")))
    conversation.give(.completion(call, .finished(.toolCalls)))
    conversation.speak(milliseconds: 3000)
    conversation.advance(milliseconds: 1000)
    conversation.hear(milliseconds: 300, voiced: true)
    let tool = conversation.actions.compactMap { if case .callTool(let call, _) = $0 { call } else { nil } }
    conversation.give(.toolReturned(try #require(tool.last), .output("sunny")))
    endsWithNoise(conversation)
    #expect(resumptions(conversation) == 0)
    #expect(conversation.completions.count == 2)
  }

  @Test("but not at the end of the answer, when all of it was heard")
  func nothingLeft() {
    let conversation = Conversation()
    conversation.say("Tell me a story.")
    conversation.answer("Once there was a king.")
    guard let call = conversation.speeches.last?.call else { return }
    let voice = Array(repeating: Int16(6000), count: 48_000)
    // The voice ends in half a second of silence, into which the cough falls.
    conversation.give(.speech(call, .pcm(voice + Array(repeating: 0, count: 12_000), sampleRate: 24_000)))
    conversation.give(.speechEnded(call))
    conversation.advance(milliseconds: 2150)
    conversation.hear(milliseconds: 200, voiced: true)
    endsWithNoise(conversation)
    #expect(conversation.types.contains("conversation.item.truncated"))
    #expect(resumptions(conversation) == 0)
    #expect(said(conversation) == ["Once there was a king."])
  }

  @Test("but not where the agent's file says no, or nothing is to be answered by itself")
  func switchedOff() {
    var agent = Agent.forTests
    agent.interruptions.resume = false
    let off = interrupted(agent)
    endsWithNoise(off)
    #expect(resumptions(off) == 0)

    let silent = Conversation()
    silent.client(
      .sessionUpdate(
        .json(
          #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","create_response":false}}}}"#)))
    silent.client(.responseCreate(ResponseParameters()))
    silent.answer(Self.story)
    silent.speak(milliseconds: 2000)
    silent.advance(milliseconds: 1000)
    silent.hear(milliseconds: 300, voiced: true)
    endsWithNoise(silent)
    #expect(resumptions(silent) == 0)
  }

  @Test("from where the client says that its player stopped")
  func clientTruncates() throws {
    let conversation = interrupted()
    let id = try #require(conversation.core.state.items.last { $0.isAssistantMessage }?.id)
    // The player was behind: nothing of the second sentence had been heard.
    conversation.client(.conversationItemTruncate(itemID: id, contentIndex: 0, audioEndMilliseconds: 2000))
    endsWithNoise(conversation)
    hearOut(conversation)
    #expect(said(conversation).first == "Once there was a king.")
    #expect(Self.words(said(conversation).joined()) == Self.words(Self.story))
  }

  @Test("to the end of the last whole sentence, when the model was stopped in the next one")
  func modelStopped() {
    let conversation = interrupted(isWhole: false)
    endsWithNoise(conversation)
    #expect(resumptions(conversation) == 1)
    hearOut(conversation)
    let told = Self.words(said(conversation).joined())
    #expect(told == Self.words("Once there was a king. He had a very large horse."))
  }

  @Test("by asking the model again, when it was stopped in its first sentence")
  func modelStoppedAtOnce() throws {
    let conversation = Conversation()
    conversation.say("Tell me a story.")
    let call = try #require(conversation.completions.last?.call)
    conversation.give(.completion(call, .text("Once, a long time ago, there was a ")))
    conversation.speak(milliseconds: 1500)
    conversation.advance(milliseconds: 1000)
    conversation.hear(milliseconds: 300, voiced: true)
    endsWithNoise(conversation)
    #expect(conversation.completions.count == 2)
    guard case .system(let instructions)? = conversation.completions.last?.request.messages.first else { return }
    #expect(instructions.contains("Go on"))
  }

  @Test("first with what was being played, then with what waited behind it")
  func twoAnswers() {
    let conversation = Conversation()
    conversation.client(.sessionUpdate(.json(#"{"type":"realtime","instructions":"Two."}"#)))
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("One two three four five six seven eight.")
    conversation.speak(milliseconds: 1000)
    conversation.advance(milliseconds: 650)
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("Nine ten.")
    conversation.speak(milliseconds: 1000)
    conversation.hear(milliseconds: 120, voiced: true)
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("")
    hearOut(conversation)
    let told = Self.words(said(conversation).joined())
    #expect(told == Self.words("One two three four five six seven eight. Nine ten."))
  }

  @Test("in the format and the voice of the answer that was cut off")
  func sameSound() throws {
    let conversation = Conversation()
    var parameters = ResponseParameters()
    parameters.modality = .audio
    parameters.outputFormat = .pcmu
    parameters.voice = "other"
    conversation.client(.sessionUpdate(.textOnly))
    conversation.client(.responseCreate(parameters))
    conversation.answer(Self.story)
    conversation.speak(milliseconds: 2000)
    conversation.advance(milliseconds: 1000)
    conversation.hear(milliseconds: 300, voiced: true)
    endsWithNoise(conversation)
    let created = conversation.events.compactMap {
      if case .responseCreated(let response) = $0 { response } else { nil }
    }
    #expect(created.last?.audio?.format == .pcmu)
    #expect(created.last?.audio?.voice == "other")
    #expect(created.last?.outputModalities == [.audio])
  }

  @Test("while the noise still sounds, once a recogniser that streams has had no word for long enough")
  func noiseGoesOn() throws {
    let conversation = Conversation()
    conversation.hear(milliseconds: 1000, voiced: true)
    conversation.give(.recognition(try #require(conversation.recognitions.last), .partial("Tell me")))
    conversation.hear(milliseconds: 600, voiced: false)
    conversation.transcribe("Tell me a story.")
    conversation.answer(Self.story)
    conversation.speak(milliseconds: 2000)
    conversation.advance(milliseconds: 1000)
    conversation.hear(milliseconds: 1900, voiced: true)
    #expect(resumptions(conversation) == 0)
    conversation.hear(milliseconds: 400, voiced: true)
    #expect(resumptions(conversation) == 1)
    // It was somebody speaking after all.
    conversation.give(.recognition(try #require(conversation.recognitions.last), .partial("No, stop it")))
    #expect(conversation.responses.map(\.status) == [.cancelled, .cancelled])
    endsWithNoise(conversation, hearing: "No, stop it.")
    #expect(resumptions(conversation) == 1)
    #expect(conversation.completions.count == 2)
  }
}
