import Testing
import VivaConfiguration

@Suite struct TrustedProxyTests {
  let folder = ConfigurationFolder()

  private func contains(_ range: String, _ address: String) throws -> Bool {
    let range = try #require(AddressRange(range))
    return range.contains(try #require(NetworkAddress(address)))
  }

  @Test("a range holds its addresses and no other")
  func ranges() throws {
    for (range, address) in [
      ("10.0.0.0/8", "10.255.0.1"), ("192.0.2.7", "192.0.2.7"), ("192.0.2.7/32", "192.0.2.7"),
      ("10.1.2.3/8", "10.9.9.9"), ("172.16.0.0/12", "172.31.255.255"), ("2001:db8::/33", "2001:db8:7fff::1"),
      ("::1", "::1"), ("::1/128", "0:0::1"), ("10.0.0.0/8", "::ffff:10.1.1.1"), ("128.0.0.0/1", "255.255.255.255"),
    ] {
      let holds = try contains(range, address)
      #expect(holds, "\(range) and \(address)")
    }
    for (range, address) in [
      ("10.0.0.0/8", "11.0.0.1"), ("192.0.2.7", "192.0.2.6"), ("172.16.0.0/12", "172.32.0.0"),
      ("2001:db8::/33", "2001:db8:8000::1"), ("::1", "::2"), ("10.0.0.0/8", "::a01:101"), ("::/1", "10.0.0.1"),
      ("128.0.0.0/1", "127.255.255.255"),
    ] {
      let holds = try contains(range, address)
      #expect(!holds, "\(range) and \(address)")
    }
  }

  @Test("what is no range is named by file, line and place")
  func refusals() {
    let texts = [
      "10.0.0.0/33", "2001:db8::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0/8",
      "proxy.example", "''", "10.0.0.0/99999999999999999999", "10.0.0.0/0x8", "[::1]", "::1%lo",
    ]
    for text in texts {
      let problems = folder.problems(
        "server:\n  trusted_proxies: ['10.0.0.1', \(text.hasPrefix("'") ? text : "'\(text)'")]")
      #expect(problems.count == 1, "\(text)")
      #expect(problems.first?.hasPrefix("viva.yaml:2: server.trusted_proxies[1]: ") == true)
      #expect(problems.first?.contains("10.0.0.0/8 or 2001:db8::/32") == true)
    }
    for everybody in ["0.0.0.0/0", "::/0"] {
      #expect(
        folder.problems("server:\n  trusted_proxies: ['\(everybody)']").first?.contains("believe everybody") == true)
    }
    #expect(folder.problems("server:\n  trusted_proxies: 10.0.0.1").first?.contains("must be a list") == true)
  }

  @Test("none is trusted unless it is said so")
  func defaults() throws {
    #expect(try folder.load("").server.trustedProxies == [])
    let server = try folder.load("server:\n  trusted_proxies: [10.0.0.0/8, '::1']").server
    #expect(server.trustedProxies == [AddressRange("10.0.0.0/8"), AddressRange("::1")])
  }
}
