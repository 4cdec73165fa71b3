import Realtime
import Runtime
import Testing

@testable import VivaTesting

@Suite("What a bot hears")
struct BotEarTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func delta(bytes: Int) -> [UInt8] {
    ServerEvent.responseOutputAudioDelta(
      ContentAddress(responseID: "resp_1", itemID: "item_1", outputIndex: 0, contentIndex: 0),
      audio: [UInt8](repeating: 1, count: bytes)
    ).encoded(eventID: "event_1")
  }

  @Test("is measured in milliseconds, whatever the format", arguments: [(AudioFormat.pcm, 48), (.pcmu, 8), (.pcma, 8)])
  func audio(format: AudioFormat, bytesPerMillisecond: Int) {
    var ear = BotEar(format, at: start)
    for milliseconds in [100, 99, 98] {
      let findings = ear.heard(text: delta(bytes: milliseconds * bytesPerMillisecond), at: start)
      guard case .heard(milliseconds, _) = findings.first else {
        Issue.record("\(findings)")
        continue
      }
    }
  }

  @Test("is how far ahead of its playing time audio comes, and how soon after the question")
  func latency() {
    var ear = BotEar(.pcm, at: start)
    _ = ear.heard(text: Array(#"{"type":"session.updated","session":{"id":"s"}}"#.utf8), at: start)
    #expect(ear.isSilent(at: start))
    ear.finishedSpeaking(lastVoiced: start)
    #expect(!ear.isSilent(at: start))
    let first = start + .milliseconds(700)
    #expect(
      ear.heard(text: delta(bytes: 4800), at: first)
        == [.heard(milliseconds: 100, ahead: .zero), .answered(after: .milliseconds(700))])
    #expect(
      ear.heard(text: delta(bytes: 4800), at: first + .milliseconds(20))
        == [.heard(milliseconds: 100, ahead: .milliseconds(80))])
    #expect(!ear.isSilent(at: first + .milliseconds(100)))
    #expect(ear.isSilent(at: first + .milliseconds(201)))
  }

  @Test("is an error when it is no answer, none in time, or in the wrong form")
  func errors() {
    var ear = BotEar(.opus, at: start)
    #expect(ear.overdue(at: start + .seconds(19)) == [])
    #expect(ear.overdue(at: start + .seconds(21)) == [.failed("no session.updated within 20 s")])
    #expect(ear.overdue(at: start + .seconds(22)) == [])
    _ = ear.heard(text: Array(#"{"type":"session.updated","session":{"id":"s"}}"#.utf8), at: start)
    ear.finishedSpeaking(lastVoiced: start)
    #expect(ear.overdue(at: start + .seconds(21)) == [.failed("no answer within 20 s")])
    #expect(ear.heard(text: [0x7B], at: start) == [.failed("not an event")])
    #expect(ear.heard(text: delta(bytes: 480), at: start) == [.failed("an audio delta in a session of audio/opus")])
    #expect(ear.heard(packet: [], at: start) == [.failed("not an Opus packet")])
    #expect(
      ear.heard(text: Array(#"{"type":"error","error":{"type":"t","code":"c","message":"m"}}"#.utf8), at: start)
        == [.failed("error event: c")])
  }
}
