import Foundation
import Testing

@testable import Gateway

@Suite("The operator's floor") struct AdminLadderTests {
  private static let path = "/v1/admin/ladder"

  @Test("is set, shown, told to sessions that are open and to those that come, and lifted")
  func floor() async throws {
    try await TestServer.run { server in
      let before = try await server.connect()
      _ = await before.wait(for: "session.created")
      let answer = try server.post(Self.path, #"{"floor": 4}"#, key: TestServer.key, to: server.adminPort)
      #expect(answer.status == 200 && JSONText(answer.body)["floor"] as? Int == 4)
      #expect(await before.wait(for: "viva.ladder.changed")?.reason == "operator")
      #expect(await before.wait(for: "session.updated") != nil)
      let after = try await server.connect()
      #expect(await after.wait(for: "viva.ladder.changed")?.reason == "operator")

      let authorization = ["Authorization": "Bearer \(TestServer.key)"]
      let shown = try await server.get(Self.path, port: server.adminPort, headers: authorization)
      #expect(JSONText(shown.body)["floor"] as? Int == 4 && JSONText(shown.body)["overload"] as? Int == 1)
      let metrics = try await server.get("/metrics", port: server.adminPort).body
      #expect(metrics.contains(#"viva_ladder_floor{holder="operator"} 4"#))

      _ = try server.post(Self.path, #"{"floor": 1}"#, key: TestServer.key, to: server.adminPort)
      #expect(await before.wait(for: "viva.ladder.changed")?.reason == "recovered")
      await before.socket.close()
      await after.socket.close()
    }
  }

  @Test("is a level, set by who has a server key")
  func refusals() async throws {
    try await TestServer.run { server in
      func post(_ body: String, _ key: String? = TestServer.key) throws -> Int {
        try server.post(Self.path, body, key: key, to: server.adminPort).status
      }
      for body in [#"{"floor": 0}"#, #"{"floor": 6}"#, #"{"floor": "2"}"#, "{}", "no"] {
        #expect(try post(body) == 400)
      }
      #expect(try post(#"{"floor": 2}"#, nil) == 401)
      #expect(try post(#"{"floor": 2}"#, "sk-wrong-0123456789") == 401)
      let answer = try server.post(Self.path, "", key: TestServer.key, method: "DELETE", to: server.adminPort)
      #expect(answer.status == 405)
      #expect(server.registry.floor(by: .operator) == .full)
    }
  }
}
