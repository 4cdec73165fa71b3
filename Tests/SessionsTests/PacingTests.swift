import Audio
import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// What of the agent's voice waits at the client, by the client's own reckoning.
@Suite("The agent's voice on its way")
struct PacingTests {
  /// Plays what comes, and keeps the most that waited.
  private final class Player {
    var position = PlayoutPosition(sampleRate: 48_000)
    private var most = 0
    private var samples = 0

    init(_ conversation: Conversation, _ format: AudioFormat) {
      conversation.onAudio = { [unowned self] payload, now in
        let count =
          switch format {
          case .pcm: payload.count
          case .pcmu, .pcma: payload.count * 6
          case .opus: OpusPacket.duration(payload, at: 48_000) ?? 0
          }
        samples += count
        position.sent(samples: count, at: now.nanoseconds)
        most = max(most, position.ahead(at: now.nanoseconds))
      }
    }

    /// The most milliseconds that ever waited.
    var mostAhead: Int { (most + 47) / 48 }
    var milliseconds: Int { samples / 48 }
    func ahead(_ conversation: Conversation) -> Int { position.ahead(at: conversation.now.nanoseconds) / 48 }
  }

  private func asking(_ format: AudioFormat, sendAhead: Int, speed: Double = 1) throws -> (Conversation, CallID) {
    var audio = AudioSettings()
    audio.sendAheadMilliseconds = sendAhead
    let conversation = Conversation(audio: audio)
    conversation.client(
      .sessionUpdate(
        .json(#"{"type":"realtime","audio":{"output":{"format":{"type":"\#(format.name)"},"speed":\#(speed)}}}"#)))
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("A long answer without any full stop in the middle of it")
    return (conversation, try #require(conversation.speeches.last?.call))
  }

  @Test(
    "is never further ahead than configured, and never runs dry while there is more", arguments: [100, 400, 5000],
    [AudioFormat.pcm, .pcmu, .pcma, .opus])
  func bounds(sendAhead: Int, format: AudioFormat) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      var dice = SplitMix(state: seed &* 7 &+ UInt64(sendAhead))
      let (conversation, call) = try asking(format, sendAhead: sendAhead)
      let player = Player(conversation, format)
      var given = 0
      while given < 8000 {
        let milliseconds = 1 + dice.below(900)
        given += milliseconds
        conversation.give(
          .speech(call, .pcm(Array(repeating: 6000, count: milliseconds * 24), sampleRate: 24_000)))
        for _ in 0..<dice.below(30) {
          conversation.advance(milliseconds: 10)
          guard (conversation.core.response?.outgoing.samples ?? 0) > 2400 else { continue }
          // A piece of 100 ms, a frame of the encoder and its delay may be short of what is allowed.
          #expect(player.ahead(conversation) >= min(sendAhead - 100, given) - 35, "runs dry")
        }
      }
      conversation.give(.speechEnded(call))
      conversation.advance(milliseconds: 20_000)
      #expect(player.mostAhead <= sendAhead)
      #expect(abs(player.milliseconds - given) <= 25)
      let isOver = conversation.core.response == nil
      #expect(isOver)
    }
  }

  @Test("passes long Opus packets on one at a time, no further ahead than configured")
  func longPackets() throws {
    let encoder = try OpusEncoder(sampleRate: 48_000)
    let frame = try encoder.encode(Array(repeating: 3000, count: 960))
    // Code 3 (RFC 6716 section 3.2.5): six frames of 20 ms, of one size, in one packet.
    let packet = [frame[0] & 0xFC | 3, 6] + Array(repeating: Array(frame[1...]), count: 6).joined()
    #expect(OpusPacket.duration(packet, at: 48_000) == 5760)
    for sendAhead in [100, 150, 400] {
      let (conversation, call) = try asking(.opus, sendAhead: sendAhead)
      let player = Player(conversation, .opus)
      for _ in 0..<20 { conversation.give(.speech(call, .opus(packet))) }
      conversation.advance(milliseconds: 4000)
      // A packet that is longer than the limit is sent when nothing waits.
      #expect(player.mostAhead <= max(120, sendAhead))
      #expect(player.milliseconds == 20 * 120)
    }
  }

  @Test("lasts longer and shorter by `speed`", arguments: [0.25, 0.8, 1, 1.5])
  func speed(_ speed: Double) throws {
    let (conversation, call) = try asking(.pcm, sendAhead: 400, speed: speed)
    let player = Player(conversation, .pcm)
    conversation.give(.speech(call, .pcm(Array(repeating: 6000, count: 2 * 24_000), sampleRate: 24_000)))
    conversation.give(.speechEnded(call))
    conversation.advance(milliseconds: 12_000)
    let expected = 2000 / speed
    #expect(abs(Double(player.milliseconds) - expected) < expected * 0.05 + 30)
    #expect(player.mostAhead <= 400)
  }

  @Test("keeps its speed from beginning to end: it can be changed between responses only")
  func speedInMidAnswer() throws {
    let (conversation, _) = try asking(.pcm, sendAhead: 400)
    let update = SessionPatch.json(#"{"type":"realtime","audio":{"output":{"speed":1.5}}}"#)
    conversation.client(.sessionUpdate(update), eventID: "faster")
    #expect(conversation.errors.map(\.code) == ["cannot_update_speed"])
    #expect(conversation.errors.map(\.param) == ["session.audio.output.speed"])
    #expect(conversation.errors.map(\.eventID) == ["faster"])
    #expect(conversation.core.session.speed == 1)
    conversation.client(.responseCancel(responseID: nil))
    conversation.client(.sessionUpdate(update))
    #expect(conversation.core.session.speed == 1.5)
  }

  @Test("keeps the format that it was begun in, whatever session.update brings meanwhile")
  func formatInMidAnswer() throws {
    let (conversation, call) = try asking(.pcm, sendAhead: 400)
    conversation.give(.speech(call, .pcm(Array(repeating: 6000, count: 24_000), sampleRate: 24_000)))
    conversation.client(
      .sessionUpdate(.json(#"{"type":"realtime","audio":{"output":{"format":{"type":"audio/opus"}}}}"#)))
    conversation.give(.speechEnded(call))
    conversation.advance(milliseconds: 2000)
    #expect(conversation.audioMilliseconds == 1000)
    #expect(conversation.packets.isEmpty)
    #expect(conversation.responses.last?.audio?.format == .pcm)
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("Two.")
    conversation.speak(milliseconds: 1000)
    conversation.advance(milliseconds: 2000)
    #expect(conversation.packets.count == 50)
    #expect(conversation.responses.last?.audio?.format == .opus)
  }
}
