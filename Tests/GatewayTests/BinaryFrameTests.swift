import Testing
import VivaConfiguration

@testable import Gateway

@Suite("Binary frames", .timeLimit(.minutes(2)))
struct BinaryFrameTests {
  private func connect(_ server: TestServer, _ path: String = "/v1/realtime?model=assistant") throws
    -> FrontDoorTestClient
  {
    let client = try FrontDoorTestClient(port: server.port)
    let answer = try client.upgrade(path, headers: "Authorization: Bearer \(TestServer.key)\r\n")
    #expect(answer.status == 101)
    return client
  }

  /// Reads until an event of `type` comes; the packets before it are counted.
  private func read(_ client: FrontDoorTestClient, until type: String) throws -> (event: JSONText, packets: Int) {
    var packets = 0
    while true {
      let frame = try client.readMessage()
      if frame.opcode == 0x2 {
        packets += 1
        continue
      }
      let event = JSONText(frame.text)
      if frame.opcode != 0x1 || event["type"] as? String == type { return (event, packets) }
    }
  }

  @Test("carry the voice as Opus packets when the client wants it, and none to a sideband")
  func packets() async throws {
    try await TestServer.run { server in
      try await onThread { try packets(server) }
    }
  }

  private func packets(_ server: TestServer) throws {
    let client = try connect(server)
    let id = try #require(try read(client, until: "session.created").event["session", "id"] as? String)
    let sideband = try connect(server, "/v1/realtime?call_id=\(id)")
    client.send(
      text:
        #"{"type":"session.update","session":{"type":"realtime","audio":{"output":{"format":{"type":"audio/opus"}}}}}"#
    )
    #expect(try read(client, until: "session.updated").packets == 0)
    client.send(text: #"{"type":"response.create"}"#)
    // About two seconds of speech, 20 ms a packet.
    #expect(try read(client, until: "response.done").packets > 50)
    #expect(try read(sideband, until: "response.done").packets == 0)
  }

  @Test("that nobody agreed on are an error, and the session goes on")
  func unexpected() async throws {
    try await TestServer.run { server in
      try await onThread { try unexpected(server) }
    }
  }

  private func unexpected(_ server: TestServer) throws {
    let client = try connect(server)
    let id = try #require(try read(client, until: "session.created").event["session", "id"] as? String)
    let sideband = try connect(server, "/v1/realtime?call_id=\(id)")
    for frame in [[], [0], [UInt8](repeating: 7, count: 100_000)] {
      for socket in [client, sideband] {
        socket.send(binary: frame)
        #expect(try read(socket, until: "error").event["error", "code"] as? String == "invalid_message")
      }
    }
    client.send(text: #"{"type":"response.create"}"#)
    _ = try read(client, until: "response.done")
  }
}
