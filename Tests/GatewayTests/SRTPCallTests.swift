import Foundation
import Glibc
import Media
import Realtime
import Runtime
import Testing
import VivaConfiguration
import VivaTesting

@testable import Gateway

@Suite("SRTP beside a WebSocket", .timeLimit(.minutes(3)), .serialized)
struct SRTPCallTests {
  private func send(_ offer: String, by caller: Caller) throws {
    let quoted = String(decoding: try JSONEncoder().encode(offer), as: UTF8.self)
    caller.send(#"{"type":"session.update","session":{"type":"realtime","viva":{"srtp":{"sdp":\#(quoted)}}}}"#)
  }

  private func answer(to offer: String, by caller: Caller) async throws -> String {
    try send(offer, by: caller)
    let answer = try #require(await caller.wait(for: "viva.srtp.answer")?.sdp)
    #expect(await caller.wait(for: "session.updated") != nil)
    return answer
  }

  /// A bot that has called.
  private func connect(
    _ server: TestServer, _ profile: SRTPProfile = .aeadAES128GCM
  ) async throws -> (bot: SRTPBot, key: SRTPMasterKey, caller: Caller, answer: String) {
    let bot = try SRTPBot()
    let key = SRTPBot.key(profile)
    let caller = try await server.connect()
    await caller.wait(for: "session.created")
    let answer = try await answer(to: bot.offer(key), by: caller)
    bot.bot.call(try bot.configuration(answer, key: key))
    return (bot, key, caller, answer)
  }

  /// Has the agent answer until it does so over RTP.
  private func isAnswered(_ bot: SRTPBot, _ caller: Caller) async -> Bool {
    for _ in 0..<6 {
      let before = bot.bot.state.voicePackets
      caller.send(#"{"type":"response.create"}"#)
      await caller.wait(for: "response.done")
      if await bot.bot.wait(seconds: 3, for: { $0.voicePackets > before + 20 }) { return true }
    }
    return false
  }

  private func peers(_ server: TestServer) async throws -> Int {
    let metrics = try await server.get("/metrics", port: server.adminPort).body
    return metrics.split(separator: "\n").filter { $0.hasPrefix("viva_webrtc_peers{") }
      .reduce(0) { $0 + (Int($1.split(separator: " ").last ?? "") ?? 0) }
  }

  private func hasNoPeers(_ server: TestServer) async throws -> Bool {
    for _ in 0..<400 {
      if try await peers(server) == 0 { return true }
      try await Task.sleep(for: .milliseconds(20))
    }
    return false
  }

  @Test("who speaks is heard and answered, in both suites", arguments: SRTPProfile.allCases)
  func conversation(profile: SRTPProfile) async throws {
    try await TestServer.run(transcript: "Can you hear me?") { server in
      let (bot, _, caller, answer) = try await connect(server, profile)
      #expect(answer.contains("RTP/SAVP 111") && answer.contains("a=crypto:1 \(profile.sdesName) inline:"))
      #expect(!answer.contains("ice") && !answer.contains("fingerprint"))
      bot.bot.hum(true)
      #expect(await caller.wait(for: "input_audio_buffer.speech_started") != nil)
      try await Task.sleep(for: .milliseconds(500))
      bot.bot.hum(false)
      let heard = await caller.wait(for: "conversation.item.input_audio_transcription.completed")
      #expect(heard?.transcript == "Can you hear me?")
      #expect(await caller.wait(for: "output_audio_buffer.started") != nil)
      #expect(await caller.wait(for: "output_audio_buffer.stopped") != nil)
      #expect(await bot.bot.wait { $0.voicePackets > 70 })
      #expect(!caller.messages.contains { $0.type == "response.output_audio.delta" })
      let list = try await server.get("/sessions", port: server.adminPort).body
      #expect(list.contains(#""call_id":"rtc_"#))
      await caller.socket.close()
      #expect(try await hasNoPeers(server))
      bot.bot.hangUp()
    }
  }

  @Test("packets under another key are dropped, and the audio stays on the WebSocket")
  func wrongKey() async throws {
    try await TestServer.run { server in
      let bot = try SRTPBot()
      let caller = try await server.connect()
      let answer = try await answer(to: bot.offer(SRTPBot.key()), by: caller)
      bot.bot.call(try bot.configuration(answer, key: SRTPBot.key()))
      bot.bot.hum(true)
      try await Task.sleep(for: .milliseconds(500))
      caller.send(#"{"type":"response.create"}"#)
      #expect(await caller.wait(for: "response.output_audio.delta") != nil)
      #expect(await caller.wait(for: "response.done") != nil)
      #expect(bot.bot.state.packets == 0)
      #expect(!caller.messages.contains { $0.type == "input_audio_buffer.speech_started" })
      // Never connected, it is gone with the WebSocket nevertheless.
      #expect(server.registry.count == 1)
      await caller.socket.close()
      #expect(try await hasNoPeers(server))
      bot.bot.hangUp()
    }
  }

  @Test("a packet that is sent again from elsewhere, or forged there, takes nothing away; who moves is followed")
  func addresses() async throws {
    try await TestServer.run { server in
      let (bot, _, caller, answer) = try await connect(server)
      #expect(await isAnswered(bot, caller))
      let section = try Offer(answer).sections[0]
      var stranger = try UDPSocket(boundTo: UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0))
      var batch = DatagramBatch()
      let captured = bot.bot.state.lastSent
      try #require(captured.count > 20)
      var forged = captured
      forged[2] &+= 1
      for datagram in [captured, forged, captured, [0x80, 111] + [UInt8](repeating: 7, count: 40)] {
        batch.nextSlot.copyBytes(from: datagram)
        batch.append(
          datagram.count, to: UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: section.port),
          from: UDPAddress(high: 0, low: 0, port: 0))
      }
      #expect(stranger.send(&batch) == 0)
      #expect(await isAnswered(bot, caller))
      stranger.receive(into: &batch)
      let stolen = batch.count
      #expect(stolen == 0)
      bot.bot.move()
      #expect(await isAnswered(bot, caller))
      await caller.socket.close()
      bot.bot.hangUp()
    }
  }

  @Test("another offer brings other keys, or holds the line; one that uses a key again for something else is refused")
  func renegotiation() async throws {
    try await TestServer.run { server in
      let (bot, first, caller, answered) = try await connect(server)
      #expect(await isAnswered(bot, caller))
      let key = SRTPBot.key()
      let second = try await answer(to: bot.offer(key), by: caller)
      #expect(try Offer(second).sections[0].transport.crypto != Offer(answered).sections[0].transport.crypto)
      bot.bot.replace(try bot.configuration(second, key: key))
      #expect(await isAnswered(bot, caller))
      #expect(server.registry.count == 1)

      let held = try await answer(to: bot.offer(key, direction: .sendonly), by: caller)
      #expect(held.contains("a=recvonly"))
      #expect(try Offer(held).sections[0].transport.crypto == Offer(second).sections[0].transport.crypto)
      try await Task.sleep(for: .milliseconds(200))
      let packets = bot.bot.state.packets
      caller.send(#"{"type":"response.create"}"#)
      #expect(await caller.wait(for: "response.done") != nil)
      #expect(bot.bot.state.packets == packets)
      _ = try await answer(to: bot.offer(key), by: caller)
      #expect(await isAnswered(bot, caller))

      try send(bot.offer(key).replacing("a=ssrc:", with: "a=ssrc:1 cname:x\r\na=ssrc:"), by: caller)
      let refused = await caller.wait(for: "error")?.error
      #expect(refused?.code == "sdp_key_reused" && refused?.param == "session.viva.srtp.sdp")
      #expect(first != key)
      await caller.socket.close()
      #expect(try await hasNoPeers(server))
      bot.bot.hangUp()
    }
  }

  private func without(_ prefix: String, _ offer: String) -> String {
    offer.split(separator: "\r\n").filter { !$0.hasPrefix(prefix) }.map { $0 + "\r\n" }.joined()
  }

  @Test("what is no good is refused with the field and the remedy, and no key is said back")
  func refusals() async throws {
    try await TestServer.run { server in
      let bot = try SRTPBot()
      let key = SRTPBot.key()
      let caller = try await server.connect()
      let offers = [
        ("sdp_ssrc_not_declared", without("a=ssrc", bot.offer(key))),
        ("sdp_no_rtcp_mux", without("a=rtcp-mux", bot.offer(key))),
        ("sdp_no_fingerprint", without("a=crypto", bot.offer(key))),
        ("sdp_unprotected_media", bot.offer(key).replacing("RTP/SAVP", with: "RTP/AVP")),
        ("invalid_sdp", bot.offer(key).replacing(SDESCrypto(tag: 1, key: key).attribute, with: "x y z")),
      ]
      for (code, offer) in offers {
        try send(offer, by: caller)
        let error = await caller.wait(for: "error")?.error
        #expect(error?.code == code && error?.param == "session.viva.srtp.sdp")
        #expect(error?.message.contains(key.sdesParameters.dropFirst("inline:".count)) == false)
      }
      #expect(try await peers(server) == 0)
      await caller.socket.close()
    }
    try await TestServer.run {
      $0.webRTC.enabled = false
    } _: { server in
      let caller = try await server.connect()
      try send(try SRTPBot().offer(SRTPBot.key()), by: caller)
      #expect(await caller.wait(for: "error")?.error?.code == "unsupported_parameter")
      await caller.socket.close()
    }
  }

  @Test("media that never comes is given up, with a word, and the session goes on")
  func neverComes() async throws {
    try await TestServer.run {
      $0.webRTC.connectTimeoutSeconds = 1
    } _: { server in
      let caller = try await server.connect()
      _ = try await answer(to: try SRTPBot().offer(SRTPBot.key()), by: caller)
      #expect(await caller.wait(for: "error")?.error?.code == "srtp_timed_out")
      #expect(try await hasNoPeers(server))
      let (again, key) = (try SRTPBot(), SRTPBot.key())
      let answer = try await answer(to: again.offer(key), by: caller)
      again.bot.call(try again.configuration(answer, key: key))
      #expect(await isAnswered(again, caller))
      await caller.socket.close()
      again.bot.hangUp()
    }
  }

  @Test("keys are taken over TLS, or from this machine, and of a proxy on it when that has the TLS")
  func secrecy() {
    func isPrivate(_ peer: String, _ headers: [String: String] = [:], tls: Bool = false, trusted: Bool = true) -> Bool {
      var request = HTTPRequest(method: .get, path: "/", listener: "client", remoteAddress: peer)
      request.headers = headers
      let ranges = trusted ? ["127.0.0.0/8", "192.0.2.0/24"].compactMap { AddressRange($0) } : []
      return ForwardedAddress(trustedProxies: ranges).isPrivate(request, hasTLS: tls)
    }
    #expect(isPrivate("127.0.0.1") && isPrivate("::1") && isPrivate("198.51.100.1", tls: true))
    #expect(!isPrivate("198.51.100.1") && !isPrivate("192.0.2.1") && !isPrivate(""))
    let (plain, secure) = (["x-forwarded-for": "198.51.100.1"], "https")
    #expect(!isPrivate("127.0.0.1", plain) && !isPrivate("127.0.0.1", plain, trusted: false))
    let forwarded = plain.merging(["x-forwarded-proto": secure]) { $1 }
    #expect(isPrivate("127.0.0.1", forwarded) && !isPrivate("127.0.0.1", forwarded, trusted: false))
    #expect(!isPrivate("192.0.2.1", forwarded))
    #expect(throws: RealtimeError.self) { try SRTPAccess.exposed.endpoint() }
  }

  @Test("an SSRC is one call's until that is over")
  func sources() {
    var sources = DeclaredSources()
    let steps = [
      sources.claim([1, 2], by: 10), sources.claim([2, 3], by: 11), sources.claim([2, 4], by: 10),
      sources.claim([1, 3], by: 11),
    ]
    #expect(steps == [true, false, true, true])
    sources.release(10)
    let freed = sources.claim([2, 4], by: 12)
    #expect(freed)
  }
}
