import Runtime

@testable import Media

/// A full agent, controlling, as a browser is: it does what a test tells it to.
struct ScriptedClient {
  /// What a check carries beside the user name.
  struct Check {
    var priority: UInt32? = 0x6E00_01FF
    var nominates = false
    var isControlled = false
    var unknown: [UInt16] = []
    var hasIntegrity = true
    var hasFingerprint = true
  }

  var local: IceCredentials
  var remote: IceCredentials
  private var random: SeededGenerator

  init(seed: UInt64, remote: IceCredentials) {
    random = SeededGenerator(seed: seed)
    local = IceCredentials(routingTag: 0xC11E_0000, using: &random)
    self.remote = remote
  }

  mutating func check(_ check: Check = Check(), id: TransactionID? = nil) -> [UInt8] {
    let id = id ?? TransactionID(using: &random)
    return stunMessage(.bindingRequest, id) { writer, buffer in
      writer.appendUsername(Array(remote.ufrag.utf8), Array(local.ufrag.utf8), into: &buffer)
      if let priority = check.priority { writer.appendPriority(priority, into: &buffer) }
      if check.isControlled {
        writer.appendIceControlled(tieBreaker: .max, into: &buffer)
      } else {
        writer.appendIceControlling(tieBreaker: 5, into: &buffer)
      }
      if check.nominates { writer.appendUseCandidate(into: &buffer) }
      for type in check.unknown { writer.append(STUNAttributeType(rawValue: type), [1, 2, 3], into: &buffer) }
      if check.hasIntegrity {
        writer.appendMessageIntegrity(MessageIntegrityKey(Array(remote.password.utf8)), into: &buffer)
      }
      if check.hasFingerprint { writer.appendFingerprint(into: &buffer) }
    }
  }

  mutating func nomination(priority: UInt32 = 0x6E00_01FF) -> [UInt8] {
    check(Check(priority: priority, nominates: true))
  }

  /// The response to the server's check, nil where this is none that the client would answer.
  func respond(to datagram: [UInt8], seenAt address: TransportAddress) -> [UInt8]? {
    let key = MessageIntegrityKey(Array(local.password.utf8))
    guard let request = readSTUN(datagram), request.type == .bindingRequest, let username = request.username,
      datagram[username].elementsEqual("\(local.ufrag):\(remote.ufrag)".utf8), isAuthentic(datagram, key),
      request.hasFingerprint, request.priority != nil, request.iceControlled != nil, !request.usesCandidate
    else { return nil }
    return stunMessage(.bindingSuccess, request.transactionID) { writer, buffer in
      writer.appendXORMappedAddress(address, into: &buffer)
      writer.appendMessageIntegrity(key, into: &buffer)
      writer.appendFingerprint(into: &buffer)
    }
  }
}

/// An agent with its time, which tests move. A class, because `#expect` cannot change what is not copyable.
final class ServerSide {
  static let wifi = TransportAddress("192.0.2.1:1000")!
  static let mobile = TransportAddress("[2001:db8::1]:2000")!
  static let attacker = TransportAddress("203.0.113.66:6666")!
  static let publicAddress = TransportAddress("198.51.100.1:40000")!

  var agent: IceLiteAgent
  private(set) var now = Instant(nanoseconds: 5_000_000_000)
  private var random = SeededGenerator(seed: 99)

  init(_ local: IceCredentials, remote: IceCredentials? = nil) {
    agent = IceLiteAgent(local: local, remote: remote)
  }

  init(restoring checkpoint: IceCheckpoint) {
    agent = IceLiteAgent(restoring: checkpoint, at: now)
  }

  /// A server and a client which know each other's credentials.
  static func pair(seed: UInt64 = 1) -> (ServerSide, ScriptedClient) {
    var random = SeededGenerator(seed: seed)
    let local = IceCredentials(routingTag: 7, using: &random)
    let client = ScriptedClient(seed: seed &+ 1, remote: local)
    return (ServerSide(local, remote: client.local), client)
  }

  /// The same, with `wifi` selected.
  static func connectedPair(seed: UInt64 = 1) -> (ServerSide, ScriptedClient) {
    var (server, client) = pair(seed: seed)
    _ = server.receive(client.nomination(), from: wifi)
    return (server, client)
  }

  var state: IceState { agent.state }
  var selected: TransportAddress? { agent.selected }
  var checkpoint: IceCheckpoint? { agent.checkpoint }
  var nextDeadline: Instant? { agent.nextDeadline }

  func isValid(_ address: TransportAddress) -> Bool { agent.isValid(address, at: now) }

  /// What the datagram did, and the response.
  func receive(
    _ datagram: [UInt8], from source: TransportAddress, capacity: Int = IceLiteAgent.maximumMessageByteCount
  ) -> (output: IceOutput, reply: [UInt8]) {
    guard let message = readSTUN(datagram) else { return (IceOutput(), []) }
    var reply = [UInt8](repeating: 0xEE, count: capacity)
    var span = reply.mutableSpan
    var bytes = span.mutableBytes
    let output = agent.receive(message, in: datagram.span.bytes, from: source, at: now, reply: &bytes)
    return (output, Array(reply.prefix(output.replyByteCount)))
  }

  /// Sleeps until `duration` has passed, waking at each deadline as a shell does.
  func pass(_ duration: Duration, onCheck: (IceCheck, [UInt8]) -> Void = { _, _ in }) -> [IceEvent] {
    let end = now + duration
    var events: [IceEvent] = []
    work(&events, onCheck)
    while let deadline = agent.nextDeadline, deadline <= end {
      now = max(now, deadline)
      work(&events, onCheck)
    }
    now = end
    work(&events, onCheck)
    return events
  }

  private func work(_ events: inout [IceEvent], _ onCheck: (IceCheck, [UInt8]) -> Void) {
    if let event = agent.advance(to: now) { events.append(event) }
    var buffer = [UInt8](repeating: 0xEE, count: IceLiteAgent.maximumMessageByteCount)
    var span = buffer.mutableSpan
    var bytes = span.mutableBytes
    if let check = agent.nextCheck(at: now, using: &random, into: &bytes) {
      onCheck(check, Array(buffer.prefix(check.byteCount)))
    }
  }
}
