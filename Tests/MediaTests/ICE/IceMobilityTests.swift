import Runtime
import Testing

@testable import Media

@Suite struct IceMobilityTests {
  private let wifi = ServerSide.wifi
  private let mobile = ServerSide.mobile

  @Test("a phone that moves to a network of lower priority is followed at its first nomination")
  func followsRenomination() {
    var (server, client) = ServerSide.connectedPair()
    for _ in 0..<10 {
      _ = server.pass(.milliseconds(2650))
      _ = server.receive(client.nomination(), from: wifi)
    }
    #expect(server.receive(client.check(.init(priority: 1)), from: mobile).output.event == nil)
    #expect(server.selected == wifi)
    #expect(server.receive(client.nomination(priority: 1), from: mobile).output.event == .addressChanged(mobile))
    #expect(server.selected == mobile && server.isValid(wifi))
    #expect(server.receive(client.nomination(), from: wifi).output.event == .addressChanged(wifi))
  }

  @Test("NAT gives the client another port: its next nomination moves media")
  func followsRebinding() {
    var (server, client) = ServerSide.connectedPair()
    _ = server.pass(.seconds(3))
    let rebound = wifi.withPort(2)
    #expect(server.receive(client.nomination(), from: rebound).output.event == .addressChanged(rebound))
  }

  @Test("of several nominations at once the highest priority wins, in any order, without moving back and forth")
  func settlesAggressiveNomination() {
    for order in [[3, 1, 2], [1, 2, 3], [2, 3, 1], [3, 2, 1]] as [[UInt32]] {
      var (server, client) = ServerSide.pair()
      var changes = 0
      for round in 0..<3 {
        for priority in order {
          let source = mobile.withPort(UInt16(priority))
          let event = server.receive(client.nomination(priority: priority), from: source).output.event
          if event != nil { changes += 1 }
          #expect(round == 0 || event == nil)
          _ = server.pass(.milliseconds(50))
        }
      }
      #expect(server.selected == mobile.withPort(3) && changes <= 3)
    }
  }

  @Test("the better address that settled it does not hold a client that is gone from it")
  func leavesADeadAddress() {
    var (server, client) = ServerSide.connectedPair()
    _ = server.pass(.milliseconds(1900))
    #expect(server.receive(client.nomination(priority: 1), from: mobile).output.event == nil)
    _ = server.pass(.milliseconds(100))
    #expect(server.receive(client.nomination(priority: 1), from: mobile).output.event == .addressChanged(mobile))
  }

  @Test("a restart keeps the old path until the client nominates with the new credentials")
  func restarts() throws {
    var (server, client) = ServerSide.connectedPair()
    var random = SeededGenerator(seed: 20)
    var restarted = ScriptedClient(seed: 21, remote: IceCredentials(routingTag: 8, using: &random))
    server.agent.restart(local: restarted.remote, remote: restarted.local)
    #expect(server.agent.localCredentials == restarted.remote)
    #expect(server.agent.remoteCredentials == restarted.local)

    #expect(server.receive(client.nomination(), from: wifi).output.isAuthentic)
    let (output, reply) = server.receive(restarted.check(), from: mobile)
    #expect(output.isAuthentic && output.event == nil)
    #expect(isAuthentic(reply, MessageIntegrityKey(Array(restarted.remote.password.utf8))))
    #expect(server.selected == wifi && server.isValid(mobile) && server.isValid(wifi))
    let checkpoint = try #require(server.checkpoint)
    #expect(checkpoint.current.local == client.remote && checkpoint.restart?.local == restarted.remote)

    #expect(server.receive(restarted.nomination(priority: 1), from: mobile).output.event == .addressChanged(mobile))
    #expect(server.checkpoint?.current.local == restarted.remote && server.checkpoint?.restart == nil)
    #expect(server.isValid(mobile) && !server.isValid(wifi))
    let late = server.receive(client.nomination(), from: wifi)
    #expect(late.output == IceOutput() && late.reply.isEmpty)
  }

  @Test("a restart on the same address moves nothing, and retires the old credentials all the same")
  func restartsInPlace() {
    var (server, client) = ServerSide.connectedPair()
    var random = SeededGenerator(seed: 20)
    var restarted = ScriptedClient(seed: 21, remote: IceCredentials(routingTag: 8, using: &random))
    server.agent.restart(local: restarted.remote)
    #expect(server.agent.remoteCredentials == nil)
    server.agent.setRemoteCredentials(restarted.local)
    #expect(server.receive(restarted.nomination(), from: wifi).output.event == nil)
    #expect(server.isValid(wifi) && server.agent.remoteCredentials == restarted.local)
    #expect(!server.receive(client.check(), from: wifi).output.isAuthentic)
  }

  @Test("a restart that came to nothing is replaced by the next one")
  func replacesRestarts() {
    var (server, client) = ServerSide.connectedPair()
    var random = SeededGenerator(seed: 20)
    var first = ScriptedClient(seed: 21, remote: IceCredentials(routingTag: 8, using: &random))
    var second = ScriptedClient(seed: 22, remote: IceCredentials(routingTag: 9, using: &random))
    server.agent.restart(local: first.remote, remote: first.local)
    _ = server.receive(first.check(), from: mobile)
    server.agent.restart(local: second.remote, remote: second.local)
    #expect(!server.receive(first.nomination(), from: mobile).output.isAuthentic)
    #expect(server.receive(client.nomination(), from: wifi).output.isAuthentic)
    #expect(server.receive(second.nomination(), from: wifi).output.isAuthentic)
    #expect(!server.isValid(mobile) && server.isValid(wifi))
  }

  @Test("a restart before anything was nominated works, with the old credentials or the new")
  func restartsEarly() {
    for usesNew in [false, true] {
      var (server, client) = ServerSide.pair()
      var random = SeededGenerator(seed: 20)
      var restarted = ScriptedClient(seed: 21, remote: IceCredentials(routingTag: 8, using: &random))
      server.agent.restart(local: restarted.remote, remote: restarted.local)
      let nomination = usesNew ? restarted.nomination() : client.nomination()
      #expect(server.receive(nomination, from: wifi).output.event == .selected(wifi))
    }
  }

  @Test("a NAT binds the client anew, which never nominates again: the path follows its checks after 1 s")
  func followsAnUnnominatedCheck() {
    var (server, client) = ServerSide.connectedPair()
    #expect(server.pass(.seconds(3)) == [])
    #expect(server.receive(client.check(), from: ServerSide.mobile).output.event == nil)
    #expect(server.isValid(ServerSide.mobile) && server.selected == ServerSide.wifi)
    #expect(server.pass(.milliseconds(999)) == [])
    #expect(server.pass(.milliseconds(1)) == [.addressChanged(ServerSide.mobile)])
    #expect(server.selected == ServerSide.mobile && server.state == .connected)
  }

  @Test("soon after the nomination a lower priority waits until that has settled, and nothing is due before")
  func waitsUntilSettled() {
    var (server, client) = ServerSide.connectedPair()
    let check = ScriptedClient.Check(priority: 1)
    #expect(server.receive(client.check(check), from: ServerSide.mobile).output.event == nil)
    #expect(server.pass(.milliseconds(1999)) == [])
    #expect(server.pass(.milliseconds(1)) == [.addressChanged(ServerSide.mobile)])
  }

  @Test("a successor has the consent that its check gave, counted from then")
  func successorsConsent() {
    var (server, client) = ServerSide.connectedPair()
    #expect(server.receive(client.check(), from: ServerSide.mobile).output.event == nil)
    #expect(server.pass(.seconds(1)) == [.addressChanged(ServerSide.mobile)])
    #expect(server.pass(.milliseconds(28_999)).last == .disconnected)
    #expect(server.selected == ServerSide.mobile)
    #expect(server.pass(.milliseconds(1)) == [.consentExpired])
  }

  @Test("a spare pair's checks move nothing while the selected address answers")
  func staysWhereItIsAnswered() throws {
    var (server, client) = ServerSide.connectedPair()
    for _ in 0..<20 {
      #expect(server.receive(client.check(), from: ServerSide.mobile).output.event == nil)
      var asked: [UInt8]?
      let events = server.pass(.milliseconds(500)) { check, datagram in
        #expect(check.destination == ServerSide.wifi)
        asked = datagram
      }
      #expect(events == [])
      let request = try #require(asked)
      let response = try #require(client.respond(to: request, seenAt: ServerSide.publicAddress))
      #expect(server.receive(response, from: ServerSide.wifi).output.isAuthentic)
      #expect(server.pass(.seconds(2)) == [])
    }
    #expect(server.selected == ServerSide.wifi)
  }
}
