import Logging
import Media
import Realtime
import Runtime
import Sessions
import Synchronization

/// The data channels of all calls in the process: usrsctp has one thread in a process, which is this one's. SCTP packets
/// come and go whole, by mailbox.
///
/// The channel `oai-events` carries the events that a WebSocket carries in its text frames. Others are closed.
final class DataChannels: Sendable {
  static let shared = DataChannels()
  static let label = "oai-events"
  /// Of a client's messages, under way to its session. A client that sends more is a flood, and its channel is closed.
  private static let maximumBytes = 8 << 20
  private static let maximumMessages = 2048

  struct ID: Hashable, Sendable {
    fileprivate let value: UInt64
  }

  private let thread = Shard(index: -1)
  private let lastID = Atomic<UInt64>(0)
  private let confined = Confined()
  private let log = Logger(label: "gateway")

  /// `@unchecked Sendable`: touched only by what is posted to `thread`.
  private final class Confined: @unchecked Sendable {
    var endpoint: SCTPEndpoint?
    var associations: [ID: EventAssociation] = [:]
    var byAssociation: [ObjectIdentifier: ID] = [:]
    var isTicking = false
  }

  private init() { thread.start() }

  // MARK: From any thread

  /// Waits for the client to begin.
  func open(
    _ plan: DataChannelPlan, session: Session, participant: ParticipantID, tag: UInt32, port: MediaPort
  ) -> ID {
    let id = ID(value: lastID.wrappingAdd(1, ordering: .relaxed).newValue)
    thread.post { [self] in begin(id, plan, session, participant, tag, port) }
    return id
  }

  func receive(_ id: ID, _ packet: [UInt8]) {
    thread.post { [self] in
      guard let association = confined.associations[id] else { return }
      association.sctp.handle(packet.span.bytes)
      drain(association)
    }
  }

  func send(_ id: ID, _ event: [UInt8]) {
    thread.post { [self] in
      guard let association = confined.associations[id] else { return }
      send(event, to: association)
      drain(association)
    }
  }

  /// Ends it behind what was sent, and tells the port so.
  func finish(_ id: ID) {
    thread.post { [self] in
      guard let association = confined.associations[id] else { return }
      association.sctp.abort()
      drain(association)
      remove(association)
      association.port.finish(association.tag)
    }
  }

  // MARK: On the thread

  private func begin(
    _ id: ID, _ plan: DataChannelPlan, _ session: Session, _ participant: ParticipantID, _ tag: UInt32,
    _ port: MediaPort
  ) {
    do throws(SCTPError) {
      let endpoint = if let made = confined.endpoint { made } else { try SCTPEndpoint() }
      confined.endpoint = endpoint
      let sctp = try SCTPAssociation(endpoint: endpoint, role: plan.role, configuration: plan.configuration)
      let association = EventAssociation(
        id: id, sctp: sctp, session: session, participant: participant, tag: tag, port: port)
      confined.associations[id] = association
      confined.byAssociation[ObjectIdentifier(sctp)] = id
      // Browsers and aiortc begin by themselves.
      try sctp.listen()
      if !confined.isTicking { tick() }
    } catch {
      // The call goes on without events.
      log.error("no data channel for \(session.id): \(error)")
    }
  }

  private func tick() {
    guard let endpoint = confined.endpoint, !confined.associations.isEmpty else {
      confined.isTicking = false
      return
    }
    confined.isTicking = true
    for sctp in endpoint.handleTimers(now: .now) {
      if let association = confined.byAssociation[ObjectIdentifier(sctp)].flatMap({ confined.associations[$0] }) {
        drain(association)
      }
    }
    _ = thread.schedule(at: .now + SCTPEndpoint.tick) { [self] in tick() }
  }

  private func remove(_ association: EventAssociation) {
    confined.associations[association.id] = nil
    confined.byAssociation[ObjectIdentifier(association.sctp)] = nil
  }

  private func drain(_ association: EventAssociation) {
    while let event = association.sctp.pollEvent() { take(event, association) }
    var packets: [[UInt8]] = []
    while let packet = association.sctp.pollTransmit() { packets.append(packet) }
    if !packets.isEmpty { association.port.sendData(association.tag, packets) }
  }

  private func take(_ event: SCTPEvent, _ association: EventAssociation) {
    switch event {
    case .channelOpened(let channel, let stream):
      guard channel.label == Self.label, association.stream == nil else { return association.sctp.close(stream) }
      association.stream = stream
      association.session.openEvents(EventChannel(id: association.id), of: association.participant)
    case .message(let message, let stream):
      guard stream == association.stream else { return }
      receive(message, association)
    case .channelClosed(let stream):
      if stream == association.stream { association.stream = nil }
    case .closed:
      association.stream = nil
    case .connected, .channelAcknowledged, .writable: break
    }
  }

  private func receive(_ message: DataChannelMessage, _ association: EventAssociation) {
    let (session, inFlight, size) = (association.session, association.inFlight, message.bytes.count)
    guard inFlight.took(size, maximumBytes: Self.maximumBytes, maximumMessages: Self.maximumMessages) else {
      if let stream = association.stream { association.sctp.close(stream) }
      return
    }
    let input: SessionInput = message.isText ? Session.decode(message.bytes) : .badMessage(.binaryMessage)
    session.receive(input, from: association.participant) { inFlight.handled(size) }
  }

  private func send(_ event: [UInt8], to association: EventAssociation) {
    guard let stream = association.stream else { return }
    do throws(SCTPError) {
      try association.sctp.send(DataChannelMessage(isText: true, bytes: event), on: stream)
    } catch {
      switch error {
      case .messageTooLarge(let size):
        let refusal = ServerEvent.error(.tooLargeForDataChannel(size)).encoded(eventID: RealtimeID.make("event"))
        try? association.sctp.send(DataChannelMessage(isText: true, bytes: refusal), on: stream)
      // A client that does not read is as good as none; order cannot be kept with holes in it.
      case .bufferFull: association.port.giveUp(association.tag)
      default: break
      }
    }
  }
}

/// One call's association. On the thread of `DataChannels` only.
private final class EventAssociation {
  let id: DataChannels.ID
  let sctp: SCTPAssociation
  let session: Session
  let participant: ParticipantID
  let tag: UInt32
  let port: MediaPort
  let inFlight = InFlight()
  /// Of the channel for events, while it is open.
  var stream: UInt16?

  init(
    id: DataChannels.ID, sctp: SCTPAssociation, session: Session, participant: ParticipantID, tag: UInt32,
    port: MediaPort
  ) {
    self.id = id
    self.sctp = sctp
    self.session = session
    self.participant = participant
    self.tag = tag
    self.port = port
  }
}

/// What a client has sent and its session has not dealt with yet. For any thread.
private final class InFlight: Sendable {
  private let state = Mutex((bytes: 0, messages: 0))

  /// - Returns: false, and nothing is counted, when that is too much.
  func took(_ size: Int, maximumBytes: Int, maximumMessages: Int) -> Bool {
    state.withLock { state in
      guard state.bytes + size <= maximumBytes, state.messages < maximumMessages else { return false }
      state.bytes += size
      state.messages += 1
      return true
    }
  }

  func handled(_ size: Int) {
    state.withLock { state in
      state.bytes -= size
      state.messages -= 1
    }
  }
}

/// The way of a session's events to its caller.
private final class EventChannel: ClientChannel {
  private let id: DataChannels.ID

  init(id: DataChannels.ID) { self.id = id }

  func send(_ event: [UInt8]) { DataChannels.shared.send(id, event) }

  /// Audio goes over RTP.
  func send(packet: [UInt8]) {}

  /// The call's media ends with the session, and the channel with it; but a channel that closes does not say why.
  func close(code: UInt16, reason: String) {
    send(ServerEvent.vivaSessionEnded(code: Int(code), reason: reason).encoded(eventID: RealtimeID.make("event")))
  }
}

extension RealtimeError {
  fileprivate static let binaryMessage = RealtimeError.invalidRequest(
    code: "invalid_message", message: "Send events as text messages on the data channel.", param: nil)

  fileprivate static func tooLargeForDataChannel(_ size: Int) -> RealtimeError {
    .serverError(
      code: "message_too_large",
      message:
        "An event of \(size) bytes is larger than your data channel takes (a=max-message-size). Join with a sideband WebSocket to see it."
    )
  }
}
