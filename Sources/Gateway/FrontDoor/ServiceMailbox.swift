import CWebSockets
import Glibc
import Synchronization

/// How other threads reach the service thread. Guards the one call of libwebsockets they may make,
/// `lws_cancel_service`, against the context's end.
final class ServiceMailbox: Sendable {
  struct Stop {
    var code: UInt16
    var reason: String
  }

  private struct State {
    var connections: [WebSocketConnection] = []
    var stop: Stop?
    /// Bits of the `lws_context` pointer, 0 when there is none.
    var context: UInt = 0
    var serviceThread: pthread_t?
  }

  private let state = Mutex(State())

  func open(context: OpaquePointer) { state.withLock { $0.context = UInt(bitPattern: context) } }

  func serviceThreadHasStarted() { state.withLock { $0.serviceThread = pthread_self() } }

  func shut() {
    state.withLock { state in
      state.context = 0
      state.connections = []
    }
  }

  /// Asks the service thread to look at `connection`.
  func post(_ connection: WebSocketConnection) {
    state.withLock { state in
      guard state.context != 0 else { return }
      state.connections.append(connection)
      // The service thread empties the mailbox after each callback by itself, and whoever posted first
      // has woken it already.
      if state.connections.count == 1, state.serviceThread != pthread_self() { Self.wake(state.context) }
    }
  }

  func post(_ stop: Stop) {
    state.withLock { state in
      state.stop = stop
      Self.wake(state.context)
    }
  }

  func take() -> (connections: [WebSocketConnection], stop: Stop?) {
    state.withLock { state in
      let taken = (state.connections, state.stop)
      state.connections = []
      state.stop = nil
      return taken
    }
  }

  private static func wake(_ context: UInt) {
    if let context = OpaquePointer(bitPattern: context) { lws_cancel_service(context) }
  }
}
