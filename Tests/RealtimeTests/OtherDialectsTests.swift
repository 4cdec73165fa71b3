import Testing

@testable import Realtime

@Suite struct OtherDialectsTests {
  @Test(arguments: [
    (#"{"modalities":["text","audio"]}"#, "modalities", "output_modalities"),
    (#"{"voice":"alloy"}"#, "voice", "audio.output.voice"), (#"{"speed":1}"#, "speed", "audio.output.speed"),
    (#"{"input_audio_format":"pcm16"}"#, "input_audio_format", "audio.input.format"),
    (#"{"output_audio_format":"pcm16"}"#, "output_audio_format", "audio.output.format"),
    (
      #"{"input_audio_transcription":{"model":"whisper-1"}}"#, "input_audio_transcription", "audio.input.transcription"
    ),
    (#"{"input_audio_noise_reduction":null}"#, "input_audio_noise_reduction", "audio.input.noise_reduction"),
    (#"{"turn_detection":null}"#, "turn_detection", "audio.input.turn_detection"),
    (#"{"max_response_output_tokens":"inf"}"#, "max_response_output_tokens", "max_output_tokens"),
  ])
  func theBetasFieldsOfASessionNameTheirNewPlace(session: String, field: String, place: String) {
    let error = refusal(#"{"type":"session.update","event_id":"e","session":\#(session)}"#)
    #expect(error?.code == "unknown_parameter" && error?.param == "session.\(field)" && error?.eventID == "e")
    #expect(error?.message == "session.\(field) is now session.\(place).")
  }

  @Test(arguments: [
    (#"{"modalities":["text"]}"#, "modalities", "output_modalities"),
    (#"{"voice":"alloy"}"#, "voice", "audio.output.voice"),
    (#"{"output_audio_format":"pcm16"}"#, "output_audio_format", "audio.output.format"),
    (#"{"max_response_output_tokens":1}"#, "max_response_output_tokens", "max_output_tokens"),
  ])
  func theBetasFieldsOfAResponseNameTheirNewPlace(response: String, field: String, place: String) {
    let error = refusal(#"{"type":"response.create","response":\#(response)}"#)
    #expect(error?.code == "unknown_parameter" && error?.param == "response.\(field)")
    #expect(error?.message == "response.\(field) is now response.\(place).")
  }

  @Test func theTemperatureIsGone() {
    for (type, object) in [("session.update", "session"), ("response.create", "response")] {
      let error = refusal(#"{"type":"\#(type)","\#(object)":{"temperature":0.8}}"#)
      #expect(error?.code == "unknown_parameter" && error?.param == "\(object).temperature")
    }
  }

  @Test func fieldsThatNoDialectKnowsAreIgnored() throws {
    #expect(
      try decode(#"{"type":"session.update","session":{"colour":"red","audio":{"input":{"voice":1}}}}"#)
        == ClientEvent(.sessionUpdate(SessionPatch())))
  }

  @Test(arguments: [
    ("session.input_audio_buffer.append", "'input_audio_buffer.append'"), ("session.close", "Close the WebSocket"),
    ("transcription_session.update", "'session.update'"), ("response.audio.delta", "'response.output_audio.delta'"),
    ("response.audio_transcript.done", "'response.output_audio_transcript.done'"),
    ("response.mcp_call_arguments.delta", "'function'"), ("mcp_list_tools.completed", "'function'"),
  ])
  func eventsOfOtherDialectsNameTheirRemedy(type: String, remedy: String) {
    let error = refusal(#"{"type":"\#(type)","event_id":"e","audio":"AAE="}"#)
    #expect(error?.code == "unsupported_value" && error?.param == "type" && error?.eventID == "e")
    #expect(error?.message.contains(remedy) == true, "\(error?.message ?? "")")
  }
}
