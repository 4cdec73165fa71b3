import Runtime
import Testing

@testable import VivaTesting

@Suite("What a bot hears in a call")
struct CallEarTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  /// Packets of 20 ms that come at `times`, in ms; nil is lost.
  private func figures(_ times: [Int?]) -> CallFigures {
    var stream = AgentStream(clockRate: 48_000)
    var figures = CallFigures()
    for (number, time) in times.enumerated() {
      guard let time else { continue }
      stream.received(
        index: Int64(number), timestamp: UInt32(number * 960) &- 2000, marker: number == 0,
        at: start + .milliseconds(time), into: &figures)
    }
    return figures
  }

  @Test("is whole while packets come within 20 ms of their time")
  func steady() {
    let figures = figures([0, 20, 55, 60, 80, 100])
    #expect(figures.voicePackets == 6)
    #expect(figures.latePackets == 0)
    #expect(figures.concealed == .zero)
    #expect(figures.spoken == .milliseconds(120))
    #expect(figures.gaps.count == 5)
    #expect(figures.gaps.quantile(0.5) == 20)
    #expect(figures.gaps.longest == .milliseconds(35))
    #expect(figures.gaps.count(from: 30) == 1)
  }

  @Test("has holes where a packet is late or lost, and is behind by what was made up")
  func holes() {
    let late = figures([0, 20, 90, 110, 130])
    #expect(late.latePackets == 1)
    #expect(late.concealed == .milliseconds(30))
    let lost = figures([0, 20, nil, 60, 80])
    #expect(lost.latePackets == 0)
    #expect(lost.concealed == .milliseconds(20))
    #expect(lost.gaps.count == 2)
  }

  @Test("is not lost when it comes late")
  func losses() {
    var stream = AgentStream(clockRate: 48_000)
    var figures = CallFigures()
    for index in [5, 6, 9, 8] as [Int64] { stream.count(index, into: &figures) }
    #expect(figures.packetsReceived == 4)
    #expect(figures.packetsLost == 1)
  }

  @Test("is not a hole where the agent says nothing")
  func pause() {
    var stream = AgentStream(clockRate: 48_000)
    var figures = CallFigures()
    stream.received(index: 1, timestamp: 0, marker: true, at: start, into: &figures)
    stream.received(
      index: 2, timestamp: 96_000, marker: true, at: start + .milliseconds(2030), into: &figures)
    #expect(figures.gaps.count == 0 && figures.concealed == .zero && figures.latePackets == 0)
  }

  @Test("is an answer with its first packet, and its end comes as an event")
  func answer() {
    var report = BotReport()
    var ear = CallEar(clockRate: 48_000, at: start)
    #expect(!ear.isSilent(at: start + .seconds(1)))
    ear.heard(.joined, at: start, into: &report)
    #expect(ear.isSilent(at: start + .seconds(1)))
    ear.finishedSpeaking(lastVoiced: start + .seconds(1))
    ear.heard(.responseBegan, at: start + .seconds(2), into: &report)
    ear.heard(index: 1, timestamp: 0, marker: true, at: start + .seconds(2), into: &report)
    ear.heard(.playing(true), at: start + .seconds(2), into: &report)
    ear.heard(.responseDone(status: "completed"), at: start + .seconds(2), into: &report)
    #expect(report.responseLatencies == [.seconds(1)])
    #expect(!ear.isSilent(at: start + .seconds(5)))
    ear.heard(.playing(false), at: start + .seconds(5), into: &report)
    #expect(ear.isSilent(at: start + .milliseconds(5300)))
    #expect(ear.answers == 1 && report.responses == ["completed": 1] && report.errors.isEmpty)
  }

  @Test("is an error when no answer comes, or none ends")
  func overdue() {
    var report = BotReport()
    var ear = CallEar(clockRate: 48_000, at: start)
    ear.overdue(at: start + .seconds(21), into: &report)
    ear.heard(.joined, at: start, into: &report)
    ear.finishedSpeaking(lastVoiced: start)
    ear.overdue(at: start + .seconds(22), into: &report)
    ear.heard(.playing(true), at: start + .seconds(30), into: &report)
    ear.overdue(at: start + .seconds(51), into: &report)
    #expect(
      report.errors == [
        "no session.created within 20 s": 1, "no answer within 20 s": 1, "no end of an answer within 20 s": 1,
      ])
  }

  @Test("is read off events only as far as it has to be")
  func events() {
    func event(_ text: String) -> CallEvent? { CallEvent(Array(text.utf8)) }
    #expect(event(#"{"type":"session.created","session":{}}"#) == .joined)
    let nested = #"{"item":{"type":"error","a":["}\""]},"event_id":"\\","type":"response.created"}"#
    #expect(event(nested) == .responseBegan)
    #expect(event(#"{"type":"output_audio_buffer.started"}"#) == .playing(true))
    #expect(event(#"{"type":"output_audio_buffer.cleared"}"#) == .playing(false))
    #expect(event(#"{"type":"response.output_audio_transcript.delta","delta":"#) == nil)
    #expect(event("{}") == .failed("not an event"))
    #expect(
      event(#"{"type":"error","error":{"type":"t","code":"c","message":"m"}}"#) == .failed("error event: c"))
  }
}
