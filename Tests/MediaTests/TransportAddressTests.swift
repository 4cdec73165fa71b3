import Foundation
import Glibc
import Testing

@testable import Media

@Suite struct TransportAddressTests {
  @Test(
    "an address is printed as it is read",
    arguments: [
      "192.0.2.1:3478", "0.0.0.0:0", "255.255.255.255:65535", "[2001:db8::1]:9", "[::]:0", "[::1]:443",
      "[2001:db8:1:2:3:4:5:6]:1", "[fe80::1]:5",
    ])
  func roundTrips(text: String) throws {
    #expect(try #require(TransportAddress(text)).description == text)
  }

  @Test("IPv4 and its IPv6 notation are one address")
  func normalises() throws {
    let address = try #require(TransportAddress("192.0.2.1:80"))
    #expect(TransportAddress("[::ffff:192.0.2.1]:80") == address)
    #expect(TransportAddress("[::ffff:c000:201]:80") == address)
    #expect(address.isIPv4 && address.ipv4 == 0xC000_0201)
    #expect(address != TransportAddress("192.0.2.1:81"))
    #expect(address != TransportAddress("192.0.2.2:80"))
    #expect(TransportAddress("[::c000:201]:80")?.isIPv4 == false)
    #expect(address.withPort(81) == TransportAddress("192.0.2.1:81"))
  }

  @Test(
    "what is no address with a port is refused",
    arguments: [
      "", ":", ":80", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:+1", "192.0.2.1:8 ",
      "[192.0.2.1]:80", "2001:db8::1:80", "[2001:db8::1]", "[2001:db8::1]80", "[]:80", "[::1%lo]:80", "host:80",
      "192.0.2.256:80", "1.2.3:80", "192.0.2.1\0:80", "[::1\0]:80", "[:80", "[::1:80", "::1]:80", "٣.٣.٣.٣:80",
      "1.2.3.4:٣",
      String(repeating: "1", count: 10_000) + ":1",
    ])
  func refuses(text: String) {
    #expect(TransportAddress(text) == nil)
  }

  @Test("it passes through a socket address and through JSON")
  func converts() throws {
    for text in ["192.0.2.1:3478", "[2001:db8::1]:9"] {
      let address = try #require(TransportAddress(text))
      let socketAddress = address.socketAddress
      #expect(socketAddress.sin6_family == sa_family_t(AF_INET6))
      #expect(TransportAddress(socketAddress) == address)
      let json = try JSONEncoder().encode([address])
      #expect(try JSONDecoder().decode([TransportAddress].self, from: json) == [address])
    }
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([TransportAddress].self, from: Data("[\"host:1\"]".utf8))
    }
  }
}
