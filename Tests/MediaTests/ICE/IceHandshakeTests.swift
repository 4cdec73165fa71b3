import Runtime
import Testing

@testable import Media

@Suite struct IceHandshakeTests {
  private let wifi = ServerSide.wifi
  private let mobile = ServerSide.mobile

  private func key(_ credentials: IceCredentials) -> MessageIntegrityKey {
    MessageIntegrityKey(Array(credentials.password.utf8))
  }

  @Test("a check makes its address valid, a nomination selects it", arguments: [ServerSide.wifi, ServerSide.mobile])
  func connects(address: TransportAddress) throws {
    var (server, client) = ServerSide.pair()
    #expect(server.state == .new && server.selected == nil && server.nextDeadline == nil)
    #expect(!server.isValid(address) && server.checkpoint == nil)

    let check = client.check()
    var (output, reply) = server.receive(check, from: address)
    #expect(output.isAuthentic && output.event == nil)
    #expect(server.isValid(address) && server.selected == nil && server.state == .new)
    let response = try #require(readSTUN(reply))
    #expect(response.type == .bindingSuccess)
    #expect(response.transactionID == readSTUN(check)?.transactionID)
    #expect(response.xorMappedAddress == address)
    #expect(response.hasFingerprint && isAuthentic(reply, key(client.remote)))
    #expect(reply.count <= check.count)

    (output, reply) = server.receive(client.nomination(), from: address)
    #expect(output.event == .selected(address))
    #expect(readSTUN(reply)?.type == .bindingSuccess)
    #expect(server.selected == address && server.state == .connected)

    (output, reply) = server.receive(client.nomination(), from: address)
    #expect(output.event == nil && !reply.isEmpty)
  }

  @Test("a check is answered before the client's credentials are known, and with a new sender's fragment")
  func answersBeforeTheAnswer() {
    var random = SeededGenerator(seed: 3)
    let server = ServerSide(IceCredentials(routingTag: 1, using: &random))
    var client = ScriptedClient(seed: 4, remote: server.agent.localCredentials)
    #expect(server.agent.remoteCredentials == nil)
    #expect(server.receive(client.nomination(), from: wifi).output.event == .selected(wifi))
    #expect(server.checkpoint?.current.remote == nil)
    server.agent.setRemoteCredentials(client.local)
    #expect(server.agent.remoteCredentials == client.local)
    #expect(server.checkpoint?.current.remote == client.local)
  }

  @Test("a retransmitted check is answered again; one without FINGERPRINT or PRIORITY is answered too")
  func answersLeniently() {
    var (server, client) = ServerSide.pair()
    let check = client.check()
    let first = server.receive(check, from: wifi).reply
    #expect(!first.isEmpty)
    #expect(server.receive(check, from: wifi).reply == first)
    let plain = client.check(.init(priority: nil, nominates: true, hasFingerprint: false))
    #expect(server.receive(plain, from: wifi).output.event == .selected(wifi))
  }

  @Test("who claims to be controlled is told to change roles, and nothing else happens")
  func repairsRoles() throws {
    var (server, client) = ServerSide.pair()
    let check = client.check(.init(nominates: true, isControlled: true))
    let (output, reply) = server.receive(check, from: wifi)
    #expect(output.isAuthentic && output.event == nil)
    let response = try #require(readSTUN(reply))
    #expect(response.type == .bindingError && response.errorCode == 487)
    #expect(response.hasFingerprint && isAuthentic(reply, key(client.remote)))
    #expect(reply.count < check.count)
    #expect(!server.isValid(wifi) && server.selected == nil)
  }

  @Test("an attribute that must be understood and is not is named")
  func refusesUnknownAttributes() throws {
    var (server, client) = ServerSide.pair()
    let (output, reply) = server.receive(
      client.check(.init(nominates: true, unknown: [0x7000, 0x8001, 3])), from: wifi)
    #expect(output.isAuthentic && output.event == nil)
    let response = try #require(readSTUN(reply))
    #expect(response.errorCode == 420)
    #expect(reply[try #require(response.unknownAttributes)] == [0x70, 0, 0, 3])
    #expect(isAuthentic(reply, key(client.remote)))
    #expect(!server.isValid(wifi))
  }

  @Test("indications, errors and responses to nothing are ignored")
  func ignoresOtherMessages() {
    var (server, client) = ServerSide.connectedPair()
    let id = TransactionID(high: 1, low: 1)
    for type in [STUNMessageType.bindingIndication, .bindingError, .bindingSuccess, STUNMessageType(rawValue: 3)] {
      for secret in [client.local, client.remote] {
        let datagram = stunMessage(type, id) { writer, buffer in
          writer.appendUsername(Array(client.remote.ufrag.utf8), Array(client.local.ufrag.utf8), into: &buffer)
          writer.appendMessageIntegrity(key(secret), into: &buffer)
          writer.appendFingerprint(into: &buffer)
        }
        let (output, reply) = server.receive(datagram, from: wifi)
        #expect(output == IceOutput() && reply.isEmpty)
      }
    }
    client.remote = IceCredentials(ufrag: "other", password: client.remote.password)!
    #expect(server.receive(client.check(), from: mobile).output == IceOutput())
  }

  @Test("a reply that does not fit is not written, at any size")
  func survivesSmallBuffers() {
    var (server, client) = ServerSide.pair()
    let size = server.receive(client.check(), from: mobile).reply.count
    for capacity in 0..<size { #expect(server.receive(client.check(), from: mobile, capacity: capacity).reply.isEmpty) }
    #expect(server.receive(client.check(), from: mobile, capacity: size).reply.count == size)
  }

  @Test("the routing tag leads to the peer, whatever the datagram")
  func readsRoutingTags() throws {
    var random = SeededGenerator(seed: 5)
    for tag in [0, 1, 63, 64, 0xDEAD_BEEF, .max] as [UInt32] {
      let credentials = IceCredentials(routingTag: tag, using: &random)
      #expect(IceCredentials(ufrag: credentials.ufrag, password: credentials.password) == credentials)
      var client = ScriptedClient(seed: 6, remote: credentials)
      #expect(routingTag(client.check()) == tag)
    }
    for (ufrag, isTag) in [("AAAAAA", true), ("AAAAA", false), ("//////", false), ("AAAAAE", false), ("AAAAAD", true)] {
      let password = String(repeating: "p", count: 22)
      var client = ScriptedClient(seed: 6, remote: try #require(IceCredentials(ufrag: ufrag, password: password)))
      #expect((routingTag(client.check()) != nil) == isTag)
    }
    #expect(routingTag(STUNSamples.ipv4Response) == nil)
  }

  private func routingTag(_ datagram: [UInt8]) -> UInt32? {
    readSTUN(datagram)?.routingTag(in: datagram.span.bytes)
  }
}
