import Testing

@testable import Media

@Suite struct CandidateTests {
  private static let samples = [
    "candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host",
    "candidate:842163049 1 udp 1677729535 192.0.2.7 46154 typ srflx raddr 10.0.0.17 rport 46154",
    "candidate:a+/9 256 udp 1 2001:db8::1 1 typ relay raddr :: rport 0",
    "candidate:2 2 tcp 1518280447 10.0.0.17 9 typ host",
    "candidate:0 1 udp 1853824767 4f0b1f3e-8a0e-4d2c-9a57-1f1b2f9e4d11.local 51234 typ host",
    "candidate:3 1 udp 1862270975 192.0.2.9 5 typ prflx raddr 192.0.2.1 rport 6",
  ]

  @Test("a candidate is printed as it is read", arguments: samples)
  func roundTrips(text: String) throws {
    let candidate = try #require(Candidate(text))
    #expect(candidate.description == text)
    #expect(Candidate("a=" + text) == candidate)
    #expect(Candidate(text + " generation 0 ufrag EsAw network-cost 999") == candidate)
  }

  @Test("what browsers send is understood")
  func readsBrowsers() throws {
    let chromium = try #require(
      Candidate(
        "candidate:1876313031 1 UDP 2122194687 192.168.0.2 54400 typ host generation 0 ufrag q/Qx network-id 1"))
    #expect(chromium.transport == .udp && chromium.kind == .host && chromium.component == 1)
    #expect(chromium.priority == 2_122_194_687 && chromium.foundation == "1876313031")
    #expect(chromium.address == .ip(try #require(TransportAddress("192.168.0.2:54400"))))
    let tcp = try #require(Candidate("candidate:2 1 TCP 2105524479 192.168.0.2 9 typ host tcptype active"))
    #expect(tcp.transport == .tcp)
    let hidden = try #require(Candidate("candidate:0 1 UDP 2122187007 ABCD-0123.LOCAL 50000 typ host"))
    #expect(hidden.address == .mdns(name: "ABCD-0123.LOCAL", port: 50000))
    let named = try #require(Candidate("candidate:1 1 udp 5 192.0.2.7 4 typ srflx raddr abcd.local rport 9"))
    #expect(named.relatedAddress == nil)
  }

  @Test(
    "what breaks the grammar, or is of no use, is refused",
    arguments: [
      "", "candidate:", "candidate", "a=candidate:", " ", "1 1 udp 5 192.0.2.1 4 typ host",
      "candidate: 1 1 udp 5 192.0.2.1 4", "candidate:1 1 udp 5 192.0.2.1 4 typ", "candidate:1 1 udp 5 192.0.2.1 4 host",
      "candidate:1 0 udp 5 192.0.2.1 4 typ host", "candidate:1 257 udp 5 192.0.2.1 4 typ host",
      "candidate:1 1 sctp 5 192.0.2.1 4 typ host", "candidate:1 1 udp 4294967296 192.0.2.1 4 typ host",
      "candidate:1 1 udp -5 192.0.2.1 4 typ host", "candidate:1 1 udp 5 192.0.2.1 65536 typ host",
      "candidate:1 1 udp 99999999999999999999 192.0.2.1 4 typ host", "candidate:1 1 udp 5 192.0.2.1 4 typ sctp",
      "candidate:1 1 udp 5 example.org 4 typ host", "candidate:1 1 udp 5 .local 4 typ host",
      "candidate:1 1 udp 5 a.b.local 4 typ host", "candidate:1 1 udp 5 a+b.local 4 typ host",
      "candidate:1 1 udp 5 [::1] 4 typ host", "candidate:1 1 udp 5 192.0.2.1 4 typ srflx raddr 192.0.2.2 rport x",
      "candidate:1=2 1 udp 5 192.0.2.1 4 typ host", "candidate:é 1 udp 5 192.0.2.1 4 typ host",
      "candidate:" + String(repeating: "1", count: 33) + " 1 udp 5 192.0.2.1 4 typ host",
      "candidate:1 1 udp 5 " + String(repeating: "a", count: 64) + ".local 4 typ host",
      "candidate:1 1 udp 5 192.0.2.1 4 typ host " + String(repeating: "x", count: 2000),
    ])
  func refuses(text: String) {
    #expect(Candidate(text) == nil)
  }

  @Test("priorities are those of RFC 8445")
  func hasPriorities() {
    #expect(Candidate.priority(.host) == 2_130_706_431)
    #expect(Candidate.priority(.serverReflexive) == 1_694_498_815)
    #expect(Candidate.priority(.peerReflexive) == 1_862_270_975)
    #expect(Candidate.priority(.relayed) == 16_777_215)
    #expect(Candidate.priority(.relayed, localPreference: 0, component: 256) == 0)
    for component in [Int.min, 0, 257, .max] { _ = Candidate.priority(.host, component: component) }
  }

  @Test("a server's candidates are in the order it names its addresses, each with its own foundation")
  func listsHosts() throws {
    let addresses = ["192.0.2.1:1", "[2001:db8::1]:2", "198.51.100.7:3"].compactMap { TransportAddress($0) }
    let hosts = Candidate.hosts(at: addresses, port: 40000)
    #expect(hosts.map(\.address) == addresses.map { .ip($0.withPort(40000)) })
    #expect(hosts.map(\.priority) == hosts.map(\.priority).sorted(by: >) && Set(hosts.map(\.priority)).count == 3)
    #expect(Set(hosts.map(\.foundation)).count == 3)
    #expect(hosts == Candidate.hosts(at: addresses, port: 40000))
    for host in hosts { #expect(Candidate(host.description) == host) }
    #expect(Candidate.hosts(at: [TransportAddress](repeating: .unspecified, count: 70_000), port: 1).count == 70_000)
  }

  @Test("cut and mutated candidates are read or refused", arguments: samples)
  func survivesMutation(text: String) {
    let bytes = Array(text.utf8)
    for count in 0...bytes.count { Candidate.exercise(Array(bytes.prefix(count)).span.bytes) }
    var random = SeededGenerator(seed: UInt64(bytes.count))
    for _ in 0..<5000 {
      var mutant = bytes
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        let offset = Int.random(in: 0..<mutant.count, using: &random)
        mutant[offset] =
          Bool.random(using: &random)
          ? bytes.randomElement(using: &random)! : UInt8.random(in: 0 ... .max, using: &random)
      }
      Candidate.exercise(mutant.span.bytes)
    }
  }

  @Test("credentials have RFC 8839's lengths and characters")
  func checksCredentials() {
    let password = String(repeating: "p", count: 22)
    #expect(IceCredentials(ufrag: "a+/9", password: password) != nil)
    #expect(IceCredentials(ufrag: String(repeating: "u", count: 256), password: password) != nil)
    for ufrag in ["", "abc", "ab:c", "ab c", "abcé", "ab-c", "ab=c", String(repeating: "u", count: 257)] {
      #expect(IceCredentials(ufrag: ufrag, password: password) == nil)
    }
    for password in ["", String(repeating: "p", count: 21), String(repeating: "p", count: 257), password + "\0"] {
      #expect(IceCredentials(ufrag: "abcd", password: password) == nil)
    }
  }

  @Test("random credentials differ, and say nothing when printed")
  func drawsCredentials() {
    var random = SeededGenerator(seed: 1)
    let drawn = (0..<1000).map { _ in IceCredentials(routingTag: 1, using: &random) }
    #expect(Set(drawn.map(\.ufrag)).count == 1000 && Set(drawn.map(\.password)).count == 1000)
    #expect(!"\(drawn)".contains(drawn[0].password))
  }
}
