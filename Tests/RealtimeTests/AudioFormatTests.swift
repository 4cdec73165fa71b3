import Testing

@testable import Realtime

@Suite struct AudioFormatTests {
  private func format(_ json: String) throws(RealtimeError) -> AudioFormat? {
    let event = try decode(#"{"type":"session.update","session":{"audio":{"input":{"format":\#(json)}}}}"#)
    guard case .sessionUpdate(let patch) = event.body else { return nil }
    return patch.inputFormat
  }

  @Test(arguments: [
    (#"{"type":"audio/pcm"}"#, AudioFormat.pcm), (#"{"type":"audio/pcm","rate":24000}"#, .pcm),
    (#"{"type":"audio/pcm","rate":null}"#, .pcm), (#"{"type":"audio/pcmu"}"#, .pcmu),
    (#"{"type":"audio/pcmu","rate":8000}"#, .pcmu), (#"{"type":"audio/pcma"}"#, .pcma),
    (#"{"type":"audio/opus"}"#, .opus), (#"{"type":"audio/opus","rate":48000}"#, .opus),
  ])
  func readsEveryFormat(json: String, expected: AudioFormat) throws {
    #expect(try format(json) == expected)
  }

  @Test(arguments: zip(AudioFormat.allCases, ["audio/pcm", "audio/pcmu", "audio/pcma", "audio/opus"]))
  func writesItsNameAndPCMItsRate(format: AudioFormat, name: String) throws {
    #expect(format.name == name)
    var expected: [String: JSONValue] = ["type": .string(name)]
    if format == .pcm { expected["rate"] = .integer(24_000) }
    #expect(try parse(RealtimeJSON.encode(format)) == .object(expected))
  }

  @Test func namesAllFormatsForAnUnknownOne() {
    let error = #expect(throws: RealtimeError.self) { try format(#"{"type":"audio/mp3"}"#) }
    for format in AudioFormat.allCases { #expect(error?.message.contains("'\(format.name)'") == true) }
  }

  @Test("the beta's formats were strings: the error shows an object")
  func showsAnObjectForAString() {
    let error = #expect(throws: RealtimeError.self) { try format(#""g711_ulaw""#) }
    #expect(error?.code == "invalid_type" && error?.param == "session.audio.input.format")
    #expect(error?.message.contains(#"{"type":"audio/pcm","rate":24000}"#) == true)
  }
}
