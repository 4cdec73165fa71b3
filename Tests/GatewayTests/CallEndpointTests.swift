import Foundation
import Media
import Testing
import VivaConfiguration

@testable import Gateway

@Suite("Calls over HTTP", .timeLimit(.minutes(2)))
struct CallEndpointTests {
  private static let path = "/v1/realtime/calls"
  private static let sdp = "Content-Type: application/sdp\r\n"
  private static let fragment = "Content-Type: application/trickle-ice-sdpfrag\r\n"

  private func offer() throws -> String { try CallBot().offer.text }

  private func code(_ response: FrontDoorTestClient.Response) -> String? {
    JSONText(response.body)["error", "code"] as? String
  }

  private func open(_ server: TestServer, key: String = TestServer.key) throws -> FrontDoorTestClient.Response {
    try server.post(Self.path, offer(), key: key, headers: Self.sdp)
  }

  private func form(_ fields: [(String, String)]) -> (body: String, headers: String) {
    let parts = fields.map { "--xyz\r\nContent-Disposition: form-data; name=\"\($0)\"\r\n\r\n\($1)\r\n" }
    return (parts.joined() + "--xyz--\r\n", "Content-Type: multipart/form-data; boundary=xyz\r\n")
  }

  // MARK: POST

  @Test("an offer is answered with 201, the answer, where the call is, and its ETag")
  func answers() async throws {
    try await TestServer.run { server in
      let response = try server.post(Self.path + "?model=assistant", offer(), key: TestServer.key, headers: Self.sdp)
      #expect(response.status == 201)
      #expect(response.headers["content-type"] == "application/sdp")
      #expect(response.headers["location"]?.hasPrefix("/v1/realtime/calls/rtc_") == true)
      #expect(response.headers["etag"]?.hasPrefix("\"") == true)
      #expect(response.headers["accept-patch"] == "application/trickle-ice-sdpfrag")
      let answer = response.body
      #expect(answer.hasPrefix("v=0\r\n") && answer.contains("a=ice-lite\r\n"))
      #expect(answer.contains("a=candidate:") && answer.contains(" 127.0.0.1 "))
      #expect(!answer.contains("a=ssrc"))
      #expect(server.registry.count == 1)
    }
  }

  @Test("a form brings the session along, and an ephemeral key its own below it")
  func sessions() async throws {
    try await TestServer.run {
      $0.agents["other"] = Agent(name: "other")
    } _: { server in
      let session = #"{"type":"realtime","model":"other","instructions":"From the form."}"#
      let (body, headers) = form([("sdp", try offer()), ("session", session)])
      let response = try server.post(Self.path, body, key: TestServer.key, headers: headers)
      #expect(response.status == 201)
      let call = try #require(response.headers["location"]?.split(separator: "/").last.map(String.init))
      let sideband = try await server.connect(path: "/v1/realtime?call_id=\(call)", key: TestServer.key)
      let created = await sideband.wait(for: "session.created")
      #expect(created?.sessionID == "sess_" + call.dropFirst(4))
      await sideband.socket.close()

      let secret = try server.clientSecret(#"{"session":{"type":"realtime","model":"other"}}"#)
      let (wrong, more) = form([("sdp", try offer()), ("session", #"{"type":"realtime","model":"assistant"}"#)])
      let refused = try server.post(Self.path, wrong, key: secret, headers: more)
      #expect(refused.status == 403 && code(refused) == "model_not_allowed")
      let (right, same) = form([("sdp", try offer())])
      #expect(try server.post(Self.path, right, key: secret, headers: same).status == 201)
      #expect(server.registry.snapshot().map(\.agent) == ["other", "other"])
    }
  }

  @Test("what is no good is refused with the reason, and opens nothing")
  func refusals() async throws {
    try await TestServer.run { server in
      func post(_ body: String, _ headers: String = Self.sdp, key: String? = TestServer.key, query: String = "") throws
        -> String
      {
        let response = try server.post(Self.path + query, body, key: key, headers: headers)
        return "\(response.status) \(code(response) ?? "-")"
      }
      let offer = try offer()
      #expect(try post(offer, key: nil) == "401 missing_api_key")
      #expect(try post(offer, key: "sk-wrong") == "401 invalid_api_key")
      #expect(try post(offer, "") == "415 unsupported_content_type")
      #expect(try post(offer, "Content-Type: application/json\r\n") == "415 unsupported_content_type")
      #expect(try post("") == "400 invalid_value")
      #expect(try post("v=1") == "400 invalid_sdp")
      #expect(try post("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n") == "400 sdp_no_audio")
      #expect(try post(offer, query: "?model=nobody") == "404 model_not_found")
      #expect(try post(offer, Self.sdp + "Origin: https://evil.example\r\n") == "403 origin_not_allowed")
      #expect(try post("x", "Content-Type: multipart/form-data\r\n") == "400 invalid_value")
      let (noSDP, headers) = form([("session", "{}")])
      #expect(try post(noSDP, headers) == "400 invalid_value")
      let (bad, _) = form([("sdp", offer), ("session", #"{"type":"realtime","audio":{"output":{"speed":9}}}"#)])
      let response = try server.post(Self.path, bad, key: TestServer.key, headers: headers)
      #expect(response.status == 400)
      let listener = try server.clientSecret(#"{"viva":{"scope":"listener"}}"#)
      #expect(try post(offer, key: listener) == "403 insufficient_scope")
      #expect(server.registry.count == 0)
    }
  }

  @Test("calls count as sessions and as connections of their key")
  func limits() async throws {
    try await TestServer.run {
      $0.limits.keySessions = 1
      $0.limits.connectionsPerMinute = 3
    } _: { server in
      #expect(try open(server).status == 201)
      let full = try open(server)
      #expect(full.status == 429 && code(full) == "session_limit_exceeded")
      _ = try open(server)
      #expect(try code(open(server)) == "rate_limit_exceeded")
      #expect(try open(server, key: TestServer.otherKey).status == 201)
    }
  }

  @Test("switched off, it says what to do instead")
  func disabled() async throws {
    try await TestServer.run {
      $0.webRTC.enabled = false
    } _: { server in
      let response = try open(server)
      #expect(response.status == 404 && code(response) == "unsupported_url")
      #expect(response.body.contains("webrtc.enabled"))
    }
  }

  // MARK: A call

  private func request(
    _ server: TestServer, _ method: String, _ path: String, key: String? = TestServer.key, body: String = "",
    headers: String = ""
  ) throws -> FrontDoorTestClient.Response {
    try server.post(path, body, key: key, headers: headers, method: method)
  }

  @Test("DELETE and hangup end the call, for its owner only")
  func hangsUp() async throws {
    try await TestServer.run { server in
      for (method, suffix) in [("DELETE", ""), ("POST", "/hangup")] {
        let location = try #require(try open(server).headers["location"])
        let stranger = try request(server, method, location + suffix, key: TestServer.otherKey)
        #expect(stranger.status == 404 && code(stranger) == "call_not_found")
        #expect(try request(server, method, location + suffix, key: nil).status == 401)
        #expect(server.registry.count == 1)
        #expect(try request(server, method, location + suffix).status == 200)
        while server.registry.count > 0 { try await Task.sleep(for: .milliseconds(5)) }
        while try request(server, method, location + suffix).status != 404 {
          try await Task.sleep(for: .milliseconds(5))
        }
      }
    }
  }

  @Test("candidates are taken, an ICE restart gets new credentials and a new ETag (RFC 9725)")
  func patches() async throws {
    try await TestServer.run { server in
      let opened = try open(server)
      let location = try #require(opened.headers["location"])
      let tag = try #require(opened.headers["etag"])
      func patch(_ body: String, match: String?, type: String = Self.fragment) throws -> FrontDoorTestClient.Response {
        try request(server, "PATCH", location, body: body, headers: type + (match.map { "If-Match: \($0)\r\n" } ?? ""))
      }
      let candidate =
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n"
      #expect(try patch(candidate, match: tag).status == 204)
      #expect(try patch(candidate, match: nil).status == 428)
      #expect(try patch(candidate, match: "\"other\"").status == 412)
      #expect(try patch(candidate, match: tag, type: Self.sdp).status == 415)
      #expect(try code(patch("\u{1}\u{2}", match: tag)) == "invalid_sdp")

      let restart = "a=ice-ufrag:newufrag\r\na=ice-pwd:newpasswordofmorethan22\r\n" + candidate
      let restarted = try patch(restart, match: "*")
      #expect(restarted.status == 200)
      #expect(restarted.headers["content-type"] == "application/trickle-ice-sdpfrag")
      let new = try #require(restarted.headers["etag"])
      #expect(new != tag)
      #expect(restarted.body.contains("a=ice-ufrag:\(new.dropFirst().dropLast())"))
      #expect(try patch(candidate, match: tag).status == 412)
      #expect(try patch(candidate, match: new).status == 204)
    }
  }

  @Test("OPTIONS says what may be sent, to pages of allowed sites too")
  func options() async throws {
    try await TestServer.run { server in
      let calls = try request(server, "OPTIONS", Self.path, key: nil)
      #expect(calls.status == 204)
      #expect(calls.headers["accept-post"] == "application/sdp, multipart/form-data")
      #expect(calls.headers["allow"] == "POST, OPTIONS")
      let call = try request(
        server, "OPTIONS", Self.path + "/rtc_x", key: nil,
        headers: "Origin: http://localhost\r\nAccess-Control-Request-Headers: if-match\r\n")
      #expect(call.headers["accept-patch"] == "application/trickle-ice-sdpfrag")
      #expect(call.headers["access-control-allow-methods"] == "PATCH, DELETE, OPTIONS")
      #expect(call.headers["access-control-allow-headers"] == "if-match")
      let made = try server.post(
        Self.path, try offer(), key: TestServer.key, headers: Self.sdp + "Origin: http://localhost\r\n")
      #expect(made.headers["access-control-expose-headers"]?.contains("Location") == true)
      #expect(try request(server, "GET", Self.path).status == 405)
    }
  }
}
