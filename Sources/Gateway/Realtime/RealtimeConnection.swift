import Dispatch
import Realtime
import Sessions
import Synchronization

/// One WebSocket on `/v1/realtime`: carries its messages to a session and the session's events back. Its session is its
/// own, or one that it joined.
///
/// Between the gateway's thread and the session's shard. What the client sends and the session has not dealt
/// with is bounded: above a limit the socket is not read until there is room again.
final class RealtimeConnection: WebSocketHandler, ClientChannel {
  /// Larger messages are decoded off the shard, so that they delay no other session.
  private static let largeMessage = 64 << 10
  private static let decoder = DispatchQueue(label: "viva.large-events")

  private struct Place {
    var session: Session
    /// nil in a session of its own, which ends with it.
    var participant: ParticipantID?
  }

  private struct State {
    var connection: WebSocketConnection?
    var place: Place?
    var flow = FlowControl()
    /// SRTP was asked for.
    var hasSRTP = false
    /// Messages under way to the decoder; while there are any, later ones take the same way.
    var decoding = 0
  }

  private let registry: SessionRegistry
  private let purpose: ConnectionPurpose
  private let srtp: SRTPAccess
  private let state = Mutex(State())

  init(registry: SessionRegistry, purpose: ConnectionPurpose, srtp: SRTPAccess = .off) {
    self.registry = registry
    self.purpose = purpose
    self.srtp = srtp
  }

  // MARK: WebSocketHandler

  func opened(_ connection: WebSocketConnection) {
    state.withLock { $0.connection = connection }
    do throws(Refusal) {
      let place =
        switch purpose {
        case .open(let request): Place(session: try registry.open(request, channel: self))
        case .join(let session, let role):
          Place(session: session, participant: try session.join(self, role: role))
        }
      state.withLock { $0.place = place }
    } catch {
      // Admitted before the upgrade, and the last place was taken since.
      complain(error.realtimeError)
      connection.close(code: 1013, reason: "no room, try again later")
    }
  }

  func received(_ message: [UInt8], binary: Bool) {
    guard let place = state.withLock({ $0.place }) else { return }
    if binary, place.participant != nil { return complain(.binaryFrame) }
    let size = message.count
    took(size)
    let done: @Sendable () -> Void = { [weak self] in self?.handled(size) }
    let sender = place.participant ?? .client
    if size > Self.largeMessage || state.withLock({ $0.decoding > 0 }) {
      state.withLock { $0.decoding += 1 }
      Self.decoder.async { [weak self] in
        if binary {
          place.session.receivePacket(message, done: done)
        } else {
          place.session.receive(Session.decode(message), from: sender, done: done)
        }
        self?.state.withLock { $0.decoding -= 1 }
      }
    } else if binary {
      place.session.receivePacket(message, done: done)
    } else {
      place.session.receive(message, from: sender, done: done)
    }
  }

  func closed(code: UInt16?, reason: String) {
    let (place, hadSRTP) = state.withLock { state in
      defer { state = State() }
      return (state.place, state.hasSRTP)
    }
    guard let place else { return }
    if let participant = place.participant {
      place.session.leave(participant)
    } else {
      place.session.disconnected()
      // The session takes with it what it has been given; not what still waited for its first packet.
      if hadSRTP, case .granted(let endpoint) = srtp { endpoint.releaseSRTP(of: place.session) }
    }
  }

  // MARK: ClientChannel

  func send(_ event: [UInt8]) {
    state.withLock { $0.connection }?.send(text: event)
  }

  func send(packet: [UInt8]) {
    state.withLock { $0.connection }?.send(binary: packet)
  }

  func negotiateSRTP(_ offer: String, for session: Session) throws(RealtimeError) -> String {
    let endpoint = try srtp.endpoint()
    let isOpen = state.withLock { state in
      state.hasSRTP = state.place != nil
      return state.hasSRTP
    }
    guard isOpen else {
      throw .invalidRequest(code: "connection_closed", message: "The WebSocket is closed.", param: nil)
    }
    return try endpoint.negotiateSRTP(offer, for: session)
  }

  func close(code: UInt16, reason: String) {
    state.withLock { $0.connection }?.close(code: code, reason: reason)
  }

  /// An error that no session is asked about.
  private func complain(_ error: RealtimeError) {
    send(ServerEvent.error(error).encoded(eventID: RealtimeID.make("event")))
  }

  // MARK: Flow control

  private func took(_ bytes: Int) {
    state.withLock { $0.flow.took(bytes) ? $0.connection : nil }?.pauseReading()
  }

  private func handled(_ bytes: Int) {
    state.withLock { $0.flow.handled(bytes) ? $0.connection : nil }?.resumeReading()
  }
}

extension RealtimeError {
  fileprivate static let binaryFrame = RealtimeError.invalidRequest(
    code: "invalid_message",
    message: "Binary frames are a session's own client's to send, as audio. Here, send JSON text frames.", param: nil)
}
