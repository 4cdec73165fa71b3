import Glibc
import Media
import Runtime
import Testing

@testable import Gateway

/// A NAT that binds a caller anew: whom what comes from the new address is for.
@Suite struct MediaTableRoutesTests {
  private static let identity: DTLSIdentity = {
    do { return try DTLSIdentity.generate(notBefore: 0, notAfter: 4_000_000_000) } catch { fatalError("\(error)") }
  }()
  private static let ssrc: UInt32 = 0xC11E_0001

  private func table() throws -> MediaTable {
    let sockets = UnsafeMutablePointer<MediaSocket>.allocate(capacity: 1)
    sockets.initialize(to: try MediaSocket(boundTo: TransportAddress(ipv4: 0x7F00_0001, port: 0)))
    return MediaTable(sockets: sockets, count: 1, maximumHalfOpen: 4, seed: 1)
  }

  /// What was negotiated does not matter here.
  private func voice() throws -> VoicePlan {
    var generator = SystemRandomNumberGenerator()
    let local = LocalTransport(
      credentials: IceCredentials(routingTag: 0, using: &generator), fingerprint: Self.identity.fingerprint,
      candidates: [])
    let answer = try Answer(
      to: Offer(CallBot().offer.text), policy: AnswerPolicy(tracks: []), local: local, sessionID: 1)
    return try #require(VoicePlan(answer))
  }

  private func caller(_ tag: UInt32, in table: inout MediaTable, ssrc: UInt32 = ssrc) throws -> ReboundCaller {
    let caller = try ReboundCaller(tag, ssrc: ssrc, to: table.sockets[0].address)
    table.insert(MediaLeg(tag: tag, caller.server, try voice(), isTranscribed: true, at: .now))
    return caller
  }

  /// Lets everybody do their part until it is so; some seconds at most.
  @discardableResult
  private func run(
    _ table: inout MediaTable, _ callers: [ReboundCaller], until condition: (inout MediaTable) -> Bool
  ) -> Bool {
    for _ in 0..<1000 {
      if condition(&table) { return true }
      for caller in callers { caller.work() }
      table.receive(0, at: .now)
      for slot in 0..<table.legCount where table.tag(at: slot) != nil { table.advance(slot, to: .now) }
      table.flush()
      usleep(1000)
    }
    return condition(&table)
  }

  /// One that has been heard.
  private func connected(_ tag: UInt32, in table: inout MediaTable, ssrc: UInt32 = ssrc) throws -> ReboundCaller {
    let caller = try caller(tag, in: &table, ssrc: ssrc)
    let isConnected = run(&table, [caller]) {
      caller.isConnected && $0.legs[PeerTags.slot(of: tag)]!.peer.state == .connected
    }
    #expect(isConnected)
    let before = table.figures.packetsReceived
    caller.speak()
    run(&table, []) { $0.figures.packetsReceived > before }
    return caller
  }

  @Test("audio from a new address is found by its SSRC, and the voice follows when a check is answered")
  func rebinding() throws {
    var table = try table()
    let caller = try connected(3, in: &table)
    let old = caller.address
    caller.isRebound = true
    let new = caller.address
    // Somebody else with that SSRC.
    var received = table.figures.packetsReceived
    caller.speak(isForged: true)
    run(&table, []) { $0.figures.packetsReceived > received }
    var place = table.place(of: new)
    #expect(place == nil)
    let figures = table.figures
    #expect(figures.packetsUnrouted == 0 && figures.packetsDropped == 1)

    received = table.figures.packetsReceived
    caller.speak()
    run(&table, []) { $0.figures.packetsReceived > received }
    place = table.place(of: new)
    #expect(place == 3)
    let selected = table.legs[3]!.peer.remoteAddress
    #expect(selected == old)
    let hasMoved = run(&table, [caller]) { $0.legs[3]!.peer.remoteAddress == new }
    #expect(hasMoved)

    table.remove(3, at: .now)
    place = table.place(of: new)
    let sources = table.bySource
    #expect(place == nil && sources.isEmpty)
  }

  @Test("two callers with one SSRC are each heard where they are known, and neither is heard in the other's place")
  func collision() throws {
    var table = try table()
    let first = try connected(0, in: &table)
    let second = try connected(1, in: &table)
    var sources = table.bySource
    var figures = table.figures
    #expect(sources == [Self.ssrc: 0] && figures.packetsDropped == 0)
    var heard = table.legs[1]!.jitter.statistics.packetsReceived
    #expect(heard == 1)

    // The one who came later is looked for at the other, and not found.
    second.isRebound = true
    let received = table.figures.packetsReceived
    second.speak()
    run(&table, []) { $0.figures.packetsReceived > received }
    var place = table.place(of: second.address)
    heard = table.legs[0]!.jitter.statistics.packetsReceived
    figures = table.figures
    #expect(place == nil && heard == 1 && figures.packetsDropped == 1)

    first.isRebound = true
    let new = first.address
    first.speak()
    let hasMoved = run(&table, [first]) { $0.legs[0]!.peer.remoteAddress == new }
    place = table.place(of: new)
    #expect(hasMoved && place == 0)
    table.remove(0, at: .now)
    table.remove(1, at: .now)
    sources = table.bySource
    #expect(sources.isEmpty)
  }

  @Test("an SSRC that was declared is its call's, whoever was heard with it before")
  func declared() throws {
    var table = try table()
    _ = try connected(0, in: &table)
    var configuration = try ReboundCaller(1, ssrc: 9, to: table.sockets[0].address).server
    configuration.audio[0].remoteSources = [Self.ssrc]
    table.insert(MediaLeg(tag: 1, configuration, try voice(), isTranscribed: true, at: .now))
    var sources = table.bySource
    #expect(sources == [Self.ssrc: 1])
    table.remove(0, at: .now)
    sources = table.bySource
    #expect(sources == [Self.ssrc: 1])
    table.remove(1, at: .now)
    sources = table.bySource
    #expect(sources.isEmpty)
  }

  @Test("a caller is found by the newest two SSRCs that they were heard with")
  func fewSources() throws {
    var table = try table()
    _ = try connected(0, in: &table)
    for ssrc in 1...9 as ClosedRange<UInt32> { table.learn(source: ssrc, of: 0) }
    let sources = table.bySource
    #expect(sources == [8: 0, 9: 0])
  }
}
