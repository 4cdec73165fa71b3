import Foundation
import Runtime
import Testing

@testable import Media

@Suite struct IceRecoveryTests {
  private let wifi = ServerSide.wifi
  private let mobile = ServerSide.mobile

  /// The server that takes over from one with `wifi` selected.
  private func restored() throws -> (ServerSide, ScriptedClient) {
    let (server, client) = ServerSide.connectedPair()
    let checkpoint = try #require(server.checkpoint)
    let copy = try JSONDecoder().decode(IceCheckpoint.self, from: JSONEncoder().encode(checkpoint))
    #expect(copy == checkpoint)
    return (ServerSide(restoring: copy), client)
  }

  @Test("a restored server checks the last address each 250 ms until the client answers")
  func checksUntilAnswered() throws {
    let (server, client) = try restored()
    #expect(server.state == .disconnected && server.selected == wifi && server.isValid(wifi))
    #expect(server.nextDeadline == server.now)
    let start = server.now
    var times: [Int] = []
    var last: [UInt8] = []
    var ids: Set<TransactionID> = []
    let events = server.pass(.seconds(3)) { check, datagram in
      times.append((server.now - start).milliseconds)
      last = datagram
      ids.insert(readSTUN(datagram)!.transactionID)
      #expect(check.destination == wifi)
      #expect(client.respond(to: datagram, seenAt: ServerSide.publicAddress) != nil)
    }
    #expect(events.isEmpty)
    #expect(times == Array(stride(from: 0, through: 3000, by: 250)) && ids.count == times.count)

    let response = try #require(client.respond(to: last, seenAt: ServerSide.publicAddress))
    #expect(server.receive(response, from: wifi).output.event == .reconnected)
    #expect(server.state == .connected)
    #expect(server.pass(.milliseconds(3900)) { _, _ in Issue.record("a check") } == [])
  }

  @Test("responses that come late, twice or in disorder count once; lost ones are made up for")
  func survivesLoss() throws {
    let (server, client) = try restored()
    var responses: [[UInt8]] = []
    _ = server.pass(.milliseconds(1900)) { _, datagram in
      responses.append(client.respond(to: datagram, seenAt: ServerSide.publicAddress)!)
    }
    #expect(responses.count == 8)
    #expect(server.receive(responses[0], from: wifi).output.event == .reconnected)
    for response in responses {
      let (output, reply) = server.receive(response, from: wifi)
      #expect(output == IceOutput() && reply.isEmpty)
    }
  }

  @Test("a response to a check of more than two seconds ago is not waited for")
  func forgetsOldChecks() throws {
    let (server, client) = try restored()
    var responses: [[UInt8]] = []
    _ = server.pass(.seconds(2)) { _, datagram in
      responses.append(client.respond(to: datagram, seenAt: ServerSide.publicAddress)!)
    }
    #expect(responses.count == 9)
    #expect(!server.receive(responses[0], from: wifi).output.isAuthentic)
    #expect(server.receive(responses[1], from: wifi).output.isAuthentic)
  }

  @Test("forged responses do nothing: wrong key, id, source, type, an unknown attribute, any changed bit")
  func ignoresForgedResponses() throws {
    let (server, client) = try restored()
    var sent: [UInt8] = []
    _ = server.pass(.zero) { _, datagram in sent = datagram }
    let genuine = try #require(client.respond(to: sent, seenAt: ServerSide.publicAddress))
    let id = try #require(readSTUN(sent)).transactionID
    let key = MessageIntegrityKey(Array(client.local.password.utf8))

    func forge(
      _ id: TransactionID, _ key: MessageIntegrityKey?, type: STUNMessageType = .bindingSuccess, unknown: Bool = false
    ) -> [UInt8] {
      stunMessage(type, id) { writer, buffer in
        if unknown { writer.append(STUNAttributeType(rawValue: 3), [], into: &buffer) }
        if let key { writer.appendMessageIntegrity(key, into: &buffer) }
        writer.appendFingerprint(into: &buffer)
      }
    }
    let forged = [
      forge(id, MessageIntegrityKey(Array(client.remote.password.utf8))), forge(id, nil),
      forge(TransactionID(high: id.high, low: id.low ^ 1), key), forge(id, key, type: .bindingError),
      forge(id, key, type: .bindingIndication), forge(id, key, unknown: true),
    ]
    for response in forged { #expect(server.receive(response, from: wifi).output == IceOutput()) }
    for source in [mobile, wifi.withPort(9)] {
      #expect(server.receive(genuine, from: source).output == IceOutput())
      #expect(!server.isValid(source))
    }
    for bit in 0..<genuine.count * 8 {
      var changed = genuine
      changed[bit / 8] ^= 1 << (bit % 8)
      let isFingerprintType = (genuine.count - 8..<genuine.count - 6).contains(bit / 8)
      #expect(isFingerprintType || server.receive(changed, from: wifi).output == IceOutput())
    }
    #expect(server.state == .disconnected)
    #expect(server.receive(genuine, from: wifi).output.event == .reconnected)
  }

  @Test("the client's own check ends the checks too, from the same address or another")
  func takesTheClientsChecks() throws {
    for source in [wifi, mobile] {
      var (server, client) = try restored()
      _ = server.pass(.seconds(1))
      let output = server.receive(client.nomination(priority: 1), from: source).output
      #expect(output.event == (source == wifi ? .reconnected : .addressChanged(mobile)))
      #expect(server.pass(.milliseconds(3900)) { _, _ in Issue.record("a check") } == [])
    }
  }

  @Test("a check from elsewhere without a nomination does not end them")
  func keepsChecking() throws {
    var (server, client) = try restored()
    #expect(server.receive(client.check(), from: mobile).output.event == nil)
    var checks = 0
    // Short of the time after which that address takes the selected one's place.
    #expect(server.pass(.milliseconds(999)) { _, _ in checks += 1 } == [])
    #expect(checks == 4)
  }

  @Test("a client that never answers is given up after 30 s")
  func givesUp() throws {
    let (server, _) = try restored()
    var checks = 0
    #expect(server.pass(.seconds(100)) { _, _ in checks += 1 } == [.consentExpired])
    #expect(checks == 120)
  }

  @Test("a restart that was under way when the server died can still be finished, or left")
  func restoresARestart() throws {
    for finishes in [true, false] {
      var (server, client) = ServerSide.connectedPair()
      var random = SeededGenerator(seed: 20)
      var restarted = ScriptedClient(seed: 21, remote: IceCredentials(routingTag: 8, using: &random))
      server.agent.restart(local: restarted.remote, remote: restarted.local)
      let after = ServerSide(restoring: try #require(server.checkpoint))
      let nomination = finishes ? restarted.nomination() : client.nomination()
      #expect(after.receive(nomination, from: wifi).output.event == .reconnected)
      #expect(after.receive(client.check(), from: wifi).output.isAuthentic == !finishes)
    }
  }

  @Test("checks can be asked for, and are sent to nobody when nobody is selected")
  func startsOnDemand() {
    let (server, _) = ServerSide.connectedPair()
    var checks = 0
    server.agent.startChecks(at: server.now)
    _ = server.pass(.milliseconds(250)) { _, _ in checks += 1 }
    #expect(checks == 2)
    let (fresh, _) = ServerSide.pair()
    fresh.agent.startChecks(at: fresh.now)
    _ = fresh.pass(.seconds(10)) { _, _ in Issue.record("a check") }
  }

  @Test("the largest check fits what the agent says, and smaller buffers are safe")
  func fitsItsMaximum() throws {
    let long = try #require(
      IceCredentials(ufrag: String(repeating: "u", count: 256), password: String(repeating: "p", count: 256)))
    var agent = IceLiteAgent(
      restoring: IceCheckpoint(current: .init(local: long, remote: long), remoteAddress: wifi),
      at: Instant(nanoseconds: 0))
    var random = SeededGenerator(seed: 1)
    var now = Instant(nanoseconds: 0)
    var largest = 0
    for capacity in 0...IceLiteAgent.maximumMessageByteCount {
      var buffer = [UInt8](repeating: 0, count: capacity)
      var span = buffer.mutableSpan
      var bytes = span.mutableBytes
      if let check = agent.nextCheck(at: now, using: &random, into: &bytes) {
        largest = check.byteCount
        #expect(largest <= capacity)
      }
      now = now + .milliseconds(250)
    }
    #expect(largest > 580)
  }

  @Test("a checkpoint with what cannot be credentials or an address is refused, and nothing prints a password")
  func guardsSecrets() throws {
    let checkpoint = try #require(ServerSide.connectedPair().0.checkpoint)
    let json = String(decoding: try JSONEncoder().encode(checkpoint), as: UTF8.self)
    let password = checkpoint.current.local.password
    #expect(json.contains(password))
    for (old, new) in [("192.0.2.1:1000", "192.0.2.1"), (checkpoint.current.local.ufrag, "a b c"), (password, "short")]
    {
      let changed = json.replacingOccurrences(of: old, with: new)
      #expect(changed != json)
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(IceCheckpoint.self, from: Data(changed.utf8))
      }
    }
    var dumped = ""
    dump(checkpoint, to: &dumped)
    for text in ["\(checkpoint)", String(reflecting: checkpoint), dumped] {
      #expect(!text.contains(password))
    }
  }
}
