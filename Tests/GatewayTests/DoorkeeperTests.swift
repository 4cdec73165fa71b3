import Runtime
import Testing
import VivaConfiguration

@testable import Gateway

@Suite("The doorkeeper")
struct DoorkeeperTests {
  private static let key = "sk-right-0123456789"
  private let start = Instant(nanoseconds: 1_000)
  private let keyring = Keyring(serverKeys: ServerKeys(keys: [key]), maximumEphemeralKeys: 10)

  private func doorkeeper(failedLogins: Int = 3, connections: Int = 3) -> Doorkeeper {
    Doorkeeper(keyring: keyring, failedLoginsPerMinute: failedLogins, connectionsPerMinute: connections)
  }

  private func request(_ key: String?, from address: String = "192.0.2.1") -> HTTPRequest {
    var request = HTTPRequest(method: .get, path: "/", listener: "client", remoteAddress: address)
    request.headers["authorization"] = key.map { "Bearer \($0)" }
    return request
  }

  private func status(_ doorkeeper: Doorkeeper, _ request: HTTPRequest, at now: Instant) -> Int {
    do throws(HTTPResponse) {
      _ = try doorkeeper.grant(for: request, at: now)
      return 200
    } catch {
      return error.status
    }
  }

  @Test("lets server keys do all, and names their owner without giving them away")
  func serverKey() throws {
    let grant = try doorkeeper().grant(for: request(Self.key), at: start)
    #expect(grant.scope == .admin)
    #expect(grant.owner.wholeMatch(of: /[0-9a-f]{16}/) != nil)
    #expect(!grant.isEphemeral)
    var browser = request(nil)
    browser.subprotocols = ["realtime", "openai-insecure-api-key.\(Self.key)"]
    #expect(try doorkeeper().grant(for: browser, at: start).owner == grant.owner)
  }

  @Test("stops listening to an address that brings wrong keys, until its minute has passed")
  func failedLogins() {
    let doorkeeper = doorkeeper()
    for _ in 0..<3 { #expect(status(doorkeeper, request("sk-wrong-one"), at: start) == 401) }
    #expect(status(doorkeeper, request("sk-wrong-one"), at: start) == 429)
    #expect(status(doorkeeper, request(Self.key), at: start) == 429, "an answer would tell a guesser")
    #expect(status(doorkeeper, request(Self.key, from: "192.0.2.2"), at: start) == 200)
    #expect(status(doorkeeper, request(Self.key), at: start + .seconds(21)) == 200)
  }

  @Test("counts wrong keys against the whole network of an IPv6 address")
  func sameNetwork() {
    let doorkeeper = doorkeeper()
    for host in 1...3 {
      #expect(status(doorkeeper, request("sk-wrong-one", from: "2001:db8:0:1::\(host)"), at: start) == 401)
    }
    #expect(status(doorkeeper, request("sk-wrong-one", from: "2001:db8:0:1:ffff::9"), at: start) == 429)
    #expect(status(doorkeeper, request("sk-wrong-one", from: "2001:db8:0:2::1"), at: start) == 401)
  }

  @Test("still takes ephemeral keys from an address that brings wrong ones")
  func ephemeralBehindGuesser() throws {
    let doorkeeper = doorkeeper()
    let (key, _) = try keyring.mint(Grant(scope: .caller, owner: "owner"), seconds: 60, at: start)
    for _ in 0..<5 { _ = status(doorkeeper, request("sk-wrong-one"), at: start) }
    #expect(status(doorkeeper, request(key), at: start) == 200)
    #expect(status(doorkeeper, request(key), at: start + .seconds(61)) == 401, "it has expired")
  }

  @Test("limits connections a minute of a key with all ephemeral keys from it, and says how long to wait")
  func connections() throws {
    let doorkeeper = doorkeeper()
    let root = Grant(scope: .admin, owner: "owner")
    let child = Grant(scope: .caller, owner: "owner", expires: start + .seconds(600))
    try doorkeeper.countConnection(of: root, at: start)
    try doorkeeper.countConnection(of: child, at: start)
    try doorkeeper.countConnection(of: child, at: start)
    do throws(HTTPResponse) {
      try doorkeeper.countConnection(of: root, at: start)
      Issue.record("the fourth was let in")
    } catch {
      #expect(error.status == 429)
      #expect(error.headers.contains { $0.name == "Retry-After" && ["20", "21"].contains($0.value) })
    }
    try doorkeeper.countConnection(of: Grant(scope: .admin, owner: "other"), at: start)
    try doorkeeper.countConnection(of: root, at: start + .seconds(21))
  }

  @Test("remembers no more addresses than it has room for, and not the innocent first")
  func boundedTable() {
    var table = RateTable(perMinute: 10, maximumCount: 100)
    for _ in 0..<10 { _ = table.take("guesser", at: start) }
    for number in 0..<10_000 { _ = table.take("address \(number)", at: start) }
    #expect(table.count <= 100)
    #expect(table.wait(for: "guesser", at: start) != nil)
    #expect(table.wait(for: "nobody", at: start) == nil)
  }
}
