import Foundation
import Testing
import VivaConfiguration
import Workers

@testable import Gateway

@Suite("Workers as the page shows them", .timeLimit(.minutes(2)))
struct WorkersEndpointTests {
  private static let states = "/v1/viva/workers"
  private static let faults = "/v1/viva/faults"

  private func list(_ body: String) -> [[String: Any]] { JSONText(body)["data"] as? [[String: Any]] ?? [] }

  private func authorised(_ key: String) -> [String: String] { ["Authorization": "Bearer \(key)"] }

  @Test("are listed with their breakers and nothing that is secret, for keys that may open sessions")
  func states() async throws {
    try await TestServer.run { server in
      let caller = try server.clientSecret()
      for key in [TestServer.key, caller] {
        let answer = try await server.get(Self.states, headers: authorised(key))
        #expect(answer.status == 200)
        let workers = list(answer.body)
        #expect(workers.map { $0["kind"] as? String } == ["asr", "llm", "tts"])
        #expect(workers.map { $0["name"] as? String } == ["asr", "llm", "tts"])
        #expect(workers.allSatisfy { $0["breaker"] as? String == "closed" && $0["phase"] == nil && $0["fault"] == nil })
        #expect(!answer.body.contains("127.0.0.1"))
      }
      let listener = try server.clientSecret(#"{"viva":{"scope":"listener"}}"#)
      #expect(try await server.get(Self.states, headers: authorised(listener)).status == 403)
      #expect(try await server.get(Self.states).status == 401)
    }
  }

  @Test("show how the last call ended")
  func outcomes() async throws {
    try await TestServer.run { server in
      let caller = try await server.connect()
      await caller.wait(for: "session.created")
      caller.send(#"{"type":"response.create"}"#)
      await caller.wait(for: "response.done")
      let workers = list(try await server.get(Self.states, headers: authorised(TestServer.key)).body)
      #expect(workers.map { $0["last_outcome"] as? String } == [nil, "ok", "ok"])
      await caller.socket.close()
    }
  }

  @Test("cannot be broken outside development, with whatever key")
  func offByDefault() async throws {
    try await TestServer.run { server in
      for key in [TestServer.key, nil] {
        let answer = try server.post(Self.faults, #"{"provider":"tts","fault":"hang"}"#, key: key)
        #expect(answer.status == 404)
        #expect((JSONText(answer.body)["error", "message"] as? String)?.contains("server.development") == true)
      }
      #expect(try await server.get(Self.faults).status == 404)
    }
  }

  @Test("are broken and mended by the page's key, and by no listener's")
  func faults() async throws {
    try await TestServer.run {
      $0.server.development = true
      $0.workers.asr[0].process = ProcessSettings(command: ["/bin/true"])
    } _: { server in
      let caller = try server.clientSecret()
      let before = list(try await server.get(Self.states, headers: authorised(caller)).body)
      #expect(before.allSatisfy { $0["fault"] as? String == "none" })
      #expect((before[0]["faults"] as? [String])?.suffix(3) == ["kill", "stop", "continue"])
      #expect((before[2]["faults"] as? [String])?.contains("zero_audio") == true)
      #expect((before[2]["faults"] as? [String])?.contains("kill") == false)

      let broken = try server.post(Self.faults, #"{"provider":"tts","fault":"error_500"}"#, key: caller)
      #expect(broken.status == 200)
      #expect(list(broken.body).map { $0["fault"] as? String } == ["none", "none", "error_500"])
      let talk = try await server.connect()
      await talk.wait(for: "session.created")
      talk.send(#"{"type":"response.create"}"#)
      #expect(await talk.wait(for: "viva.ladder.changed") != nil)
      await talk.socket.close()

      let mended = try server.post(Self.faults, #"{"provider":"tts","fault":"none"}"#, key: caller)
      #expect(list(mended.body).allSatisfy { $0["fault"] as? String == "none" })

      let listener = try server.clientSecret(#"{"viva":{"scope":"listener"}}"#)
      let refused = try server.post(Self.faults, #"{"provider":"tts","fault":"hang"}"#, key: listener)
      #expect(refused.status == 403)
      #expect(try server.post(Self.faults, "{}", key: nil).status == 401)
      #expect(try server.post(Self.faults, "{}", key: TestServer.key, method: "DELETE").status == 405)
    }
  }

  @Test(
    "that are none, and faults that are none of theirs, are refused by field",
    arguments: [
      ("[]", nil), ("{", nil), ("{}", "provider"), (#"{"provider":"x","fault":"hang"}"#, "provider"),
      (#"{"provider":3,"fault":"hang"}"#, "provider"), (#"{"provider":"tts"}"#, "fault"),
      (#"{"provider":"tts","fault":"empty"}"#, "fault"), (#"{"provider":"llm","fault":"zero_audio"}"#, "fault"),
      (#"{"provider":"tts","fault":"kill"}"#, "fault"), (#"{"provider":"tts","fault":"none "}"#, "fault"),
    ] as [(String, String?)])
  func badInput(body: String, field: String?) async throws {
    try await TestServer.run {
      $0.server.development = true
    } _: { server in
      let answer = try server.post(Self.faults, body, key: TestServer.key)
      #expect(answer.status == 400)
      #expect(JSONText(answer.body)["error", "param"] as? String == field)
    }
  }

  @Test("without a process at the moment are told apart from those that have none")
  func noProcess() async throws {
    try await TestServer.run {
      $0.server.development = true
      $0.workers.asr[0].process = ProcessSettings(command: ["/bin/true"])
    } _: { server in
      let answer = try server.post(Self.faults, #"{"provider":"asr","fault":"kill"}"#, key: TestServer.key)
      #expect(answer.status == 409)
      #expect(JSONText(answer.body)["error", "code"] as? String == "no_process")
    }
  }
}
