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

  @Test("a declared SSRC leads to its peer, but teaches no address before SRTP finds the packet authentic")
  func sources() throws {
    var table = try table()
    let bot = try SRTPBot()
    let key = SRTPBot.key()
    var generator = SystemRandomNumberGenerator()
    var local = LocalTransport(
      credentials: IceCredentials(routingTag: 3, using: &generator), fingerprint: Self.identity.fingerprint,
      candidates: Candidate.hosts(at: [TransportAddress(ipv4: 0x7F00_0001, port: 0)], port: 9))
    local.sdesKeys = [SRTPMasterKey(profile: .aeadAES128GCM, using: &generator)]
    let answer = try Answer(
      to: Offer(bot.offer(key)), policy: AnswerPolicy(tracks: []), local: local, sessionID: 1)
    let configuration = PeerConfiguration(
      answer: answer, identity: Self.identity, ssrc: 1, canonicalName: "x", wallClock: .now)
    table.insert(
      MediaLeg(
        tag: 3, try #require(configuration), try #require(VoicePlan(answer)), isTranscribed: true, at: .now))

    var caller = try UDPSocket(boundTo: UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0))
    let address = TransportAddress(ipv4: 0x7F00_0001, port: caller.port)
    var peer = Peer(try bot.configuration(answer.text, key: key), at: .now)
    var packet = [UInt8](repeating: 0, count: PeerTransmit.maximumByteCount)
    var span = packet.mutableSpan
    var bytes = span.mutableBytes
    let sent = peer.send(
      [1, 2, 3].span.bytes, samples: 960, marker: true, audioLevel: .silence, now: .now, into: &bytes)
    packet.removeSubrange(try #require(sent).byteCount...)
    var forged = packet
    forged[packet.count - 1] ^= 1
    var stranger = packet
    stranger[11] ^= 1

    var batch = DatagramBatch()
    let server = table.sockets[0].address
    for (count, datagram) in [stranger, forged, packet].enumerated() {
      batch.nextSlot.copyBytes(from: datagram)
      batch.append(
        datagram.count, to: UDPAddress(high: server.high, low: server.low, port: server.port),
        from: UDPAddress(high: 0, low: 0, port: 0))
      #expect(caller.send(&batch) == 0)
      for _ in 0..<500 where table.figures.packetsReceived <= count {
        table.receive(0, at: .now)
        usleep(1000)
      }
      let place = table.place(of: address)
      #expect(place == (count == 2 ? 3 : nil))
    }
    let figures = table.figures
    #expect(figures.packetsUnrouted == 1 && figures.packetsDropped == 1)
    table.remove(3, at: .now)
    let left = table.place(of: address)
    #expect(left == nil)
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
