import Glibc
import Media
import Runtime
import Testing

@testable import Gateway

@Suite struct MediaTableTests {
  private static let identity: DTLSIdentity = {
    do { return try DTLSIdentity.generate(notBefore: 0, notAfter: 4_000_000_000) } catch { fatalError("\(error)") }
  }()

  private func table() throws -> MediaTable {
    let sockets = UnsafeMutablePointer<MediaSocket>.allocate(capacity: 1)
    sockets.initialize(to: try MediaSocket(boundTo: TransportAddress(ipv4: 0x7F00_0001, port: 0)))
    return MediaTable(sockets: sockets, count: 1, maximumHalfOpen: 4, seed: 1)
  }

  private func leg(_ tag: UInt32, at now: Instant) throws -> MediaLeg {
    let bot = try CallBot()
    var generator = SystemRandomNumberGenerator()
    let local = LocalTransport(
      credentials: IceCredentials(routingTag: tag, using: &generator), fingerprint: Self.identity.fingerprint,
      candidates: Candidate.hosts(at: [TransportAddress(ipv4: 0x7F00_0001, port: 0)], port: 9))
    let answer = try Answer(
      to: Offer(bot.offer.text), policy: AnswerPolicy(tracks: []), local: local, sessionID: 1)
    let configuration = PeerConfiguration(
      answer: answer, identity: Self.identity, ssrc: tag, canonicalName: "x", wallClock: .now)
    let voice = VoicePlan(answer)
    return MediaLeg(
      tag: tag, try #require(configuration), try #require(voice), isTranscribed: true, at: now)
  }

  private func address(_ port: UInt16) -> TransportAddress { TransportAddress(ipv4: 0xC000_0201, port: port) }

  @Test("an address leads to the peer that was heard from it, and to another only once that one is silent")
  func addresses() throws {
    var table = try table()
    let start = Instant.now
    table.insert(try leg(0, at: start))
    table.insert(try leg(1, at: start))
    table.learn(address(1), leadsTo: 0, at: start)
    // Somebody with credentials of their own who forges the source.
    table.learn(address(1), leadsTo: 1, at: start + .milliseconds(500))
    var place = table.place(of: address(1))
    #expect(place == 0)
    table.learn(address(1), leadsTo: 1, at: start + .milliseconds(1600))
    place = table.place(of: address(1))
    #expect(place == 1)
  }

  @Test("a peer has a few addresses, and takes them along when it goes")
  func bounds() throws {
    var table = try table()
    let now = Instant.now
    table.insert(try leg(0, at: now))
    for port in 1...20 { table.learn(address(UInt16(port)), leadsTo: 0, at: now) }
    var places = (1...20).map { table.place(of: address(UInt16($0))) }
    #expect(places.compactMap(\.self).count == MediaLeg.maximumAddresses)
    #expect(places.last == 0)
    table.remove(0, at: now)
    places = (1...20).map { table.place(of: address(UInt16($0))) }
    #expect(places.allSatisfy { $0 == nil })
    // A tag that was given back, and one of a place that never was.
    let isThere = table.has(0) || table.has(65_535)
    #expect(!isThere)
    table.remove(0, at: now)
  }

  @Test("what is for nobody is counted and never answered")
  func strangers() throws {
    var table = try table()
    table.insert(try leg(5, at: .now))
    let server = table.sockets[0].address
    var client = try UDPSocket(boundTo: UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0))
    var batch = DatagramBatch()
    // A binding request for a peer that is not there, one for nobody, RTP, DTLS, and what is nothing.
    let transaction = [UInt8](repeating: 7, count: 12)
    let user: [UInt8] = [0, 6, 0, 8] + Array("GAAAAA:x".utf8)
    let datagrams: [[UInt8]] = [
      [0, 1, 0, UInt8(user.count), 0x21, 0x12, 0xA4, 0x42] + transaction + user,
      [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42] + transaction, [0x80, 111] + [UInt8](repeating: 0, count: 30),
      [22, 0xFE, 0xFD] + [UInt8](repeating: 0, count: 30), [0xFF], [],
    ]
    for datagram in datagrams {
      batch.nextSlot.copyBytes(from: datagram)
      batch.append(
        datagram.count, to: UDPAddress(high: server.high, low: server.low, port: server.port),
        from: UDPAddress(high: 0, low: 0, port: 0))
    }
    #expect(client.send(&batch) == 0)
    for _ in 0..<500 where table.figures.packetsReceived < 6 {
      table.receive(0, at: .now)
      usleep(1000)
    }
    let figures = table.figures
    #expect(figures.packetsReceived == 6)
    #expect(figures.packetsUnrouted == 6)
    #expect(figures.packetsSent == 0)
    client.receive(into: &batch)
    let answers = batch.count
    #expect(answers == 0)
  }
}
