import Foundation
import Testing
import VivaConfiguration
import VivaTesting

@testable import Gateway

@Suite("Sideband", .timeLimit(.minutes(2)))
struct SidebandTests {
  private let message =
    #"{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"From the side."}]}}"#

  /// A session and its id.
  private func session(_ server: TestServer, key: String = TestServer.key) async throws -> (Caller, String) {
    let caller = try await server.connect(key: key)
    let id = await caller.wait(for: "session.created")?.sessionID
    return (caller, try #require(id))
  }

  private func secret(_ server: TestServer, _ scope: String, _ callID: String? = nil) throws -> String {
    let bound = callID.map { #","call_id":"\#($0)""# } ?? ""
    return try server.clientSecret(#"{"viva":{"scope":"\#(scope)"\#(bound)}}"#)
  }

  @Test("sees the session's events, sends its own, and leaves without ending it")
  func joins() async throws {
    try await TestServer.run { server in
      let (caller, id) = try await session(server)
      let sideband = try await server.connect(path: "/v1/realtime?call_id=\(id)", key: TestServer.key)
      #expect(await sideband.wait(for: "session.created")?.sessionID == id)
      sideband.send(message)
      sideband.send(#"{"type":"response.create"}"#)
      #expect(await caller.wait(for: "response.done")?.response?.status == .completed)
      #expect(await sideband.wait(for: "response.done")?.response?.status == .completed)
      #expect(server.llm.requests.last?.lastUserText == "From the side.")
      await sideband.socket.close()
      caller.send(#"{"type":"response.create"}"#)
      #expect(await caller.wait(for: "response.done")?.response?.status == .completed)
      #expect(server.registry.count == 1)
      await caller.socket.close()
    }
  }

  @Test("is closed when its session ends")
  func sessionEnds() async throws {
    try await TestServer.run { server in
      let (caller, id) = try await session(server)
      let sideband = try await server.connect(path: "/v1/realtime?call_id=\(id)", key: TestServer.key)
      await sideband.wait(for: "session.created")
      await caller.socket.close()
      #expect(await sideband.wait(for: "never") == nil)
      #expect(sideband.closeCode == 1000)
      for _ in 0..<100 where server.registry.count > 0 { try await Task.sleep(for: .milliseconds(50)) }
      #expect(try await server.upgradeStatus("/v1/realtime?call_id=\(id)", key: TestServer.key).status == 404)
    }
  }

  @Test("takes each scope for what it is")
  func scopes() async throws {
    try await TestServer.run { server in
      let (caller, id) = try await session(server)
      let path = "/v1/realtime?call_id=\(id)"
      for scope in ["sideband", "human", "listener", "admin"] {
        #expect(try await server.upgradeStatus(path, key: try secret(server, scope)).status == 101, "\(scope)")
      }
      let refused = try await server.upgradeStatus(path, key: try secret(server, "caller"))
      #expect(refused.status == 403)
      #expect(refused.code == "insufficient_scope")
      for scope in ["sideband", "human", "listener"] {
        let refused = try await server.upgradeStatus(key: try secret(server, scope))
        #expect(refused.status == 403, "a \(scope) opens no session")
        #expect(refused.code == "insufficient_scope")
      }
      await caller.socket.close()
    }
  }

  @Test("a listener's events are refused, and nothing comes of them")
  func listener() async throws {
    try await TestServer.run { server in
      let (caller, id) = try await session(server)
      let key = try secret(server, "listener", id)
      let listener = try await server.connect(path: "/v1/realtime?call_id=\(id)", key: key)
      await listener.wait(for: "session.created")
      listener.send(#"{"type":"response.create","event_id":"e1"}"#)
      let error = await listener.wait(for: "error")?.error
      #expect(error?.code == "insufficient_scope")
      #expect(error?.eventID == "e1")
      #expect(server.llm.requests.isEmpty)
      await listener.socket.close()
      await caller.socket.close()
    }
  }

  @Test("a key for one session joins no other, and another tenant's key none at all")
  func ownership() async throws {
    try await TestServer.run { server in
      let (first, firstID) = try await session(server)
      let (second, secondID) = try await session(server)
      let key = try secret(server, "sideband", firstID)
      #expect(try await server.upgradeStatus("/v1/realtime?call_id=\(firstID)", key: key).status == 101)
      for (id, key) in [
        (secondID, key), (firstID, TestServer.otherKey), ("sess_nobody", TestServer.key), ("", TestServer.key),
      ] {
        let refused = try await server.upgradeStatus("/v1/realtime?call_id=\(id)", key: key)
        #expect(refused.status == 404)
        #expect(refused.code == "call_not_found")
      }
      let stranger = try server.post(
        "/v1/realtime/client_secrets", #"{"viva":{"scope":"sideband","call_id":"\#(firstID)"}}"#,
        key: TestServer.otherKey)
      #expect(stranger.status == 404)
      await first.socket.close()
      await second.socket.close()
    }
  }

  @Test("one too many is refused before the upgrade, and may come once another has left")
  func full() async throws {
    try await TestServer.run {
      $0.limits.sidebands = 1
    } _: { server in
      let (caller, id) = try await session(server)
      let path = "/v1/realtime?call_id=\(id)"
      let sideband = try await server.connect(path: path, key: TestServer.key)
      await sideband.wait(for: "session.created")
      let refused = try await server.upgradeStatus(path, key: TestServer.key)
      #expect(refused.status == 429)
      #expect(refused.code == "sideband_limit_exceeded")
      await sideband.socket.close()
      var status = 429
      for _ in 0..<100 where status == 429 {
        try await Task.sleep(for: .milliseconds(50))
        status = try await server.upgradeStatus(path, key: TestServer.key).status
      }
      #expect(status == 101)
      await caller.socket.close()
    }
  }

  @Test("the admin listener lists the sessions with their owners")
  func list() async throws {
    try await TestServer.run { server in
      let (caller, id) = try await session(server)
      let list = try await server.get("/sessions", port: server.adminPort)
      let entry = (JSONText(list.body)["data"] as? [[String: Any]])?.first
      #expect(entry?["id"] as? String == id)
      #expect(entry?["agent"] as? String == "assistant")
      #expect(entry?["owner"] as? String == KeyHash(TestServer.key).keyID)
      #expect(entry?["age_seconds"] is Int)
      #expect(try await server.get("/sessions").status == 404)
      await caller.socket.close()
    }
  }
}
