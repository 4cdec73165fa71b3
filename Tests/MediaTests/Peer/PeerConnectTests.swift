import Media
import Runtime
import Testing
import VivaTesting

/// From the first check to audio both ways.
@Suite(.heap(.grows)) struct PeerConnectTests {
  @Test(arguments: [DTLSRole.server, .client], SRTPProfile.allCases)
  func connectsAndTalksBothWays(_ role: DTLSRole, _ profile: SRTPProfile) throws {
    let call = try CallUnderTest {
      $0.role = role; $0.profiles = [profile]
    }
    #expect(call.connect())
    call.talk(for: .seconds(2))
    call.settle()
    #expect(call.server.spoken > 95)
    #expect(call.client.share(of: call.server) == 1)
    #expect(call.server.share(of: call.client) == 1)
    #expect(call.server.statistics.transport.srtpCipher == profile.sdesName)
    #expect(call.server.events.map(\.event).first == .path(.selected(VirtualCall.clientAddress)))
    #expect(call.server.events.map(\.event).contains(.connected))
    #expect(call.server.drops.isEmpty && call.client.drops.isEmpty)
  }

  @Test func isConnectedInFiveRoundTrips() throws {
    let call = try CallUnderTest()
    let start = call.world.now
    #expect(call.connect())
    // 40 ms each: two of ICE (check, nomination), two of DTLS, and steps of the clock.
    #expect(call.world.now - start < .milliseconds(220))
  }

  @Test(arguments: SRTPProfile.allCases)
  func talksWithSDES(_ profile: SRTPProfile) throws {
    let call = CallUnderTest(VirtualCall(sdes: profile, seed: 1))
    // Nothing comes from the client before it talks.
    call.world.network.passes = { !Demux.isRTCP($0.bytes) }
    call.server.isTalking = true
    call.settle()
    #expect(call.server.spoken == 0 && call.client.heard.isEmpty)
    call.world.network.passes = nil
    call.talk(for: .seconds(1))
    call.settle()
    #expect(call.areConnected)
    #expect(call.server.share(of: call.client) == 1)
    #expect(call.server.spoken > 45 && call.client.share(of: call.server) == 1)
  }

  @Test(arguments: [
    "chromium-156", "chromium-156-trickle", "chromium-156-listener", "chromium-156-video-first", "firefox-153",
    "firefox-153-video-first", "safari-26", "aiortc-1.16", "pion-3.1",
  ])
  func connectsByARecordedOffer(_ name: String) throws {
    let call = CallUnderTest(try VirtualCall(recordedOffer: SDPSamples.text(name)))
    #expect(call.connect())
    call.talk(for: .seconds(1))
    call.settle()
    #expect(call.client.share(of: call.server) == 1)
    #expect(call.server.share(of: call.client) == 1)
    #expect(call.server.spoken + call.client.spoken > 45)
  }

  @Test(arguments: [DTLSRole.server, .client])
  func connectsThoughPacketsAreLost(_ role: DTLSRole) throws {
    let call = try CallUnderTest(seed: 3) { $0.role = role }
    // But for DTLS, whose timer is real: see DTLSHandshakeTests.
    call.world.network.conditions = NetworkConditions(loss: 0.3, delay: .milliseconds(50))
    #expect(call.connect(within: .seconds(20)))
  }

  @Test func carriesDataBothWaysAndKeepsTheSSLObject() throws {
    let call = try CallUnderTest { $0.carriesData = true }
    #expect(call.connect())
    let packet = [UInt8](repeating: 7, count: call.server.maximumDataByteCount)
    try call.client.peer.sendData(packet.span.bytes, now: call.world.now)
    try call.server.peer.sendData([UInt8]([1, 2, 3]).span.bytes, now: call.world.now)
    call.settle(.milliseconds(100))
    #expect(call.server.data == [packet])
    #expect(call.client.data == [[1, 2, 3]])
    #expect(throws: DTLSError.tooLarge(packet.count + 1)) {
      try call.client.peer.sendData((packet + [0]).span.bytes, now: call.world.now)
    }
    #expect(call.server.canCarryData)
  }

  @Test func freesTheSSLObjectWithoutADataChannel() throws {
    let call = try CallUnderTest()
    #expect(call.server.canCarryData)
    #expect(call.connect())
    #expect(!call.server.canCarryData)
    #expect(throws: DTLSError.notConnected) {
      try call.server.peer.sendData([UInt8](repeating: 1, count: 1).span.bytes, now: call.world.now)
    }
  }

  @Test func saysGoodbye() throws {
    let call = try CallUnderTest { $0.carriesData = true }
    #expect(call.connect())
    call.talk(for: .milliseconds(200))
    call.client.peer.close(now: call.world.now)
    call.settle(.milliseconds(100))
    #expect(call.client.state == .closed)
    let events = call.server.events.map(\.event)
    #expect(events.contains(.goodbye(ssrc: 0xC11E_0001)))
    #expect(events.contains(.dtlsClosed))
    // Nothing more goes out, and nothing is taken.
    let sent = call.world.network.sent
    call.client.isTalking = true
    call.server.isTalking = false
    call.settle(.milliseconds(200))
    #expect(call.client.spoken <= 12)
    #expect(call.world.network.sent - sent < 5)
  }

  @Test func failsWhenNobodyComes() throws {
    let call = try CallUnderTest()
    call.world.remove(call.client)
    #expect(call.world.run(until: { call.server.failure == .timedOut }, within: .seconds(31)))
    #expect(call.server.nextDeadline == nil)
  }

  @Test func severalSectionsAreToldApartByMid() throws {
    let call = try CallUnderTest { $0.listeningSections = 2 }
    #expect(call.connect())
    #expect(call.server.streamCount == 3)
    for _ in 0..<10 {
      for stream in 0..<3 { call.server.speak(stream: stream, at: call.world.now, into: &call.world.network) }
      call.settle(.milliseconds(20))
    }
    call.settle()
    let sections = Dictionary(grouping: call.client.heard, by: \.audio.section).mapValues(\.count)
    #expect(sections == [0: 10, 1: 10, 2: 10])
    #expect(Set(call.client.heard.map(\.audio.ssrc)).count == 3)
    #expect(call.client.heard.allSatisfy { $0.audio.audioLevel?.decibelsBelowOverload == 30 })
  }
}
