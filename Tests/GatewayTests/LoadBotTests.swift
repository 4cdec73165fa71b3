import Foundation
import Realtime
import Testing
import VivaTesting

@testable import Gateway

@Suite("Bots of the load tool", .timeLimit(.minutes(3)), .serialized)
struct LoadBotTests {
  /// Half a second of a hum.
  private let sentence = Utterance(samples: (0..<12_000).map(Caller.voice), transcript: "")

  private func address(_ server: TestServer) -> RealtimeBot.Server {
    .init(host: "127.0.0.1", port: server.port, key: TestServer.key, model: "assistant")
  }

  @Test("over a WebSocket hold a conversation")
  func webSocket() async throws {
    try await TestServer.run { server in
      let tally = BotTally()
      let bot = RealtimeBot(server: address(server), voice: BotVoice([sentence], format: .pcm), tally: tally)
      await bot.talk(for: .seconds(30), answers: 1)
      #expect(tally.report.errors == [:])
      #expect(tally.report.responses == ["completed": 1])
      #expect(tally.report.responseLatencies.count == 1)
      #expect(tally.active == 0)
    }
  }

  @Test("over WebRTC hold conversations on one thread, and measure what comes", arguments: [AudioFormat.opus, .pcmu])
  func webRTC(format: AudioFormat) async throws {
    try await TestServer.run { server in
      let tally = BotTally()
      let line = try CallLine(calls: 3, host: "127.0.0.1", tally: tally)
      let voice = CallVoice([sentence], format: format)
      let address = address(server)
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<3 {
          group.addTask {
            await WebRTCBot(server: address, voice: voice, line: line).talk(for: .seconds(40), answers: 2)
          }
        }
      }
      let report = tally.report
      #expect(report.errors == [:])
      #expect(report.utterances >= 6)
      #expect(report.responseCount >= 6)
      #expect(report.responseLatencies.count >= 3)
      #expect(report.calls.connectTimes.count == 3)
      #expect(report.calls.voicePackets > 100)
      #expect(report.calls.gaps.count > 50)
      #expect(report.calls.packetsReceived >= report.calls.voicePackets)
      #expect(tally.active == 0 && tally.sessionTime > .seconds(3))
      // They say that they hang up.
      while server.registry.count > 0 { try await Task.sleep(for: .milliseconds(20)) }
      line.stop()
    }
  }

  @Test("over SRTP beside a WebSocket hold a conversation", arguments: [AudioFormat.opus, .pcma])
  func srtp(format: AudioFormat) async throws {
    try await TestServer.run { server in
      let tally = BotTally()
      let line = try CallLine(calls: 2, host: "127.0.0.1", tally: tally)
      let voice = CallVoice([sentence], format: format)
      let address = address(server)
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<2 {
          group.addTask { await SDESBot(server: address, voice: voice, line: line).talk(for: .seconds(40), answers: 2) }
        }
      }
      let report = tally.report
      #expect(report.errors == [:])
      #expect(report.responseCount >= 4)
      #expect(report.responseLatencies.count >= 2)
      #expect(report.calls.voicePackets > 60)
      while server.registry.count > 0 { try await Task.sleep(for: .milliseconds(20)) }
      line.stop()
    }
  }

  @Test("over WebRTC hang up when their task is cancelled, and tell why they could not call")
  func ends() async throws {
    try await TestServer.run { server in
      let tally = BotTally()
      let line = try CallLine(calls: 1, host: "127.0.0.1", tally: tally)
      let silent = CallVoice([], format: .opus)
      let (connected, tell) = AsyncStream.makeStream(of: Void.self)
      let bot = WebRTCBot(server: address(server), voice: silent, line: line, hearsEvents: false)
      let call = Task { await bot.talk(for: .seconds(60), whenConnected: { tell.finish() }) }
      for await _ in connected {}
      call.cancel()
      await call.value
      while server.registry.count > 0 { try await Task.sleep(for: .milliseconds(20)) }
      #expect(tally.report.errors == [:])

      var stranger = address(server)
      stranger.key = "sk-nobody"
      await WebRTCBot(server: stranger, voice: silent, line: line).talk(for: .seconds(1))
      #expect(tally.report.errors == ["could not connect: HTTP 401": 1])
      line.stop()
    }
  }
}
