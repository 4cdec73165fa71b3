import Runtime
import Testing

@testable import Media

/// Checks of this side's own, of an address that authentic media comes from.
@Suite struct IceRebindingTests {
  private let wifi = ServerSide.wifi
  private let mobile = ServerSide.mobile

  /// A pair whose nomination has settled.
  private func settledPair() -> (ServerSide, ScriptedClient) {
    let (server, client) = ServerSide.connectedPair()
    _ = server.pass(.milliseconds(2500))
    return (server, client)
  }

  private func unconfirmed(_ server: ServerSide) -> TransportAddress? { server.agent.unconfirmed?.address }

  private func heard(_ server: ServerSide, from address: TransportAddress) {
    server.agent.heard(from: address, at: server.now)
  }

  @Test("an address that media comes from is asked, and selected when it answers", arguments: [false, true])
  func follows(isDisconnected: Bool) throws {
    let (server, client) = settledPair()
    if isDisconnected { #expect(server.pass(.seconds(6)) == [.disconnected]) }
    heard(server, from: mobile)
    #expect(server.selected == wifi && !server.isValid(mobile))
    var asked: [UInt8]?
    _ = server.pass(.milliseconds(1)) { if $0.destination == mobile { asked = $1 } }
    let request = try #require(asked)
    let response = try #require(client.respond(to: request, seenAt: ServerSide.publicAddress))
    // From elsewhere it says nothing.
    #expect(!server.receive(response, from: ServerSide.attacker).output.isAuthentic)
    #expect(!server.receive(response, from: wifi).output.isAuthentic)
    #expect(server.receive(response, from: mobile).output.event == .addressChanged(mobile))
    #expect(server.selected == mobile && server.state == .connected && server.isValid(mobile))
    // Once.
    #expect(!server.receive(response, from: mobile).output.isAuthentic)
  }

  @Test("each check has a packet of its own, none comes sooner than 250 ms after another, and eight go to one address")
  func bounds() {
    let (server, _) = settledPair()
    var sent: [TransportAddress] = []
    func pass(_ duration: Duration) {
      _ = server.pass(duration) { check, _ in
        if check.destination != wifi { sent.append(check.destination) }
      }
    }
    heard(server, from: mobile)
    pass(.seconds(2))
    #expect(sent == [mobile])
    for _ in 0..<10 {
      heard(server, from: mobile)
      pass(.milliseconds(20))
    }
    #expect(sent.count == 2)
    // Another one has to wait, too.
    heard(server, from: ServerSide.attacker)
    pass(.milliseconds(10))
    #expect(sent.count == 2)
    for _ in 0..<1000 {
      heard(server, from: mobile)
      pass(.milliseconds(10))
    }
    #expect(sent.count == 8)
    heard(server, from: ServerSide.attacker)
    pass(.milliseconds(1))
    #expect(sent.count == 9 && sent.last == ServerSide.attacker)
  }

  @Test("media moves nothing while nominations settle, and once a second afterwards")
  func settles() {
    let (server, client) = ServerSide.connectedPair()
    heard(server, from: mobile)
    #expect(unconfirmed(server) == nil)
    _ = server.pass(.milliseconds(2000))
    var moves = 0
    for round in 0..<40 {
      let target = server.selected == wifi ? mobile : wifi
      heard(server, from: target)
      _ = server.pass(.milliseconds(50)) { check, datagram in
        guard check.destination == target, let response = client.respond(to: datagram, seenAt: target) else { return }
        if server.receive(response, from: target).output.event == .addressChanged(target) { moves += 1 }
      }
      #expect(moves <= round / 20 + 1)
    }
    #expect(moves == 2)
  }

  @Test("a nomination of the client's ends it")
  func endsWithANomination() {
    var (server, client) = settledPair()
    heard(server, from: mobile)
    #expect(server.receive(client.nomination(), from: mobile).output.event == .addressChanged(mobile))
    #expect(unconfirmed(server) == nil)
    heard(server, from: mobile)
    #expect(unconfirmed(server) == nil)
  }

  @Test("without the client's password, or a selected address, nothing is asked")
  func asksNobody() {
    var random = SeededGenerator(seed: 1)
    let local = IceCredentials(routingTag: 7, using: &random)
    var client = ScriptedClient(seed: 2, remote: local)
    let server = ServerSide(local)
    heard(server, from: mobile)
    #expect(unconfirmed(server) == nil)
    _ = server.receive(client.nomination(), from: wifi)
    _ = server.pass(.seconds(3))
    heard(server, from: mobile)
    #expect(unconfirmed(server) == nil)
  }
}
