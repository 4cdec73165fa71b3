import Gateway
import Testing

/// All front-door tests: each opens sockets and blocks its thread, so one at a time.
@Suite(.serialized) struct FrontDoorTests {}

extension FrontDoorTests {
  @Suite struct HTTP {
    let server = FrontDoorTestServer()

    @Test func aGetReachesTheHandlerDecoded() throws {
      try server.run({ $0.additionalHeaders = ["X-Trace"] }) { port, _ in
        let client = try FrontDoorTestClient(port: port)
        let response = try client.get(
          "/a%20b//./c/../d?model=x%26y&empty&model=z+1",
          headers: "Authorization: Bearer k\r\nX-Trace: t1\r\nX-Forwarded-For: 1.2.3.4\r\n")
        #expect(response.status == 200)
        #expect(response.headers["connection"] == nil)
        let request = try #require(server.requests.first)
        #expect(request.method == .get)
        #expect(request.path == "/a b/d")
        #expect(request.query.map(\.name) == ["model", "empty", "model"])
        #expect(request.query.map(\.value) == ["x&y", "", "z 1"])
        #expect(request.header("Authorization") == "Bearer k")
        #expect(request.header("x-trace") == "t1")
        #expect(request.header("X-Forwarded-For") == "1.2.3.4")
        #expect(request.header("cookie") == nil)
        #expect(request.listener == "client")
        #expect(request.remoteAddress == "127.0.0.1")
      }
    }

    @Test func aConnectionIsKeptForFurtherRequests() throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        for _ in 0..<50 { #expect(try client.get("/").status == 200) }
        #expect(try client.get("/missing").status == 404)
        #expect(try client.upgrade().status == 101)
      }
    }

    @Test func pipelinedGetsAreAnsweredInOrder() throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /missing HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try client.readResponse().status == 200)
        #expect(try client.readResponse().status == 404)
      }
    }

    @Test func headHasTheLengthButNotTheBody() throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        let response = try client.get("/missing", method: "HEAD")
        #expect(response.status == 404)
        #expect(response.headers["content-length"] == "2")
        #expect(try client.get("/").status == 200)  // what follows is not a body
      }
    }

    @Test(arguments: [0, 1, 20_000, 1 << 20]) func aBodyArrivesWhole(length: Int) throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        let body = (0..<length).map { UInt8(0x61 + $0 % 26) }
        client.write("POST /calls HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n")
        for start in stride(from: 0, to: length, by: 7_000) {
          client.write(Array(body[start..<min(start + 7_000, length)]))
        }
        #expect(try client.readResponse().body == String(decoding: body, as: UTF8.self))
        #expect(client.isClosedByServer())
      }
    }

    @Test(arguments: [
      ("POST", "Content-Length: 1048577\r\n", 413), ("POST", "Content-Length: 99999999999999999999\r\n", 400),
      ("POST", "Content-Length: -5\r\n", 400), ("GET", "Content-Length: 5x\r\n", 400),
      ("POST", "Transfer-Encoding: chunked\r\n", 411), ("POST", "", 200), ("PUT", "Content-Length: 0\r\n", 200),
      ("DELETE", "", 200), ("OPTIONS", "", 200), ("PATCH", "", 200), ("BREW", "", 403),
    ])
    func oddBodiesAndMethodsGetAnAnswer(method: String, headers: String, status: Int) throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        #expect(try client.get("/", method: method, headers: headers).status == status)
        #expect(try FrontDoorTestClient(port: port).get("/").status == 200)
      }
    }

    @Test func pipelinedPostsAreNotMixedUp() throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        let post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        client.write(post + post + post)
        #expect(try client.readResponse().body == "abc")
        #expect(client.isClosedByServer())
        #expect(server.requests.count == 1)
        #expect(try FrontDoorTestClient(port: port).get("/").status == 200)
      }
    }

    @Test func aLargeBodyReachesASlowReader() throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port, receiveBuffer: 8_192)
        #expect(try client.get("/large").body.utf8.count == 3_000_000)
        #expect(try client.get("/").status == 200)
      }
    }

    @Test func aHeaderValueCannotStartAnotherHeader() throws {
      try server.run { port, _ in
        let response = try FrontDoorTestClient(port: port).get("/injection")
        #expect(response.headers["x-evil"] == nil)
        #expect(response.headers["x-echo"] == "a  X-Evil: b")
      }
    }

    @Test func anHTTP10ConnectionIsClosed() throws {
      try server.run { port, _ in
        let client = try FrontDoorTestClient(port: port)
        client.write("GET / HTTP/1.0\r\n\r\n")
        #expect(try client.readResponse().status == 200)
        #expect(client.isClosedByServer())
      }
    }

    @Test func eachListenerIsNamed() throws {
      let admin = FrontDoor.Configuration.Listener(id: "admin", host: "localhost", port: 0)
      let door = FrontDoor(
        configuration: .init(listeners: [.init(id: "client", host: "127.0.0.1", port: 0), admin]), handler: server)
      let ports = try door.start()
      defer { door.stop(reason: "over") }
      // The Host header, which the client chooses, does not choose the listener.
      _ = try FrontDoorTestClient(port: ports["client"]!).get("/", headers: "Host: admin\r\n")
      _ = try FrontDoorTestClient(port: ports["admin"]!).get("/", headers: "Host: client\r\n")
      #expect(server.requests.map(\.listener) == ["client", "admin"])
    }

    @Test func aTakenPortIsAnErrorThatSaysSo() throws {
      try server.run { port, _ in
        let second = FrontDoor(
          configuration: .init(listeners: [.init(id: "client", host: "127.0.0.1", port: port)]), handler: server)
        let error = #expect(throws: FrontDoorError.self) { _ = try second.start() }
        #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        let status = try FrontDoorTestClient(port: port).get("/").status
        #expect(status == 200)
      }
    }

    @Test func aMissingCertificateIsAnError() throws {
      let tls = FrontDoor.Configuration.Listener.TLS(certificateFile: "/nowhere.pem", privateKeyFile: "/nowhere.key")
      let door = FrontDoor(
        configuration: .init(listeners: [.init(id: "client", host: "127.0.0.1", port: 0, tls: tls)]), handler: server)
      #expect(throws: FrontDoorError.self) { _ = try door.start() }
    }

    @Test func itOpensAgainAfterAStop() throws {
      for _ in 0..<3 {
        try server.run { port, _ in
          let status = try FrontDoorTestClient(port: port).get("/").status
          #expect(status == 200)
        }
      }
    }
  }
}
