import Realtime
import Runtime
import Testing

@testable import Gateway

@Suite("Ephemeral keys")
struct EphemeralKeysTests {
  private var generator = SystemRandomNumberGenerator()
  private let start = Instant(nanoseconds: 1_000)
  private let grant = Grant(scope: .caller, owner: "owner")

  @Test("are good until they expire, for any number of times")
  mutating func expiry() throws {
    var keys = EphemeralKeys(limit: 10)
    let key = try keys.mint(grant, seconds: 600, at: start, using: &generator)
    for _ in 0..<3 { #expect(keys.grant(for: key, at: start + .seconds(599))?.owner == "owner") }
    #expect(keys.grant(for: key, at: start + .seconds(600)) == nil)
  }

  @Test("live for 10 to 7200 seconds, whatever is asked", arguments: [(-5, 10), (10, 10), (7200, 7200), (.max, 7200)])
  func lifetime(asked: Int, kept: Int) throws {
    var generator = SystemRandomNumberGenerator()
    var keys = EphemeralKeys(limit: 10)
    let key = try keys.mint(grant, seconds: asked, at: start, using: &generator)
    #expect(keys.grant(for: key, at: start)?.expires == start + .seconds(kept))
  }

  @Test("fit into the list of sub-protocols, and differ")
  mutating func shape() throws {
    var keys = EphemeralKeys(limit: 1000)
    var seen: Set<String> = []
    for _ in 0..<1000 { seen.insert(try keys.mint(grant, seconds: 600, at: start, using: &generator)) }
    #expect(seen.count == 1000)
    for key in seen {
      #expect(key.wholeMatch(of: /ek_[A-Za-z0-9_-]{32}/) != nil)
      #expect("realtime, openai-insecure-api-key.\(key), openai-beta.realtime-v1".utf8.count <= 126)
    }
  }

  @Test("are kept as hashes only")
  mutating func hashed() throws {
    var keys = EphemeralKeys(limit: 10)
    let key = try keys.mint(grant, seconds: 600, at: start, using: &generator)
    var shown = ""
    dump(keys, to: &shown)
    #expect(!shown.contains(key.dropFirst(3)))
    #expect(shown.contains("owner"))
  }

  @Test(
    "that nobody made are good for nothing",
    arguments: ["", "ek_", "ek_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "sk-test-0123456789"])
  func unknown(key: String) throws {
    var generator = SystemRandomNumberGenerator()
    var keys = EphemeralKeys(limit: 10)
    _ = try keys.mint(grant, seconds: 600, at: start, using: &generator)
    #expect(keys.grant(for: key, at: start) == nil)
  }

  @Test("are bounded in number; who comes too late is told when there is room, and the expired make it")
  mutating func bounded() throws {
    var keys = EphemeralKeys(limit: 3)
    for seconds in [60, 20, 600] { _ = try keys.mint(grant, seconds: seconds, at: start, using: &generator) }
    #expect(throws: EphemeralKeys.Full(wait: .seconds(15))) {
      _ = try keys.mint(grant, seconds: 60, at: start + .seconds(5), using: &generator)
    }
    _ = try keys.mint(grant, seconds: 60, at: start + .seconds(20), using: &generator)
    #expect(keys.count == 3)
  }

  @Test("are forgotten some time after they expired, also when there is room")
  mutating func purged() throws {
    var keys = EphemeralKeys(limit: 1000)
    for _ in 0..<100 { _ = try keys.mint(grant, seconds: 10, at: start, using: &generator) }
    _ = try keys.mint(grant, seconds: 10, at: start + .seconds(61), using: &generator)
    #expect(keys.count == 1)
  }
}

@Suite("Sessions that ephemeral keys bring along")
struct EphemeralSessionTests {
  private let start = Instant(nanoseconds: 1_000)

  @Test("take a bounded amount of memory, which comes back when keys expire")
  func bounded() throws {
    var generator = SystemRandomNumberGenerator()
    var keys = EphemeralKeys(limit: 10_000)
    let large = Grant(scope: .caller, owner: "owner", session: SessionPatch(), sessionBytes: 1 << 20)
    for _ in 0..<64 { _ = try keys.mint(large, seconds: 10, at: start, using: &generator) }
    let full = #expect(throws: EphemeralKeys.Full.self) {
      try keys.mint(large, seconds: 10, at: start, using: &generator)
    }
    #expect(full?.wait == .seconds(10))
    // A key without a session takes no room.
    _ = try keys.mint(Grant(scope: .caller, owner: "owner"), seconds: 10, at: start, using: &generator)
    let later = start + .seconds(11)
    for _ in 0..<64 { _ = try keys.mint(large, seconds: 10, at: later, using: &generator) }
    #expect(keys.count == 64)
  }
}
