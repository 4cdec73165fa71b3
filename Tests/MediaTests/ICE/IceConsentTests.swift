import Foundation
import Runtime
import Testing

@testable import Media

@Suite struct IceConsentTests {
  private let wifi = ServerSide.wifi
  private let mobile = ServerSide.mobile

  @Test("a client that checks as browsers do stays connected and is never checked", arguments: [2650, 3900])
  func staysConnected(interval: Int) {
    var (server, client) = ServerSide.connectedPair()
    for _ in 0..<1000 {
      let events = server.pass(.milliseconds(interval)) { _, _ in Issue.record("a check") }
      #expect(events.isEmpty)
      let output = server.receive(client.check(), from: wifi).output
      #expect(output.isAuthentic && output.event == nil)
    }
    #expect(server.state == .connected)
  }

  @Test("silence is told after 7 s, and ends consent after 30 s")
  func expires() {
    let (server, _) = ServerSide.connectedPair()
    #expect(server.pass(.milliseconds(6999)) == [])
    #expect(server.pass(.milliseconds(1)) == [.disconnected])
    #expect(server.state == .disconnected && server.selected == wifi)
    #expect(server.pass(.milliseconds(22_999)) == [])
    #expect(server.isValid(wifi))
    #expect(server.pass(.milliseconds(1)) == [.consentExpired])
    #expect(server.state == .expired && server.selected == nil)
    #expect(!server.isValid(wifi) && server.nextDeadline == nil && server.checkpoint == nil)
    #expect(server.pass(.seconds(1000)) { _, _ in Issue.record("a check") } == [])
  }

  @Test("only the selected address gives consent")
  func wantsTheSelectedAddress() {
    // Without the client's credentials it cannot be asked, so no other address takes its place.
    var random = SeededGenerator(seed: 3)
    let server = ServerSide(IceCredentials(routingTag: 1, using: &random))
    var client = ScriptedClient(seed: 4, remote: server.agent.localCredentials)
    _ = server.receive(client.nomination(), from: wifi)
    var events: [IceEvent] = []
    for _ in 0..<35 {
      events += server.pass(.seconds(1))
      #expect(server.receive(client.check(), from: mobile).output.event == nil)
    }
    #expect(events == [.disconnected, .consentExpired])
  }

  @Test("the client is back: on the old address, on another, and after consent had expired")
  func recovers() {
    var (server, client) = ServerSide.connectedPair()
    #expect(server.pass(.seconds(10)) == [.disconnected])
    #expect(server.receive(client.check(), from: wifi).output.event == .reconnected)
    #expect(server.pass(.seconds(10)) == [.disconnected])
    #expect(server.receive(client.nomination(priority: 1), from: mobile).output.event == .addressChanged(mobile))
    #expect(server.state == .connected)
    #expect(server.pass(.seconds(40)) == [.disconnected, .consentExpired])

    #expect(server.receive(client.check(), from: mobile).output.event == nil)
    #expect(server.isValid(mobile) && server.selected == nil)
    #expect(server.receive(client.nomination(), from: mobile).output.event == .selected(mobile))
    #expect(server.state == .connected)
  }

  @Test("a shell that slept too long learns the end at once")
  func skipsAhead() {
    let (server, _) = ServerSide.connectedPair()
    let late = server.now + .seconds(100)
    #expect(server.agent.advance(to: late) == .consentExpired)
    #expect(server.agent.advance(to: late) == nil)
  }

  @Test("a silent client is checked from 4 s on, each 250 ms; its response is consent")
  func checksTheSilent() throws {
    let (server, client) = ServerSide.connectedPair()
    let start = server.now
    var times: [Int] = []
    var last: [UInt8] = []
    let events = server.pass(.seconds(6)) { check, datagram in
      times.append((server.now - start).milliseconds)
      last = datagram
      #expect(check.destination == wifi)
    }
    #expect(events.isEmpty)
    #expect(times == Array(stride(from: 4000, through: 6000, by: 250)))
    let response = try #require(client.respond(to: last, seenAt: ServerSide.publicAddress))
    let (output, reply) = server.receive(response, from: wifi)
    #expect(output.isAuthentic && output.event == nil && reply.isEmpty)
    #expect(server.pass(.milliseconds(3900)) { _, _ in Issue.record("a check") } == [])
  }

  @Test("a client that never checks again, but responds, stays connected for an hour")
  func keepsClientsWithoutConsentChecks() {
    let (server, client) = ServerSide.connectedPair()
    var checks = 0
    for _ in 0..<3600 {
      var last: [UInt8]?
      let events = server.pass(.seconds(1)) { _, datagram in
        checks += 1
        last = datagram
      }
      #expect(events.isEmpty)
      if let last, let response = client.respond(to: last, seenAt: ServerSide.publicAddress) {
        #expect(server.receive(response, from: wifi).output.isAuthentic)
      }
    }
    #expect(checks <= 900)
  }

  @Test("without the client's credentials no check is sent, and time runs all the same")
  func cannotCheckStrangers() {
    var random = SeededGenerator(seed: 3)
    let server = ServerSide(IceCredentials(routingTag: 1, using: &random))
    var client = ScriptedClient(seed: 4, remote: server.agent.localCredentials)
    _ = server.receive(client.nomination(), from: wifi)
    #expect(server.pass(.seconds(40)) { _, _ in Issue.record("a check") } == [.disconnected, .consentExpired])
  }
}
