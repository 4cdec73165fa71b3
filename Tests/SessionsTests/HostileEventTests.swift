import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// Any number in any field of any event: an error that says which, or none, and the session lives on.
@Suite("Whatever a client puts into an event")
struct HostileEventTests {
  private static let numbers = [
    "-1", "0", "-0", "1", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "99999999999999999999999999", "1e308", "-1e308", "1e400", "1e-400", "0.5", "1.0", "4096", "4097", "2147483648",
    #""NaN""#, #""Infinity""#, #""1""#, "true", "null", "[]", "{}", #""inf""#,
  ]

  private static let fields = [
    #"{"type":"session.update","session":{"audio":{"input":{"turn_detection":{"type":"server_vad","threshold":N}}}}}"#,
    #"{"type":"session.update","session":{"audio":{"input":{"turn_detection":{"type":"server_vad","prefix_padding_ms":N}}}}}"#,
    #"{"type":"session.update","session":{"audio":{"input":{"turn_detection":{"type":"server_vad","silence_duration_ms":N}}}}}"#,
    #"{"type":"session.update","session":{"audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":N}}}}}"#,
    #"{"type":"session.update","session":{"audio":{"input":{"noise_reduction":{"type":"near_field","strength":N}}}}}"#,
    #"{"type":"session.update","session":{"audio":{"input":{"format":{"type":"audio/pcm","rate":N}}}}}"#,
    #"{"type":"session.update","session":{"audio":{"output":{"format":{"type":"audio/pcmu","rate":N}}}}}"#,
    #"{"type":"session.update","session":{"audio":{"output":{"speed":N}}}}"#,
    #"{"type":"session.update","session":{"max_output_tokens":N}}"#,
    #"{"type":"session.update","session":{"truncation":{"type":"retention_ratio","retention_ratio":N}}}"#,
    #"{"type":"session.update","session":{"truncation":{"type":"retention_ratio","retention_ratio":0.5,"token_limits":{"post_instructions":N}}}}"#,
    #"{"type":"session.update","session":{"tools":[{"type":"function","name":"f","parameters":{"type":"object","maximum":N}}]}}"#,
    #"{"type":"session.update","session":{"tracing":{"metadata":N}}}"#,
    #"{"type":"response.create","response":{"conversation":"none","output_modalities":["text"],"max_output_tokens":N}}"#,
    #"{"type":"response.create","response":{"conversation":"none","output_modalities":["text"],"metadata":{"a":N}}}"#,
    #"{"type":"conversation.item.truncate","item_id":"ITEM","content_index":N,"audio_end_ms":0}"#,
    #"{"type":"conversation.item.truncate","item_id":"ITEM","content_index":0,"audio_end_ms":N}"#,
    #"{"type":"conversation.item.retrieve","item_id":N}"#,
    #"{"type":"conversation.item.create","previous_item_id":N,"item":{"type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}}"#,
    #"{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"c","output":N}}"#,
    #"{"type":"input_audio_buffer.append","audio":N}"#,
    #"{"type":"response.cancel","response_id":N}"#,
  ]

  /// What a connection does with a text message.
  private func send(_ json: String, _ conversation: Conversation) {
    conversation.give(Session.decode(Array(json.utf8)))
  }

  @Test("is answered with an error that names the event and the field, or taken", arguments: fields)
  func numbers(field: String) throws {
    let conversation = Conversation()
    conversation.say("Hello.")
    conversation.answer("Hi there.")
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 600)
    let item = try #require(conversation.core.state.items.last?.id)
    for (index, number) in Self.numbers.enumerated() {
      conversation.clear()
      let json = field.replacing("ITEM", with: item).replacing("N}", with: "\(number)}").replacing(
        "N,", with: "\(number),")
      send(json.dropLast() + #","event_id":"e\#(index)"}"#, conversation)
      for error in conversation.errors {
        #expect(error.type == "invalid_request_error" && error.code != nil && !error.message.isEmpty)
        // A number that no JSON reader holds breaks the message as a whole.
        if error.code != "invalid_json" { #expect(error.eventID == "e\(index)", "\(json): \(error)") }
      }
      for response in conversation.core.outOfBand { conversation.client(.responseCancel(responseID: response.id)) }
      conversation.advance(milliseconds: 100)
    }
    // Whatever was taken, it is a session that works.
    conversation.client(
      .sessionUpdate(
        .json(
          #"{"audio":{"input":{"turn_detection":{"type":"server_vad","threshold":0.5,"silence_duration_ms":500,"prefix_padding_ms":300},"format":{"type":"audio/pcm"}}}}"#
        )))
    conversation.clear()
    conversation.say("Still there?")
    conversation.answer("Yes.")
    conversation.speak(milliseconds: 500)
    conversation.advance(milliseconds: 4000)
    #expect(conversation.responses.last?.status == .completed)
    #expect(conversation.violations == [])
  }

  @Test(
    "that cannot be done is answered with its event_id",
    arguments: [
      #"{"type":"session.update","session":{"model":"other"}}"#,
      #"{"type":"session.update","session":{"type":"transcription"}}"#,
      #"{"type":"session.update"}"#, #"{"type":"input_audio_buffer.append","audio":"AAAA"}"#,
      #"{"type":"input_audio_buffer.append"}"#, #"{"type":"input_audio_buffer.commit"}"#,
      #"{"type":"output_audio_buffer.clear"}"#,
      #"{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"none","output":""}}"#,
      #"{"type":"conversation.item.create","previous_item_id":"none","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}}"#,
      #"{"type":"conversation.item.create","item":{"id":"root","type":"message","role":"user","content":[{"type":"input_text","text":"x"}]}}"#,
      #"{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_image"}]}}"#,
      #"{"type":"conversation.item.retrieve","item_id":"none"}"#,
      #"{"type":"conversation.item.truncate","item_id":"none","content_index":0,"audio_end_ms":0}"#,
      #"{"type":"conversation.item.delete","item_id":"none"}"#,
      #"{"type":"response.create","response":{"input":[{"type":"item_reference","id":"none"}]}}"#,
      #"{"type":"response.create","response":{"modalities":["text"]}}"#,
      #"{"type":"response.cancel"}"#, #"{"type":"response.cancel","response_id":"none"}"#,
      #"{"type":"no.such.event"}"#, #"{"type":7}"#, #"{"x":1}"#,
    ])
  func echo(json: String) {
    let conversation = Conversation()
    send(json.dropLast() + #","event_id":"event_mine"}"#, conversation)
    #expect(conversation.errors.map(\.eventID) == ["event_mine"])
    #expect(conversation.errors.allSatisfy { $0.type == "invalid_request_error" && $0.code != nil })
    send(json, conversation)
    #expect(conversation.errors.last?.eventID == nil && conversation.errors.count == 2)
  }

  @Test("does not cost the agent its greeting, when nothing came of it")
  func greeting() {
    var agent = Agent.forTests
    agent.greeting = "Welcome."
    let conversation = Conversation(agent: agent)
    conversation.client(
      .conversationItemCreate(
        item: .message(id: nil, role: .user, parts: [.inputText("x")]), previousItemID: "item_none"))
    var parameters = ResponseParameters()
    parameters.input = [.reference(itemID: "item_none")]
    conversation.client(.responseCreate(parameters))
    #expect(conversation.errors.count == 2)
    conversation.advance(milliseconds: 600)
    #expect(conversation.speeches.map(\.text) == ["Welcome."])
  }

  @Test("takes no id that a turn has which is being spoken")
  func stolenID() throws {
    let conversation = Conversation()
    conversation.hear(milliseconds: 300, voiced: true)
    let started = conversation.events.compactMap {
      if case .inputAudioBufferSpeechStarted(_, let id) = $0 { id } else { nil }
    }
    let id = try #require(started.first)
    conversation.client(
      .conversationItemCreate(item: .message(id: id, role: .user, parts: [.inputText("x")]), previousItemID: nil))
    #expect(conversation.errors.map(\.code) == ["item_create_invalid_item_id"])
    conversation.hear(milliseconds: 600, voiced: false)
    #expect(conversation.core.state.items.count == 1)
    #expect(conversation.violations == [])
  }

  @Test("as audio is bounded, in the buffer, in an item and in what waits to be transcribed")
  func audioBounds() throws {
    var limits = LimitSettings()
    limits.inputBufferSeconds = 2
    limits.turnSeconds = 1
    let conversation = Conversation(limits: limits)
    conversation.client(.sessionUpdate(.turnDetectionOff))
    let second = [UInt8](repeating: 0, count: 48_000)
    for _ in 0..<2 { conversation.client(.inputAudioBufferAppend(audio: second)) }
    #expect(conversation.errors.isEmpty, "two seconds are allowed")
    conversation.client(.inputAudioBufferAppend(audio: Array(second.prefix(960))))
    #expect(conversation.errors.map(\.code) == ["input_audio_buffer_full"])
    #expect(conversation.core.input.manual.isEmpty)

    func item(_ audio: [UInt8]) -> ClientEvent.Body {
      .conversationItemCreate(
        item: .message(id: nil, role: .user, parts: [.inputAudio(audio: audio, transcript: nil)]), previousItemID: nil)
    }
    conversation.client(item(second + second + second), eventID: "long")
    #expect(conversation.errors.last?.eventID == "long" && conversation.errors.last?.param == "item.content")
    let before = conversation.core.state.items.count
    for _ in 0..<10 { conversation.client(item(second)) }
    #expect(conversation.core.state.items.count == before + 10)
    let waiting = conversation.core.turns.reduce(0) { $0 + $1.audio.count }
    #expect(waiting <= 2 * 16_000)
    #expect(conversation.types.contains("conversation.item.input_audio_transcription.failed"))
  }
}
