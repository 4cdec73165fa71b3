import Testing
import VivaConfiguration
import VivaTesting

@testable import Gateway

@Suite("Admission", .timeLimit(.minutes(2)))
struct AdmissionTests {
  private func upgrade(
    _ server: TestServer, key: String = TestServer.key, headers: String = ""
  ) throws -> (FrontDoorTestClient, FrontDoorTestClient.Response) {
    let client = try FrontDoorTestClient(port: server.port)
    let answer = try client.upgrade(
      "/v1/realtime?model=assistant", headers: "Authorization: Bearer \(key)\r\n" + headers)
    return (client, answer)
  }

  @Test("a key has so many sessions at once; another key has its own")
  func keySessions() async throws {
    try await TestServer.run {
      $0.limits.keySessions = 1
    } _: { server in
      let first = try await server.connect()
      await first.wait(for: "session.created")
      let (_, refused) = try upgrade(server)
      #expect(refused.status == 429)
      #expect(Int(refused.headers["retry-after"] ?? "") ?? 0 >= 1)
      #expect(JSONText(refused.body)["error", "code"] as? String == "session_limit_exceeded")
      #expect(try await server.upgradeStatus(key: try server.clientSecret()).status == 429, "its child counts as it")
      #expect(try await server.upgradeStatus(key: TestServer.otherKey).status == 101)
      await first.socket.close()
    }
  }

  @Test("a full server says when to come again")
  func full() async throws {
    try await TestServer.run {
      $0.limits.sessions = 1
    } _: { server in
      let first = try await server.connect()
      await first.wait(for: "session.created")
      let (_, refused) = try upgrade(server, key: TestServer.otherKey)
      #expect(refused.status == 503)
      #expect(refused.headers["retry-after"] == "5")
      await first.socket.close()
    }
  }

  @Test("a key opens so many connections a minute")
  func connections() async throws {
    try await TestServer.run {
      $0.limits.connectionsPerMinute = 2
    } _: { server in
      for _ in 0..<2 { #expect(try upgrade(server).1.status == 101) }
      let (_, refused) = try upgrade(server)
      #expect(refused.status == 429)
      #expect(Int(refused.headers["retry-after"] ?? "").map { (1...31).contains($0) } == true)
      #expect(JSONText(refused.body)["error", "type"] as? String == "rate_limit_error")
    }
  }

  @Test("wrong keys are answered so many times, over HTTP and WebSocket together")
  func failedLogins() async throws {
    try await TestServer.run {
      $0.limits.failedLoginsPerMinute = 2
    } _: { server in
      #expect(try upgrade(server, key: "sk-wrong-one").1.status == 401)
      #expect(try await server.get("/v1/models", headers: ["Authorization": "Bearer sk-wrong-one"]).status == 401)
      let (_, refused) = try upgrade(server, key: "sk-wrong-one")
      #expect(refused.status == 429)
      #expect(refused.headers["retry-after"] != nil)
      #expect(try server.post("/v1/realtime/client_secrets", "{}", key: TestServer.key).status == 429)
    }
  }

  @Test("pages of allowed sites may use the API: preflight, answers and errors")
  func crossOrigin() async throws {
    try await TestServer.run {
      $0.server.allowedOrigins = ["https://app.example"]
    } _: { server in
      let origin = "Origin: https://app.example\r\n"
      let client = try FrontDoorTestClient(port: server.port)
      let preflight = try client.get(
        "/v1/realtime/client_secrets", method: "OPTIONS",
        headers: origin
          + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,x-stainless-os\r\n")
      #expect(preflight.status == 204)
      #expect(preflight.headers["access-control-allow-origin"] == "https://app.example")
      #expect(preflight.headers["access-control-allow-headers"] == "authorization,x-stainless-os")
      #expect(preflight.headers["access-control-allow-methods"]?.contains("POST") == true)
      #expect(preflight.headers["vary"]?.contains("Origin") == true)
      for key in [TestServer.key, "sk-wrong-one"] {
        let answer = try server.post("/v1/realtime/client_secrets", "{}", key: key, headers: origin)
        #expect(answer.headers["access-control-allow-origin"] == "https://app.example")
        #expect(answer.headers["vary"] == "Origin")
      }
      #expect(try upgrade(server, headers: origin).1.status == 101)
    }
  }

  @Test("pages of other sites may not")
  func foreignOrigin() async throws {
    try await TestServer.run { server in
      let origin = "Origin: https://evil.example\r\n"
      let client = try FrontDoorTestClient(port: server.port)
      let preflight = try client.get("/v1/realtime/client_secrets", method: "OPTIONS", headers: origin)
      #expect(preflight.status == 403)
      let minted = try server.post("/v1/realtime/client_secrets", "{}", key: TestServer.key, headers: origin)
      #expect(minted.status == 403)
      #expect(!minted.body.contains("ek_"))
      for answer in [preflight, minted] { #expect(answer.headers["access-control-allow-origin"] == nil) }
      #expect(try upgrade(server, headers: origin).1.status == 403)
      let own = try server.post(
        "/v1/realtime/client_secrets", "{}", key: TestServer.key, headers: "Origin: http://localhost\r\n")
      #expect(own.status == 200, "the page itself")
    }
  }
}
