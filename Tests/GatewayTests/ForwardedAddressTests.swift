import Runtime
import Testing
import VivaConfiguration

@testable import Gateway

@Suite("Whom a proxy forwards", .timeLimit(.minutes(2)))
struct ForwardedAddressTests {
  private let addresses = ForwardedAddress(
    trustedProxies: ["127.0.0.0/8", "10.0.0.0/8", "2001:db8:1::/48"].compactMap { AddressRange($0) })

  private func client(_ peer: String, _ forwarded: String?) -> String {
    var request = HTTPRequest(method: .get, path: "/", listener: "client", remoteAddress: peer)
    request.headers["x-forwarded-for"] = forwarded
    return addresses.client(of: request)
  }

  @Test(
    "is the nearest address that is no trusted proxy's",
    arguments: [
      ("10.0.0.1", "192.0.2.1", "192.0.2.1"), ("10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1"),
      // What stands before the first stranger is the stranger's word.
      ("10.0.0.1", "198.51.100.9, 192.0.2.1", "192.0.2.1"),
      ("10.0.0.1", "127.0.0.1, 192.0.2.1, 10.0.0.3,10.0.0.2", "192.0.2.1"),
      ("2001:db8:1::5", "2001:db8:2::7", "2001:db8:2::7"),
      ("10.0.0.1", "192.0.2.1:51234", "192.0.2.1"), ("10.0.0.1", "[2001:db8:2::7]:51234", "2001:db8:2::7"),
      ("10.0.0.1", "[2001:db8:2::7]", "2001:db8:2::7"),
      // Proxies all the way: the farthest of them.
      ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ])
  func nearest(peer: String, forwarded: String, expected: String) {
    #expect(client(peer, forwarded) == expected)
  }

  @Test("is nobody's word but a trusted proxy's")
  func stranger() {
    #expect(client("192.0.2.66", "198.51.100.9") == "192.0.2.66")
    #expect(client("10.0.0.1", nil) == "10.0.0.1")
    let none = ForwardedAddress(trustedProxies: [])
    var request = HTTPRequest(method: .get, path: "/", listener: "client", remoteAddress: "127.0.0.1")
    request.headers["x-forwarded-for"] = "192.0.2.1"
    #expect(none.client(of: request) == "127.0.0.1")
  }

  @Test(
    "is the last who could be believed, when the rest is nonsense",
    arguments: [
      "unknown", "_hidden", "", ",,,", "192.0.2.1.", "[::1", "999.1.1.1", "192.0.2.1 192.0.2.2",
      "::ffff:1:2:3:4:5:6:7:8:9",
    ])
  func nonsense(forwarded: String) {
    #expect(client("10.0.0.1", forwarded) == "10.0.0.1")
    #expect(
      client("10.0.0.1", "198.51.100.9, \(forwarded), 10.0.0.2")
        == (forwarded.allSatisfy { $0 == "," } ? "198.51.100.9" : "10.0.0.2"))
  }

  @Test("is found in a header of many kilobytes")
  func long() {
    let forwarded = String(repeating: "10.0.0.2, ", count: 1500)
    #expect(client("10.0.0.1", "192.0.2.1, \(forwarded)10.0.0.3") == "192.0.2.1")
  }

  private func status(_ server: TestServer, _ forwarded: String, key: String = "sk-wrong-one") throws -> Int {
    let client = try FrontDoorTestClient(port: server.port)
    return try client.upgrade(
      "/v1/realtime?model=assistant", headers: "Authorization: Bearer \(key)\r\n\(forwarded)"
    ).status
  }

  @Test("is who pays for wrong keys, not the proxy and not who can invent a header")
  func failedLogins() async throws {
    try await TestServer.run {
      $0.limits.failedLoginsPerMinute = 2
      $0.server.trustedProxies = [AddressRange("127.0.0.1")].compactMap { $0 }
    } _: { server in
      // The guesser invents addresses; the proxy adds the one that it sees, in a line of its own or in the same.
      let guesses = try [
        "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.1\r\n",
        "X-Forwarded-For: 198.51.100.2, 192.0.2.1\r\n", "X-Forwarded-For: 198.51.100.3, 192.0.2.1\r\n",
        "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n",
        // RFC 7239 is not read, so it cannot be used to hide.
        "Forwarded: for=192.0.2.4\r\nX-Forwarded-For: 192.0.2.1\r\n",
      ].map { try status(server, $0) }
      #expect(guesses == [401, 401, 429, 401, 429])
      #expect(try status(server, "X-Forwarded-For: 192.0.2.3\r\n", key: TestServer.key) == 101)
    }
  }
}
