import Foundation
import Realtime
import Testing
import VivaConfiguration
import VivaTesting

@testable import Gateway

@Suite("The Realtime endpoint", .timeLimit(.minutes(3)))
struct RealtimeEndpointTests {
  private func message(_ text: String) -> String {
    #"{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"\#(text)"}]}}"#
  }

  @Test("holds a conversation: text in, voice out, in the protocol's order")
  func conversation() async throws {
    try await TestServer.run { server in
      let caller = try await server.connect()
      #expect(await caller.wait(for: "session.created")?.sessionID?.hasPrefix("sess_") == true)
      caller.send(message("Hello."))
      caller.send(#"{"type":"response.create"}"#)
      let done = await caller.wait(for: "response.done")
      #expect(done?.response?.status == .completed)
      #expect(caller.violations == [])
      let audio = caller.messages.reduce(0) { $0 + ($1.audio?.count ?? 0) }
      // 16 and 16 letters at 60 ms, 48 bytes a millisecond.
      #expect(abs(audio / 48 - 32 * 60) < 200)
      let spoken = caller.messages.filter { $0.type == "response.output_audio_transcript.delta" }.compactMap(\.delta)
      #expect(spoken.joined() == "First sentence. Second sentence.")
      #expect(server.llm.requests.last?.lastUserText == "Hello.")
      await caller.socket.close()
    }
  }

  @Test("hears a manual turn")
  func manualTurn() async throws {
    try await TestServer.run(transcript: "Spoken words.") { server in
      let caller = try await server.connect()
      caller.send(#"{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":null}}}}"#)
      caller.append(milliseconds: 1000, voiced: true)
      caller.send(#"{"type":"input_audio_buffer.commit"}"#)
      caller.send(#"{"type":"response.create"}"#)
      let heard = await caller.wait(for: "conversation.item.input_audio_transcription.completed")
      #expect(heard?.transcript == "Spoken words.")
      #expect(await caller.wait(for: "response.done")?.response?.status == .completed)
      #expect(server.llm.requests.last?.lastUserText == "Spoken words.")
      #expect(caller.violations == [])
      await caller.socket.close()
    }
  }

  @Test("cancels the model and the voice at their servers when the client cancels")
  func cancelReachesWorkers() async throws {
    let long = String(repeating: "This is one more sentence of a very long answer. ", count: 30)
    try await TestServer.run(answer: long) { server in
      let caller = try await server.connect()
      caller.send(message("Go."))
      caller.send(#"{"type":"response.create"}"#)
      await caller.wait(for: "response.output_audio.delta")
      caller.send(#"{"type":"response.cancel"}"#)
      let done = await caller.wait(for: "response.done")
      #expect(done?.response?.status == .cancelled)
      #expect(caller.violations == [])
      let sentences = server.tts.counts.requests
      try await Task.sleep(for: .milliseconds(500))
      #expect(server.tts.counts.requests == sentences)
      #expect(server.tts.counts.live == 0)
      await caller.socket.close()
    }
  }

  @Test("survives a synthesizer that drops its connections in mid-sentence")
  func synthesizerDies() async throws {
    try await TestServer.run(answer: "A sentence that will break. And another one after it.") { server in
      let caller = try await server.connect()
      caller.send(message("Go."))
      caller.send(#"{"type":"response.create"}"#)
      await caller.wait(for: "response.created")
      await server.tts.listener.dropConnections()
      #expect(await caller.wait(for: "response.done")?.response?.status == .completed)
      caller.send(message("Again."))
      caller.send(#"{"type":"response.create"}"#)
      #expect(await caller.wait(for: "response.done")?.response?.status == .completed)
      await caller.socket.close()
    }
  }

  @Test("answers bad input with an error that names it, and goes on")
  func badInput() async throws {
    try await TestServer.run { server in
      let caller = try await server.connect()
      let bad = [
        "{", "[]", "null", #"{"type":"nonsense","event_id":"e1"}"#, #"{"type":"conversation.item.create"}"#,
        #"{"type":"session.update","session":{"audio":{"input":{"turn_detection":{"type":"server_vad","threshold":7}}}}}"#,
        #"{"type":"input_audio_buffer.append","audio":"AAAA"}"#, #"{"type":"input_audio_buffer.commit"}"#,
        #"{"type":"response.cancel"}"#, #"{"type":"conversation.item.delete","item_id":"none"}"#,
        String(repeating: "[", count: 100_000), #"{"type":"response.create","response":{"conversation":"other"}}"#,
      ]
      for text in bad {
        caller.send(text)
        let error = await caller.wait(for: "error")
        #expect(error?.error?.type == "invalid_request_error", "\(text.prefix(80))")
        #expect(error?.error?.message.isEmpty == false)
      }
      #expect(caller.messages.first { $0.error?.eventID == "e1" } != nil)
      caller.send(message("Still there?"))
      caller.send(#"{"type":"response.create"}"#)
      #expect(await caller.wait(for: "response.done")?.response?.status == .completed)
      await caller.socket.close()
    }
  }

  @Test("refuses before the upgrade: no key, a wrong key, an unknown model, another site, no room")
  func refusals() async throws {
    try await TestServer.run {
      $0.limits.sessions = 1
    } _: { server in
      let key = ("Authorization", "Bearer \(TestServer.key)")
      func status(_ path: String, _ headers: [(String, String)]) async throws -> Int {
        do {
          let caller = try await server.connect(path: path, headers: headers)
          await caller.socket.close()
          return 101
        } catch let refused as WebSocketClient.Refused {
          #expect(refused.body.contains(#""error""#))
          return refused.status
        }
      }
      #expect(try await status("/v1/realtime?model=assistant", []) == 401)
      #expect(try await status("/v1/realtime?model=assistant", [("Authorization", "Bearer sk-wrong-one")]) == 401)
      #expect(try await status("/v1/realtime?model=nobody", [key]) == 404)
      #expect(try await status("/v1/nothing", [key]) == 404)
      #expect(try await status("/v1/realtime?intent=nonsense", [key]) == 400)
      #expect(try await status("/v1/realtime?model=assistant", [key, ("Origin", "https://evil.example")]) == 403)
      let subprotocols = ("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.\(TestServer.key)")
      #expect(try await status("/v1/realtime?model=assistant", [subprotocols]) == 101)

      // Its place is free only when the server has seen it go.
      for _ in 0..<400 where server.registry.count > 0 { try await Task.sleep(for: .milliseconds(50)) }
      let first = try await server.connect()
      await first.wait(for: "session.created")
      #expect(try await status("/v1/realtime?model=assistant", [key]) == 503)
      await first.socket.close()
    }
  }

  @Test("takes a thousand appends without a commit, and audio beyond the limit with an error")
  func manyAppends() async throws {
    try await TestServer.run {
      $0.limits.inputBufferSeconds = 10
    } _: { server in
      let caller = try await server.connect()
      caller.send(#"{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":null}}}}"#)
      for _ in 0..<1000 { caller.append(milliseconds: 20, voiced: false) }
      #expect(await caller.wait(for: "error")?.error?.code == "input_audio_buffer_full")
      caller.send(message("Go on."))
      caller.send(#"{"type":"response.create"}"#)
      #expect(await caller.wait(for: "response.done") != nil)
      await caller.socket.close()
    }
  }

  @Test("closes a message that is too large with 1009, and harms nobody else")
  func tooLarge() async throws {
    try await TestServer.run {
      $0.limits.messageBytes = 1 << 20
    } _: { server in
      let bystander = try await server.connect()
      let caller = try await server.connect()
      await caller.wait(for: "session.created")
      caller.send(String(repeating: "x", count: 2 << 20))
      #expect(await caller.wait(for: "never") == nil)
      #expect(caller.closeCode == 1009)
      bystander.send(message("Hello."))
      bystander.send(#"{"type":"response.create"}"#)
      #expect(await bystander.wait(for: "response.done")?.response?.status == .completed)
      await bystander.socket.close()
    }
  }

  @Test("keeps order when a large message is decoded elsewhere")
  func largeMessageOrder() async throws {
    try await TestServer.run { server in
      let caller = try await server.connect()
      caller.send(message(String(repeating: "large ", count: 50_000)))
      caller.send(message("small"))
      var added: [Int] = []
      for _ in 0..<2 {
        if let item = await caller.wait(for: "conversation.item.done")?.item, case .message(_, let parts) = item.content
        {
          added.append(parts.first?.text?.count ?? 0)
        }
      }
      #expect(added == [300_000, 5])
      await caller.socket.close()
    }
  }

  @Test("forgets a session when its client is gone")
  func sessionsEnd() async throws {
    try await TestServer.run { server in
      for _ in 0..<5 {
        let caller = try await server.connect()
        await caller.wait(for: "session.created")
        caller.socket.drop()
      }
      for _ in 0..<100 where server.registry.count > 0 { try await Task.sleep(for: .milliseconds(50)) }
      #expect(server.registry.count == 0)
    }
  }

  @Test("serves page, health, models and metrics")
  func http() async throws {
    try await TestServer.run { server in
      #expect(try await server.get("/healthz").status == 200)
      #expect(try await server.get("/readyz").body == "ready\n")
      #expect(try await server.get("/").body.contains("<title>"))
      #expect(try await server.get("/v1/models").status == 401)
      let models = try await server.get("/v1/models", headers: ["Authorization": "Bearer \(TestServer.key)"])
      #expect(models.body.contains(#""id":"assistant""#))
      #expect(try await server.get("/nothing").status == 404)
      #expect(try await server.get("/metrics").status == 404)
      let caller = try await server.connect()
      await caller.wait(for: "session.created")
      let metrics = try await server.get("/metrics", port: server.adminPort)
      #expect(metrics.body.contains("viva_sessions_active 1"))
      await caller.socket.close()
    }
  }

  @Test("serves a bot that comes from another address of its machine, as many bots must for want of ports")
  func localAddress() async throws {
    try await TestServer.run { server in
      let caller = Caller(
        try await WebSocketClient.connect(
          host: "127.0.0.1", port: server.port, path: "/v1/realtime?model=assistant",
          headers: [("Authorization", "Bearer \(TestServer.key)")], from: "127.0.0.9"))
      #expect(await caller.wait(for: "session.created") != nil)
      await caller.socket.close()
    }
  }

  @Test("holds twenty spoken conversations at once, in every format, without an error")
  func bots() async throws {
    try await TestServer.run { server in
      let utterance = Utterance(samples: (0..<24_000).map(Caller.voice), transcript: "")
      let voices = AudioFormat.allCases.map { BotVoice([utterance], format: $0) }
      let tally = BotTally()
      await withTaskGroup(of: Void.self) { group in
        for index in 0..<20 {
          let bot = RealtimeBot(
            server: .init(host: "127.0.0.1", port: server.port, key: TestServer.key, model: "assistant"),
            voice: voices[index % voices.count], tally: tally)
          group.addTask { await bot.talk(for: .seconds(90), answers: 2, firstUtterance: index) }
        }
      }
      let report = tally.report
      #expect(report.errors == [:])
      #expect(report.responses["completed", default: 0] >= 20)
    }
  }
}
