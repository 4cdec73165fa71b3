import Gateway
import Glibc
import Testing

extension FrontDoorTests {
  /// Whatever a client does, the next one is served.
  @Suite struct Hostile {
    let server = FrontDoorTestServer()

    @Test func garbageInsteadOfHTTP() throws {
      try server.run { port, _ in
        var random = SystemRandomNumberGenerator.Seeded(seed: 1)
        for round in 0..<300 {
          let client = try FrontDoorTestClient(port: port)
          client.write((0..<(1 + round * 20)).map { _ in UInt8.random(in: 0...255, using: &random) })
          if round % 2 == 0 { client.reset() }
        }
        #expect(try FrontDoorTestClient(port: port).get("/").status == 200)
      }
    }

    @Test func damagedRequests() throws {
      let good = Array(
        """
        GET /v1/realtime?model=a%20b&x=1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
        Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nX-Own: 1\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: realtime, b\r\n\
        Content-Length: 3\r\n\r\nabc
        """.utf8)
      try server.run { port, _ in
        var random = SystemRandomNumberGenerator.Seeded(seed: 2)
        for _ in 0..<600 {
          let client = try FrontDoorTestClient(port: port)
          var bytes = good
          for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = bytes.indices.randomElement(using: &random)!
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(contentsOf: Array("%\r\n:;&, ".utf8).shuffled(using: &random).prefix(3), at: index)
            default: bytes += bytes[index...]
            }
          }
          client.write(bytes)
          client.write(FrontDoorTestClient.frame(1, [0x61]))
        }
        #expect(try FrontDoorTestClient(port: port).get("/").status == 200)
        #expect(eventually { server.handlers.allSatisfy { $0.events.isEmpty || $0.closings.count == 1 } })
      }
    }

    @Test func garbageAfterTheUpgrade() throws {
      try server.run { port, _ in
        var random = SystemRandomNumberGenerator.Seeded(seed: 3)
        for round in 0..<200 {
          let client = try FrontDoorTestClient(port: port)
          #expect(try client.upgrade().status == 101)
          client.write((0..<(1 + round * 7)).map { _ in UInt8.random(in: 0...255, using: &random) })
          if round % 2 == 0 { client.reset() }
        }
        #expect(eventually { server.handlers.allSatisfy { $0.closings.count == 1 } })
        #expect(try FrontDoorTestClient(port: port).get("/").status == 200)
      }
    }

    @Test(
      arguments: [
        [0x83, 0x80, 0, 0, 0, 0],  // a reserved opcode
        [0xc1, 0x80, 0, 0, 0, 0],  // a reserved bit
        [0x80, 0x80, 0, 0, 0, 0],  // a continuation of nothing
        [0x09, 0x80, 0, 0, 0, 0],  // a fragmented ping
        [0x89, 0xfe, 0, 200, 0, 0, 0, 0],  // a long ping
        [0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 1],  // 2^63 - 1 bytes
        [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],  // a negative length
      ] as [[UInt8]])
    func aBrokenFrameEndsTheConnection(frame: [UInt8]) throws {
      try server.run { port, _ in
        let (client, handler) = try server.connect(port)
        client.write(frame)
        // Either a close frame says what is wrong, or the server just hangs up.
        if let close = try? client.readMessage() { #expect([1002, 1009].contains(close.closeCode)) }
        client.close()
        #expect(eventually { handler.closings.count == 1 })
        #expect(handler.events.count == 2)
      }
    }

    @Test func abruptDisconnects() throws {
      try server.run { port, _ in
        for round in 0..<60 {
          let (client, handler) = try server.connect(port)
          handler.connection?.send(binary: [UInt8](repeating: 1, count: 100_000))
          client.write(Array(FrontDoorTestClient.frame(2, [UInt8](repeating: 2, count: 50_000)).prefix(round * 900)))
          if round % 2 == 0 { client.reset() } else { client.close() }
        }
        #expect(eventually { server.handlers.allSatisfy { $0.closings.count == 1 } })
        #expect(server.handlers.allSatisfy { $0.connection?.queuedBytes == 0 })
      }
    }

    @Test func twoHundredConnectionsComeAndGo() throws {
      try server.run { port, _ in
        for _ in 0..<3 {
          let clients = try (0..<200).map { _ in try server.connect(port).0 }
          for (index, client) in clients.enumerated() { client.send(text: "\(index)") }
          for (index, client) in clients.enumerated() { #expect(try client.readMessage().text == "\(index)") }
          for (index, client) in clients.enumerated() {
            if index % 2 == 0 { client.sendClose(1000, "") } else { client.close() }
          }
          #expect(eventually { server.handlers.allSatisfy { $0.closings.count == 1 } })
        }
        #expect(server.handlers.count == 600)
      }
    }

    @Test func connectionsBeyondTheOpenFilesForClientsAreClosedAtOnce() throws {
      try server.run({ $0.clientFiles = 0 }) { port, _ in
        for _ in 0..<300 {
          let client = try FrontDoorTestClient(port: port)
          #expect(client.isClosedByServer())
        }
        #expect(server.requests.isEmpty)
      }
    }

    @Test func aSlowHeaderIsCutOff() throws {
      try server.run({ $0.headerTimeoutSeconds = 1 }) { port, _ in
        let silent = try FrontDoorTestClient(port: port)
        let slow = try FrontDoorTestClient(port: port)
        slow.write("GET / HTTP/1.1\r\nX-Slow: ")
        for _ in 0..<60 where slow.write("a") { usleep(100_000) }
        #expect(!slow.write("b"))
        #expect(silent.isClosedByServer())
      }
    }

    @Test func aSlowBodyIsCutOff() throws {
      try server.run({ $0.bodyTimeoutSeconds = 1 }) { port, _ in
        let slow = try FrontDoorTestClient(port: port)
        let stuck = try FrontDoorTestClient(port: port)
        for client in [slow, stuck] { client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n") }
        for _ in 0..<60 where slow.write("a") { usleep(100_000) }
        #expect(!slow.write("b"))
        #expect(stuck.isClosedByServer())
      }
    }

    @Test func tooLongAHeaderIsCutOff() throws {
      try server.run({ $0.maximumHeaderBytes = 4_096 }) { port, _ in
        #expect(
          try FrontDoorTestClient(port: port).get(
            "/", headers: "Authorization: \(String(repeating: "a", count: 3_000))\r\n"
          ).status == 200)
        let client = try FrontDoorTestClient(port: port)
        client.write("GET / HTTP/1.1\r\nCookie: \(String(repeating: "a", count: 100_000))\r\n\r\n")
        #expect(client.isClosedByServer())
      }
    }

    @Test func aRawTunnelIsNotGranted() throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        client.write("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n")
        #expect(client.isClosedByServer())
      }
    }

    @Test func stopClosesWhatIsOpen() throws {
      let server = FrontDoorTestServer()
      let door = FrontDoor(
        configuration: .init(listeners: [.init(id: "client", host: "127.0.0.1", port: 0)]), handler: server)
      let port = try door.start()["client"]!
      let polite = try server.connect(port).0
      let deaf = try server.connect(port, receiveBuffer: 4_096).0
      _ = try FrontDoorTestClient(port: port).get("/")
      for handler in server.handlers {
        for index in 0..<20 { handler.connection?.send(binary: [UInt8](repeating: UInt8(index), count: 100_000)) }
      }
      let start = ContinuousClock.now
      let stopper = startThread { door.stop(closeCode: 1012, reason: "restarting") }
      for index in 0..<20 { #expect(try polite.readMessage().payload.first == UInt8(index)) }
      let close = try polite.readMessage()
      #expect(close.closeCode == 1012)
      #expect(close.closeReason == "restarting")
      polite.sendClose(1012, "")
      pthread_join(stopper, nil)
      #expect(start.duration(to: .now) < .seconds(10))
      #expect(server.handlers.map(\.closings) == [[.closed(1012, "restarting")], [.closed(1012, "restarting")]])
      #expect(throws: FrontDoorTestClient.Failure.self) { _ = try FrontDoorTestClient(port: port) }
      withExtendedLifetime(deaf) {}
      door.stop(reason: "again")
    }
  }
}

extension SystemRandomNumberGenerator {
  /// SplitMix64: the same garbage at each run.
  struct Seeded: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
  }
}
