import Foundation
import Media
import Testing
import VivaConfiguration
import VivaTesting

@testable import Gateway

@Suite("Rooms over UDP", .timeLimit(.minutes(3)), .serialized)
struct RoomCallTests {
  private func post(
    _ server: TestServer, _ bot: CallBot, key: String, query: String = ""
  ) throws -> FrontDoorTestClient.Response {
    try server.post(
      "/v1/realtime/calls" + query, bot.offer.text, key: key, headers: "Content-Type: application/sdp\r\n")
  }

  private func code(_ response: FrontDoorTestClient.Response) -> String? {
    JSONText(response.body)["error", "code"] as? String
  }

  /// A caller who is connected, the id of the call, and who watches its events.
  private func caller(_ server: TestServer) async throws -> (bot: CallBot, id: String, sideband: Caller) {
    let bot = try CallBot()
    let response = try post(server, bot, key: TestServer.key)
    let id = try #require(response.headers["location"]?.split(separator: "/").last.map(String.init))
    let sideband = try await server.connect(path: "/v1/realtime?call_id=\(id)", key: TestServer.key)
    await sideband.wait(for: "session.created")
    try bot.call(response.body)
    try #require(await bot.wait { $0.isConnected })
    return (bot, id, sideband)
  }

  /// A guest who is connected, and where their part is.
  private func guest(
    _ server: TestServer, of id: String, scope: String, role: String = ""
  ) async throws -> (bot: CallBot, location: String, key: String) {
    let key = try server.clientSecret(#"{"viva":{"scope":"\#(scope)","call_id":"\#(id)"}}"#)
    let bot = try CallBot()
    let response = try post(server, bot, key: key, query: "?call_id=\(id)\(role)")
    #expect(response.status == 201, "\(response.body)")
    try bot.call(response.body)
    try #require(await bot.wait { $0.isConnected })
    return (bot, try #require(response.headers["location"]), key)
  }

  @Test("guests hear the agent and the caller, and the caller hears a guest who may speak")
  func hears() async throws {
    try await TestServer.run { server in
      let (caller, id, sideband) = try await caller(server)
      let listener = try await guest(server, of: id, scope: "listener")
      let human = try await guest(server, of: id, scope: "human")
      await sideband.wait(for: "viva.room.participant_joined")
      await sideband.wait(for: "viva.room.participant_joined")

      // The agent, to everybody.
      sideband.send(#"{"type":"response.create"}"#)
      await sideband.wait(for: "output_audio_buffer.stopped")
      for bot in [caller, listener.bot, human.bot] { #expect(await bot.wait { $0.voicePackets > 60 }) }

      // A guest who may speak, to the others and not to themselves; the agent does not hear them.
      let before = (caller.state.voicePackets, listener.bot.state.voicePackets, human.bot.state.voicePackets)
      human.bot.hum(true)
      #expect(await caller.wait { $0.voicePackets > before.0 + 40 })
      #expect(await listener.bot.wait { $0.voicePackets > before.1 + 40 })
      human.bot.hum(false)
      #expect(human.bot.state.voicePackets < before.2 + 20)
      #expect(!sideband.messages.contains { $0.type == "input_audio_buffer.speech_started" })
      let speaker = await sideband.wait(for: "viva.room.active_speaker")
      #expect(speaker != nil)

      // A listener is heard by nobody.
      let quiet = caller.state.voicePackets
      listener.bot.hum(true)
      try await Task.sleep(for: .milliseconds(500))
      listener.bot.hum(false)
      #expect(caller.state.voicePackets < quiet + 20)

      // One guest leaves, the session goes on; with the caller everybody goes.
      #expect(try server.post(human.location, "", key: human.key, method: "DELETE").status == 200)
      #expect(await sideband.wait(for: "viva.room.participant_left") != nil)
      #expect(server.registry.count == 1)
      caller.hangUp()
      await sideband.wait(for: "never")
      #expect(await listener.bot.wait { $0.hasEnded })
      #expect(server.registry.count == 0)
    }
  }

  @Test("who may not come in is told why")
  func refusals() async throws {
    try await TestServer.run {
      $0.limits.roomGuests = 1
    } _: { server in
      let (bot, id, _) = try await caller(server)
      let path = "?call_id=\(id)"
      func refusal(_ key: String, _ query: String) throws -> String {
        let response = try post(server, try CallBot(), key: key, query: query)
        return "\(response.status) \(code(response) ?? "-")"
      }
      let callerKey = try server.clientSecret()
      let listener = try server.clientSecret(#"{"viva":{"scope":"listener"}}"#)
      #expect(try refusal(callerKey, path) == "403 insufficient_scope")
      #expect(try refusal(TestServer.otherKey, path) == "404 call_not_found")
      #expect(try refusal(TestServer.key, "?call_id=rtc_none") == "404 call_not_found")
      #expect(try refusal(listener, path + "&role=speak") == "403 insufficient_scope")
      #expect(try refusal(TestServer.key, path + "&role=takeover") == "400 invalid_value")
      #expect(try refusal(TestServer.key, path + "&role=king") == "400 invalid_value")
      #expect(try post(server, try CallBot(), key: listener, query: path).status == 201)
      #expect(try refusal(listener, path) == "429 room_full")
      bot.hangUp()
    }
  }
}
