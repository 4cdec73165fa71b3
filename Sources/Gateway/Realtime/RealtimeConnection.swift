import Dispatch
import Realtime
import Sessions
import Synchronization

/// One client on `/v1/realtime`: carries its messages to a session and the session's events back.
///
/// Between the gateway's thread and the session's shard. What the client sends and the session has not dealt
/// with is bounded: above a limit the socket is not read until there is room again.
final class RealtimeConnection: WebSocketHandler, ClientChannel {
  /// Unhandled bytes above which the socket rests, and below which it is read again.
  private static let highWater = 1 << 20
  private static let lowWater = 1 << 18
  /// Larger messages are decoded off the shard, so that they delay no other session.
  private static let largeMessage = 64 << 10
  private static let decoder = DispatchQueue(label: "viva.large-events")

  private struct State {
    var connection: WebSocketConnection?
    var session: Session?
    var unhandledBytes = 0
    var isPaused = false
    /// Messages under way to the decoder; while there are any, later ones take the same way.
    var decoding = 0
  }

  private let registry: SessionRegistry
  private let agent: String?
  private let state = Mutex(State())

  /// - Parameter agent: the `model` of the URL.
  init(registry: SessionRegistry, agent: String?) {
    self.registry = registry
    self.agent = agent
  }

  // MARK: WebSocketHandler

  func opened(_ connection: WebSocketConnection) {
    state.withLock { $0.connection = connection }
    do throws(Refusal) {
      let session = try registry.open(agent: agent, channel: self)
      state.withLock { $0.session = session }
    } catch {
      // Admitted before the upgrade, and the last place was taken since.
      connection.send(text: ServerEvent.error(error.realtimeError).encoded(eventID: RealtimeID.make("event")))
      connection.close(code: 1013, reason: "no room for another session, try again later")
    }
  }

  func received(_ message: [UInt8], binary: Bool) {
    guard let session = state.withLock({ $0.session }) else { return }
    let size = message.count
    took(size)
    let done: @Sendable () -> Void = { [weak self] in self?.handled(size) }
    if binary {
      session.receive(.badMessage(.binaryFrame), done: done)
    } else if size > Self.largeMessage || state.withLock({ $0.decoding > 0 }) {
      state.withLock { $0.decoding += 1 }
      Self.decoder.async { [weak self] in
        session.receive(Session.decode(message), done: done)
        self?.state.withLock { $0.decoding -= 1 }
      }
    } else {
      session.receive(message, done: done)
    }
  }

  func closed(code: UInt16?, reason: String) {
    let session = state.withLock { state in
      defer { state = State() }
      return state.session
    }
    session?.disconnected()
  }

  // MARK: ClientChannel

  func send(_ event: [UInt8]) {
    state.withLock { $0.connection }?.send(text: event)
  }

  func close(code: UInt16, reason: String) {
    state.withLock { $0.connection }?.close(code: code, reason: reason)
  }

  // MARK: Flow control

  private func took(_ bytes: Int) {
    let toPause: WebSocketConnection? = state.withLock { state in
      state.unhandledBytes += bytes
      guard state.unhandledBytes > Self.highWater, !state.isPaused else { return nil }
      state.isPaused = true
      return state.connection
    }
    toPause?.pauseReading()
  }

  private func handled(_ bytes: Int) {
    let toResume: WebSocketConnection? = state.withLock { state in
      state.unhandledBytes -= bytes
      guard state.unhandledBytes < Self.lowWater, state.isPaused else { return nil }
      state.isPaused = false
      return state.connection
    }
    toResume?.resumeReading()
  }
}

extension RealtimeError {
  fileprivate static let binaryFrame = RealtimeError.invalidRequest(
    code: "invalid_message",
    message:
      "Binary frames are not understood. Send JSON text frames; audio goes as base64 in input_audio_buffer.append.",
    param: nil)
}
