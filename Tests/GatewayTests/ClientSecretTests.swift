import Foundation
import Testing
import VivaConfiguration
import VivaTesting

@testable import Gateway

@Suite("Client secrets", .timeLimit(.minutes(2)))
struct ClientSecretTests {
  private static let path = "/v1/realtime/client_secrets"

  private func code(_ response: FrontDoorTestClient.Response) -> String? {
    JSONText(response.body)["error", "code"] as? String
  }

  @Test("show the session that they open, as OpenAI does")
  func answer() async throws {
    try await TestServer.run { server in
      let answer = try server.post(
        Self.path,
        #"{"expires_after":{"anchor":"created_at","seconds":60},"session":{"type":"realtime","instructions":"Be brief."}}"#,
        key: TestServer.key)
      #expect(answer.status == 200)
      let json = JSONText(answer.body)
      #expect((json["value"] as? String)?.hasPrefix("ek_") == true)
      let left = (json["expires_at"] as? Double ?? 0) - Date().timeIntervalSince1970
      #expect((30...90).contains(left))
      #expect(json["session", "type"] as? String == "realtime")
      #expect(json["session", "model"] as? String == "assistant")
      #expect(json["session", "instructions"] as? String == "Be brief.")
      #expect(answer.headers["cache-control"] == "no-store")
    }
  }

  @Test("open several sessions, which start from what hangs on the key")
  func opensSessions() async throws {
    try await TestServer.run { server in
      let key = try server.clientSecret(#"{"session":{"type":"realtime","instructions":"Be brief."}}"#)
      for _ in 0..<2 {
        let subprotocols = ("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.\(key)")
        let caller = try await server.connect(path: "/v1/realtime", headers: [subprotocols])
        #expect(await caller.wait(for: "session.created") != nil)
        await caller.socket.close()
      }
      let caller = try await server.connect(path: "/v1/realtime", key: key)
      await caller.wait(for: "session.created")
      caller.send(#"{"type":"response.create"}"#)
      await caller.wait(for: "response.done")
      #expect(server.llm.requests.last.map { "\($0)" }?.contains("Be brief.") == true)
      await caller.socket.close()
    }
  }

  @Test("of a transcription session open such a one")
  func transcription() async throws {
    try await TestServer.run { server in
      let key = try server.clientSecret(#"{"session":{"type":"transcription"}}"#)
      for path in ["/v1/realtime", "/v1/realtime?intent=transcription"] {
        let caller = try await server.connect(path: path, key: key)
        await caller.wait(for: "session.created")
        #expect(server.registry.snapshot().contains { $0.kind == .transcription })
        await caller.socket.close()
      }
      let other = try server.clientSecret(#"{"session":{"type":"realtime"}}"#)
      #expect(try await server.upgradeStatus("/v1/realtime?intent=transcription", key: other).status == 400)
    }
  }

  @Test("that name an agent open no other, and list no other")
  func boundAgent() async throws {
    try await TestServer.run {
      $0.agents["second"] = Agent(name: "second")
    } _: { server in
      let key = try server.clientSecret(#"{"session":{"type":"realtime","model":"second"}}"#)
      #expect(try await server.upgradeStatus("/v1/realtime?model=second", key: key).status == 101)
      #expect(try await server.upgradeStatus("/v1/realtime", key: key).status == 101)
      let refused = try await server.upgradeStatus("/v1/realtime?model=assistant", key: key)
      #expect(refused.status == 403)
      #expect(refused.code == "model_not_allowed")
      let models = try await server.get("/v1/models", headers: ["Authorization": "Bearer \(key)"])
      #expect(models.body.contains("second"))
      #expect(!models.body.contains("assistant"))
    }
  }

  @Test("are refused with a reason: no key, a caller's key, bad fields, an agent or a session that is not there")
  func refusals() async throws {
    try await TestServer.run { server in
      #expect(try server.post(Self.path, "{}", key: nil).status == 401)
      #expect(try server.post(Self.path, "{}", key: "sk-wrong-one").status == 401)
      let caller = try server.post(Self.path, "{}", key: try server.clientSecret())
      #expect(caller.status == 403)
      #expect(code(caller) == "insufficient_scope")
      for (body, status) in [
        ("{", 400), (#"{"expires_after":{"anchor":"created_at","seconds":9}}"#, 400),
        (#"{"expires_after":{"seconds":7201}}"#, 400), (#"{"viva":{"scope":"king"}}"#, 400),
        (#"{"session":{"type":"realtime","model":"nobody"}}"#, 404),
        (#"{"session":{"type":"realtime","audio":{"output":{"speed":9}}}}"#, 400),
        (#"{"viva":{"scope":"caller","call_id":"sess_x"}}"#, 400),
        (#"{"viva":{"scope":"sideband","call_id":"sess_x"}}"#, 404),
      ] {
        let answer = try server.post(Self.path, body, key: TestServer.key)
        #expect(answer.status == status, "\(body): \(answer.body)")
        #expect(code(answer) != nil)
      }
      let client = try FrontDoorTestClient(port: server.port)
      let wrongMethod = try client.get(Self.path)
      #expect(wrongMethod.status == 405)
      #expect(wrongMethod.headers["allow"] == "POST")
    }
  }

  @Test("of scope admin make others, but none of their own scope")
  func admin() async throws {
    try await TestServer.run { server in
      let admin = try server.clientSecret(#"{"viva":{"scope":"admin"}}"#)
      let caller = try server.clientSecret(key: admin)
      #expect(try await server.upgradeStatus(key: caller).status == 101)
      #expect(try server.post(Self.path, #"{"viva":{"scope":"admin"}}"#, key: admin).status == 403)
    }
  }

  @Test("are limited in number")
  func full() async throws {
    try await TestServer.run {
      $0.server.maximumEphemeralKeys = 1
    } _: { server in
      _ = try server.clientSecret()
      let answer = try server.post(Self.path, "{}", key: TestServer.key)
      #expect(answer.status == 429)
      #expect(Int(answer.headers["retry-after"] ?? "").map { (500...600).contains($0) } == true)
    }
  }

  @Test(
    "OpenAI's endpoints that are not served say what to do instead",
    arguments: [
      "/v1/realtime/sessions", "/v1/realtime/transcription_sessions", "/v1/realtime/calls/rtc_1/refer",
      "/v1/realtime/translations/client_secrets",
    ])
  func notServed(path: String) async throws {
    try await TestServer.run { server in
      let answer = try server.post(path, "{}", key: TestServer.key)
      #expect(answer.status == 404)
      #expect(code(answer) == "unsupported_url")
    }
  }
}
