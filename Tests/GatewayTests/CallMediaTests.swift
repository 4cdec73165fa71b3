import Foundation
import Media
import Testing
import VivaConfiguration
import VivaTesting

@testable import Gateway

@Suite("Calls over UDP", .timeLimit(.minutes(3)), .serialized)
struct CallMediaTests {
  /// A call that is connected, its place, and who watches its events.
  private func connect(_ server: TestServer) async throws -> (bot: CallBot, location: String, sideband: Caller) {
    let bot = try CallBot()
    let response = try server.post(
      "/v1/realtime/calls", bot.offer.text, key: TestServer.key, headers: "Content-Type: application/sdp\r\n")
    let location = try #require(response.headers["location"])
    let id = try #require(location.split(separator: "/").last)
    let sideband = try await server.connect(path: "/v1/realtime?call_id=\(id)", key: TestServer.key)
    await sideband.wait(for: "session.created")
    try bot.call(response.body)
    try #require(await bot.wait { $0.isConnected })
    return (bot, location, sideband)
  }

  @Test("who speaks is heard and answered, and the server tells when the answer is played")
  func conversation() async throws {
    try await TestServer.run(transcript: "Can you hear me?") { server in
      let (bot, _, sideband) = try await connect(server)
      bot.hum(true)
      #expect(await sideband.wait(for: "input_audio_buffer.speech_started") != nil)
      try await Task.sleep(for: .milliseconds(500))
      bot.hum(false)
      let heard = await sideband.wait(for: "conversation.item.input_audio_transcription.completed")
      #expect(heard?.transcript == "Can you hear me?")
      #expect(await sideband.wait(for: "output_audio_buffer.started") != nil)
      #expect(await sideband.wait(for: "output_audio_buffer.stopped") != nil)
      // 32 letters at 60 ms.
      #expect(await bot.wait { $0.voicePackets > 70 })
      #expect(server.llm.requests.last?.lastUserText == "Can you hear me?")
      let list = try await server.get("/sessions", port: server.adminPort).body
      #expect(list.contains(#""call_id":"rtc_"#) && list.contains(#""packets_received":"#))
      bot.hangUp()
      await sideband.wait(for: "never")
      #expect(sideband.closeCode == 1000)
      #expect(server.registry.count == 0)
    }
  }

  /// Has the agent answer until the caller hears it: some answers go to where the caller was.
  private func isAnswered(_ bot: CallBot, _ sideband: Caller) async -> Bool {
    for _ in 0..<6 {
      let before = bot.state.voicePackets
      sideband.send(#"{"type":"response.create"}"#)
      await sideband.wait(for: "output_audio_buffer.stopped")
      if bot.state.voicePackets > before + 20 { return true }
    }
    return false
  }

  @Test("a caller who moves to another address is followed, and an ICE restart keeps the session")
  func moves() async throws {
    try await TestServer.run { server in
      let (bot, location, sideband) = try await connect(server)
      #expect(await isAnswered(bot, sideband))
      bot.move()
      #expect(await isAnswered(bot, sideband))

      var generator = SystemRandomNumberGenerator()
      let local = IceCredentials(routingTag: 7, using: &generator)
      let restarted = try server.post(
        location, "a=ice-ufrag:\(local.ufrag)\r\na=ice-pwd:\(local.password)\r\n", key: TestServer.key,
        headers: "Content-Type: application/trickle-ice-sdpfrag\r\nIf-Match: *\r\n", method: "PATCH")
      #expect(restarted.status == 200)
      let remote = try #require(try TrickleFragment(Array(restarted.body.utf8)).credentials)
      bot.restartICE(local: local, remote: remote)
      bot.move()
      #expect(await isAnswered(bot, sideband))
      #expect(server.registry.count == 1)
      bot.hangUp()
    }
  }

  @Test("DELETE says goodbye to the caller")
  func deletes() async throws {
    try await TestServer.run { server in
      let (bot, location, sideband) = try await connect(server)
      #expect(await isAnswered(bot, sideband))
      #expect(try server.post(location, "", key: TestServer.key, method: "DELETE").status == 200)
      #expect(await bot.wait { $0.hasEnded })
      await sideband.wait(for: "never")
      #expect(sideband.closeCode == 1000)
    }
  }

  @Test("a call whose client never comes ends by itself")
  func neverComes() async throws {
    try await TestServer.run {
      $0.webRTC.connectTimeoutSeconds = 1
    } _: { server in
      let response = try server.post(
        "/v1/realtime/calls", try CallBot().offer.text, key: TestServer.key,
        headers: "Content-Type: application/sdp\r\n")
      #expect(response.status == 201)
      while server.registry.count > 0 { try await Task.sleep(for: .milliseconds(20)) }
    }
  }

  @Test("many callers at once all come in, and who is being spoken to hears on")
  func storm() async throws {
    let long = String(repeating: "One more sentence of a long answer. ", count: 12)
    try await TestServer.run(answer: long) { server in
      let (talking, _, sideband) = try await connect(server)
      sideband.send(#"{"type":"response.create"}"#)
      #expect(await talking.wait { $0.voicePackets > 10 })
      var bots: [CallBot] = []
      for _ in 0..<20 {
        let bot = try CallBot()
        let response = try server.post(
          "/v1/realtime/calls", bot.offer.text, key: TestServer.key, headers: "Content-Type: application/sdp\r\n")
        try bot.call(response.body)
        bots.append(bot)
      }
      for bot in bots { #expect(await bot.wait { $0.isConnected }) }
      #expect(talking.state.longestGap < .seconds(2))
      let metrics = try await server.get("/metrics", port: server.adminPort).body
      #expect(metrics.contains("viva_webrtc_peers"))
      for bot in bots { bot.hangUp() }
      talking.hangUp()
      while server.registry.count > 0 { try await Task.sleep(for: .milliseconds(20)) }
    }
  }
}
