import Gateway
import Glibc
import Synchronization
import Testing

extension FrontDoorTests {
  @Suite struct WebSocket {
    let server = FrontDoorTestServer()

    @Test func anUpgradeIsAcceptedAndMessagesComeBack() throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        let response = try client.upgrade("/v1/realtime?model=a", headers: "Authorization: Bearer k\r\n")
        #expect(response.status == 101)
        // The example of RFC 6455 §1.3.
        #expect(response.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(response.headers["sec-websocket-protocol"] == nil)
        #expect(server.requests.first?.queryValue("model") == "a")
        #expect(server.requests.first?.header("authorization") == "Bearer k")
        client.send(text: "hallo é")
        #expect(try client.readMessage() == .init(opcode: 1, payload: Array("hallo é".utf8)))
        client.send(binary: [0, 255, 254])
        #expect(try client.readMessage() == .init(opcode: 2, payload: [0, 255, 254]))
        client.send(text: "")
        #expect(try client.readMessage() == .init(opcode: 1, payload: []))
      }
    }

    @Test func framesSentWithTheUpgradeAreNotLost() throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        client.write(
          Array(
            """
            GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """.utf8) + FrontDoorTestClient.frame(1, Array("early".utf8)))
        #expect(try client.readResponse().status == 101)
        #expect(try client.readMessage().text == "early")
      }
    }

    @Test func aRefusalIsAnOrdinaryResponse() throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        let response = try client.upgrade("/refused")
        #expect(response.status == 429)
        #expect(response.headers["retry-after"] == "3")
        #expect(response.headers["connection"] == "close")
        #expect(response.body == #"{"error":{}}"#)
        #expect(client.isClosedByServer())
        #expect(server.handlers.isEmpty)
      }
    }

    @Test(
      arguments: [
        ("realtime", 101, "realtime"), ("realtime, openai-insecure-api-key.sk-1_a", 101, "realtime"),
        ("openai-insecure-api-key.sk-1_a,realtime", 101, "realtime"), ("something-else", 400, nil),
        ("realtime, openai-insecure-api-key.\(String(repeating: "k", count: 200))", 400, nil),
      ] as [(String, Int, String?)])
    func theKnownSubprotocolIsEchoed(offer: String, status: Int, echo: String?) throws {
      try server.run { port, _ in
        let response = try FrontDoorTestClient(port: port).upgrade(subprotocols: offer)
        #expect(response.status == status)
        #expect(response.headers["sec-websocket-protocol"] == echo)
        if status == 101 { #expect(server.requests.first?.subprotocols.count == offer.split(separator: ",").count) }
      }
    }

    @Test(arguments: [
      ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n", 426),
      ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", 400),
      ("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", 400),
      ("Upgrade: h2c\r\nConnection: Upgrade\r\n", 200), ("Upgrade: tea\r\nConnection: Upgrade\r\n", 403),
    ])
    func aMalformedUpgradeIsAnswered(headers: String, status: Int) throws {
      try server.run { port, _ in
        // Also on a connection that has been used before, where libwebsockets takes another path.
        for warmUps in 0..<2 {
          let client = try FrontDoorTestClient(port: port)
          for _ in 0..<warmUps { _ = try client.get("/") }
          #expect(try client.get("/", headers: headers).status == status)
          #expect(client.isClosedByServer())
        }
      }
    }

    @Test(arguments: [300_000, 5_000_000]) func aLongMessageIsPutTogether(length: Int) throws {
      try server.run({ $0.maximumSendQueueBytes = 6_000_000 }) { port, _ in
        let (client, _) = try server.connect(port)
        let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        client.send(binary: message)
        #expect(try client.readMessage() == .init(opcode: 2, payload: message))
      }
    }

    @Test func fragmentsArePutTogetherAroundControlFrames() throws {
      try server.run { port, _ in
        let (client, handler) = try server.connect(port)
        let bytes = Array("fragmentes é".utf8)
        // The last character is cut in two.
        client.write(FrontDoorTestClient.frame(1, Array(bytes[..<4]), final: false))
        client.write(FrontDoorTestClient.frame(9, [1, 2, 3]))
        client.write(FrontDoorTestClient.frame(10, [0xff]))
        client.write(FrontDoorTestClient.frame(0, Array(bytes[4..<(bytes.count - 1)]), final: false))
        client.write(FrontDoorTestClient.frame(0, Array(bytes[(bytes.count - 1)...])))
        #expect(try client.readFrame() == .init(opcode: 10, payload: [1, 2, 3]))
        #expect(try client.readMessage().text == "fragmentes é")
        #expect(handler.events == [.opened, .message("fragmentes é", binary: false)])
      }
    }

    @Test(arguments: [false, true]) func tooLongAMessageIsRefused(fragmented: Bool) throws {
      try server.run({ $0.maximumMessageBytes = 10_000 }) { port, _ in
        let (client, handler) = try server.connect(port)
        client.send(binary: [UInt8](repeating: 0, count: 10_000))
        #expect(try client.readMessage().payload.count == 10_000)
        if fragmented {
          client.write(FrontDoorTestClient.frame(2, [UInt8](repeating: 0, count: 6_000), final: false))
          client.write(FrontDoorTestClient.frame(0, [UInt8](repeating: 0, count: 6_000), final: false))
        } else {
          client.send(binary: [UInt8](repeating: 0, count: 10_001))
        }
        let close = try client.readMessage()
        #expect(close.opcode == 8)
        #expect(close.closeCode == 1009)
        client.sendClose(1009, "")
        #expect(client.isClosedByServer())
        #expect(eventually { handler.closings == [.closed(1009, "message is longer than 10000 bytes")] })
      }
    }

    @Test(arguments: [[0xff, 0xfe], [0x61, 0xc3], [0xed, 0xa0, 0x80]] as [[UInt8]])
    func invalidUTF8IsRefused(bytes: [UInt8]) throws {
      try server.run { port, _ in
        let (client, handler) = try server.connect(port)
        client.write(FrontDoorTestClient.frame(1, bytes, final: false))
        client.write(FrontDoorTestClient.frame(0, []))
        #expect(try client.readMessage().closeCode == 1007)
        client.send(text: "ignored")
        client.sendClose(1007, "")
        #expect(eventually { handler.closings.count == 1 })
        #expect(handler.events == [.opened, .closed(1007, "text is not UTF-8")])
      }
    }

    @Test func theClientsCloseIsAnsweredAndReported() throws {
      try server.run { port, _ in
        let (client, handler) = try server.connect(port)
        client.sendClose(3_210, "au revoir é")
        let answer = try client.readMessage()
        #expect(answer.closeCode == 3_210)
        #expect(client.isClosedByServer())
        #expect(eventually { handler.closings == [.closed(3_210, "au revoir é")] })
        handler.connection?.send(text: Array("too late".utf8))
        handler.connection?.close(code: 1000, reason: "")
        #expect(handler.connection?.queuedBytes == 0)
      }
    }

    @Test func aCloseOfOursFollowsWhatIsQueued() throws {
      let server = FrontDoorTestServer { connection, _, _ in
        for index in 0..<1_000 { connection.send(text: Array("message \(index)".utf8)) }
        connection.close(code: 4_000, reason: String(repeating: "é", count: 100))
        connection.send(text: Array("ignored".utf8))
      }
      try server.run { port, _ in
        let (client, handler) = try server.connect(port)
        client.send(text: "go")
        for index in 0..<1_000 { #expect(try client.readMessage().text == "message \(index)") }
        let close = try client.readMessage()
        #expect(close.closeCode == 4_000)
        #expect(close.closeReason == String(repeating: "é", count: 61))  // 123 bytes at most
        client.send(text: "ignored")
        client.sendClose(4_000, "")
        #expect(client.isClosedByServer())
        #expect(eventually { handler.closings.count == 1 })
        #expect(handler.events.count == 3)
      }
    }

    @Test func aClientThatDoesNotAnswerACloseIsDropped() throws {
      try server.run({ $0.closeTimeoutSeconds = 1 }) { port, _ in
        let (client, handler) = try server.connect(port)
        handler.connection?.close(code: 1000, reason: "done")
        #expect(try client.readMessage().closeCode == 1000)
        #expect(client.isClosedByServer())
        #expect(eventually { handler.closings == [.closed(1000, "done")] })
      }
    }

    @Test func aClientThatDoesNotReadIsClosedAndItsQueueFreed() throws {
      try server.run({ $0.maximumSendQueueBytes = 1_000_000 }) { port, _ in
        let (client, handler) = try server.connect(port, receiveBuffer: 4_096)
        let connection = try #require(handler.connection)
        let chunk = [UInt8](repeating: 7, count: 50_000)
        var highest = 0
        for _ in 0..<400 {
          connection.send(binary: chunk)
          highest = max(highest, connection.queuedBytes)
          usleep(500)
        }
        #expect(highest <= 1_000_000 + 200)
        #expect(eventually { handler.closings == [.closed(1008, "client is not reading")] })
        #expect(connection.queuedBytes == 0)
        #expect(client.isClosedByServer())
      }
    }

    @Test func aSlowClientThatWakesUpIsToldWhyItIsClosed() throws {
      try server.run({ $0.maximumSendQueueBytes = 100_000 }) { port, _ in
        let (client, handler) = try server.connect(port)
        let connection = try #require(handler.connection)
        connection.send(binary: [1])
        connection.send(binary: [UInt8](repeating: 7, count: 200_000))
        var last = try client.readMessage()
        while last.opcode != 8 { last = try client.readMessage() }
        #expect(last.closeCode == 1008)
        #expect(last.closeReason == "client is not reading")
        client.sendClose(1008, "")
        #expect(eventually { handler.closings.count == 1 })
      }
    }

    @Test func pausedReadingHoldsMessagesBackUntilItResumes() throws {
      try server.run({ configuration in
        configuration.pingIntervalSeconds = 1
        configuration.pongTimeoutSeconds = 2
      }) { port, _ in
        let (client, handler) = try server.connect(port)
        let connection = try #require(handler.connection)
        connection.pauseReading()
        usleep(200_000)
        for index in 0..<20 { client.send(text: "\(index)") }
        sleep(4)  // longer than the time-out for pongs, which cannot be read
        #expect(handler.events.count <= 2)
        #expect(handler.closings.isEmpty)
        connection.resumeReading()
        #expect(eventually { handler.events.count == 21 })
        #expect(handler.events.last == .message("19", binary: false))
      }
    }

    @Test func pausingFromInsideACallbackKeepsTheRestForLater() throws {
      let server = FrontDoorTestServer { connection, _, _ in connection.pauseReading() }
      try server.run { port, _ in
        let (client, handler) = try server.connect(port)
        let frames = (0..<50).flatMap { FrontDoorTestClient.frame(1, Array("\($0)".utf8)) }
        client.write(frames)
        for expected in 0..<50 {
          #expect(eventually { handler.events.count >= expected + 2 })
          handler.connection?.resumeReading()
        }
        #expect(handler.events.dropFirst() == (0..<50).map { .message("\($0)", binary: false) }[...])
      }
    }

    @Test func aClientThatAnswersNoPingIsDropped() throws {
      try server.run({ configuration in
        configuration.pingIntervalSeconds = 1
        configuration.pongTimeoutSeconds = 2
      }) { port, _ in
        let (client, handler) = try server.connect(port)
        #expect(try client.readFrame().opcode == 9)
        #expect(client.isClosedByServer())
        #expect(eventually { handler.closings == [.closed(nil, "")] })
      }
    }

    @Test func aClientThatAnswersPingsStays() throws {
      try server.run({ configuration in
        configuration.pingIntervalSeconds = 1
        configuration.pongTimeoutSeconds = 3
      }) { port, _ in
        let (client, handler) = try server.connect(port)
        for _ in 0..<6 {
          let ping = try client.readFrame()
          #expect(ping.opcode == 9)
          client.write(FrontDoorTestClient.frame(0xA, ping.payload))
        }
        client.send(text: "still here")
        #expect(try client.readMessage().text == "still here")
        #expect(handler.closings.isEmpty)
      }
    }

    @Test func eachThreadsMessagesKeepTheirOrder() throws {
      try server.run { port, _ in
        let (client, handler) = try server.connect(port)
        let connection = try #require(handler.connection)
        let threads = (0..<8).map { thread in
          startThread {
            for index in 0..<2_000 { connection.send(text: Array("\(thread) \(index)".utf8)) }
          }
        }
        var next = [Int](repeating: 0, count: 8)
        for _ in 0..<16_000 {
          let parts = try client.readMessage().text.split(separator: " ").compactMap { Int($0) }
          #expect(parts[1] == next[parts[0]])
          next[parts[0]] += 1
        }
        for thread in threads { pthread_join(thread, nil) }
      }
    }
  }
}
