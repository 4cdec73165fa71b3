import Runtime
import Testing

@testable import Media

@Suite struct IceAttackTests {
  private let wifi = ServerSide.wifi
  private let mobile = ServerSide.mobile
  private let attacker = ServerSide.attacker

  @Test("forged integrity gets no answer and changes nothing")
  func ignoresForgedIntegrity() {
    var (server, client) = ServerSide.connectedPair()
    client.remote = IceCredentials(ufrag: client.remote.ufrag, password: "0123456789012345678901")!
    for check in [
      client.nomination(), client.check(.init(nominates: true, hasIntegrity: false)),
      client.check(.init(isControlled: true)), client.check(.init(unknown: [3])),
    ] {
      let (output, reply) = server.receive(check, from: attacker)
      #expect(output == IceOutput() && reply.isEmpty)
    }
    #expect(!server.isValid(attacker) && server.selected == wifi)
  }

  @Test("a fragment that is another's, or only begins like ours, gets no answer")
  func ignoresForgedFragments() {
    let (server, client) = ServerSide.connectedPair()
    let key = MessageIntegrityKey(Array(client.remote.password.utf8))
    let ours = Array(client.remote.ufrag.utf8)
    let theirs = Array(client.local.ufrag.utf8)
    var usernames = [
      theirs + [58] + ours, ours, ours + [59] + theirs, ours + theirs, [], [58], [58] + ours + [58], ours + ours + [58],
    ]
    usernames += (0..<ours.count).map { Array(ours.prefix($0)) + [58] + theirs }
    usernames += (0..<ours.count).map { index in
      var changed = ours
      changed[index] ^= 1
      return changed + [58] + theirs
    }
    for username in usernames {
      let check = stunMessage(.bindingRequest, TransactionID(high: 2, low: 2)) { writer, buffer in
        writer.append(.username, username, into: &buffer)
        writer.appendUseCandidate(into: &buffer)
        writer.appendMessageIntegrity(key, into: &buffer)
        writer.appendFingerprint(into: &buffer)
      }
      let (output, reply) = server.receive(check, from: attacker)
      #expect(output == IceOutput() && reply.isEmpty)
    }
    #expect(!server.isValid(attacker))
  }

  @Test("what follows MESSAGE-INTEGRITY cannot nominate")
  func ignoresAppendedAttributes() {
    let (server, client) = ServerSide.connectedPair()
    let check = stunMessage(.bindingRequest, TransactionID(high: 2, low: 2)) { writer, buffer in
      writer.appendUsername(Array(client.remote.ufrag.utf8), Array(client.local.ufrag.utf8), into: &buffer)
      writer.appendMessageIntegrity(MessageIntegrityKey(Array(client.remote.password.utf8)), into: &buffer)
      writer.appendUseCandidate(into: &buffer)
      writer.appendFingerprint(into: &buffer)
    }
    #expect(server.receive(check, from: mobile).output.event == nil)
    #expect(server.selected == wifi)
  }

  @Test("a check that somebody heard and sends from another address is not taken, not even as an error")
  func ignoresReplays() {
    var (server, client) = ServerSide.pair()
    let heard = [
      client.check(), client.nomination(), client.check(.init(isControlled: true)), client.check(.init(unknown: [3])),
    ]
    for check in heard { #expect(server.receive(check, from: wifi).output.isAuthentic) }
    for check in heard {
      let (output, reply) = server.receive(check, from: attacker)
      #expect(output == IceOutput() && reply.isEmpty)
    }
    #expect(!server.isValid(attacker) && server.selected == wifi)
    // The client itself may move.
    #expect(server.receive(client.check(), from: mobile).output.isAuthentic)
  }

  @Test("a client that repeats one check does not make the server forget the others")
  func remembersThroughRetransmissions() {
    var (server, client) = ServerSide.pair()
    let heard = client.nomination()
    _ = server.receive(heard, from: wifi)
    let repeated = client.check()
    for _ in 0..<1000 { _ = server.receive(repeated, from: wifi) }
    for _ in 0..<30 { _ = server.receive(client.check(), from: wifi) }
    #expect(!server.receive(heard, from: attacker).output.isAuthentic)
  }

  @Test("a replay so old that it is taken moves media no longer than to the client's next check")
  func recoversFromOldReplays() {
    var (server, client) = ServerSide.connectedPair()
    let heard = client.nomination()
    _ = server.receive(heard, from: wifi)
    for _ in 0..<100 {
      _ = server.pass(.milliseconds(2650))
      _ = server.receive(client.nomination(), from: wifi)
    }
    #expect(server.receive(heard, from: attacker).output.event == .addressChanged(attacker))
    #expect(server.receive(client.nomination(), from: wifi).output.event == .addressChanged(wifi))
  }

  @Test("one client holds no more than eight addresses, and never loses the selected one")
  func boundsAddresses() {
    var (server, client) = ServerSide.connectedPair()
    for port in 1...200 as ClosedRange<UInt16> {
      _ = server.pass(.milliseconds(1))
      #expect(server.receive(client.check(), from: mobile.withPort(port)).output.isAuthentic)
    }
    #expect((1...200 as ClosedRange<UInt16>).filter { server.isValid(mobile.withPort($0)) } == Array(194...200))
    #expect(server.isValid(wifi) && server.selected == wifi)
  }

  @Test("an address is valid as long as a check is recent")
  func forgetsAddresses() {
    var (server, client) = ServerSide.connectedPair()
    _ = server.receive(client.check(), from: mobile)
    for second in 1...40 {
      _ = server.pass(.seconds(1))
      _ = server.receive(client.check(), from: wifi)
      #expect(server.isValid(mobile) == (second < 30))
    }
    #expect(server.isValid(wifi))
  }

  @Test("mutated and cut checks change nothing, whatever their FINGERPRINT", arguments: [1, 2, 3])
  func survivesMutation(seed: UInt64) {
    var (server, client) = ServerSide.connectedPair(seed: seed)
    var random = SeededGenerator(seed: seed)
    let checks = [
      client.nomination(), client.check(.init(nominates: true, hasFingerprint: false)),
      client.check(.init(nominates: true, unknown: [0x8001], hasFingerprint: false)),
    ]
    for check in checks {
      for count in 0..<check.count {
        #expect(!server.receive(Array(check.prefix(count)), from: attacker).output.isAuthentic)
      }
      let end = readSTUN(check)!.hasFingerprint ? check.count - 8 : check.count
      for _ in 0..<10_000 {
        var mutant = check
        for _ in 0...Int.random(in: 0..<3, using: &random) {
          let offset = Int.random(in: 0..<end, using: &random)
          guard offset != 2 && offset != 3 else { continue }
          mutant[offset] ^= UInt8.random(in: 1 ... .max, using: &random)
        }
        guard mutant != check else { continue }
        let (output, reply) = server.receive(mutant, from: attacker)
        #expect(output == IceOutput() && reply.isEmpty)
      }
    }
    #expect(server.selected == wifi && !server.isValid(attacker))
  }

  @Test("authentic requests with any attributes are safe")
  func survivesHostileClients() {
    var random = SeededGenerator(seed: 11)
    for _ in 0..<5000 {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 0..<6, using: &random) {
        let type = [0x06, 0x08, 0x09, 0x0A, 0x20, 0x24, 0x25, 0x29, 0x2A, 0x28, 3].randomElement(using: &random)!
        let count = Int.random(in: 0..<24, using: &random)
        bytes += [Bool.random(using: &random) ? 0 : 0x80, UInt8(type), 0, UInt8(count)]
        bytes += (0..<(count + 3) & ~3).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
      }
      IceLiteAgent.exercise(bytes.span.bytes)
    }
    for count in 0..<64 { IceLiteAgent.exercise([UInt8](repeating: 0, count: count).span.bytes) }
  }
}
