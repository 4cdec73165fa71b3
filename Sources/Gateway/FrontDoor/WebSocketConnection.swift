import Synchronization

/// The sending side of one WebSocket, for any thread. No call blocks; what is sent by one thread leaves in
/// its order. After the connection's end all calls are without effect.
public final class WebSocketConnection: Sendable {
  private struct State {
    var outbound: OutboundQueue
    var isReadingPaused = false
    /// The service thread has been asked to look here and has not yet.
    var isPosted = false
    var hasEnded = false
  }

  let id: UInt64
  private let mailbox: ServiceMailbox
  private let state: Mutex<State>

  init(id: UInt64, mailbox: ServiceMailbox, maximumSendQueueBytes: Int) {
    self.id = id
    self.mailbox = mailbox
    state = Mutex(State(outbound: OutboundQueue(limit: maximumSendQueueBytes)))
  }

  /// Sends a text message, which the caller knows to be UTF-8.
  public func send(text: [UInt8]) { change { $0.outbound.append(text, .text) } }

  public func send(binary: [UInt8]) { change { $0.outbound.append(binary, .binary) } }

  /// Sends what is queued, then a close frame, and waits `closeTimeoutSeconds` at most for the answer.
  /// Messages that come in meanwhile are ignored.
  /// - Parameter reason: cut to 123 bytes of UTF-8.
  public func close(code: UInt16, reason: String) {
    change { $0.outbound.close(.init(code: code, reason: reason)) }
  }

  /// Stops reading from the client, whose TCP window then fills. A few messages that were already read
  /// may still arrive. While paused, neither a close by the client nor its death is noticed.
  public func pauseReading() { change { $0.isReadingPaused = true } }

  public func resumeReading() { change { $0.isReadingPaused = false } }

  /// Bytes that wait to be taken by the kernel, framing included.
  public var queuedBytes: Int { state.withLock { $0.outbound.byteCount } }

  private func change(_ body: (inout State) -> Void) {
    let mustPost = state.withLock { state in
      guard !state.hasEnded else { return false }
      body(&state)
      defer { state.isPosted = true }
      return !state.isPosted
    }
    if mustPost { mailbox.post(self) }
  }
}

/// The service thread's side.
extension WebSocketConnection {
  struct Wishes {
    var wantsToWrite: Bool
    var closing: OutboundQueue.Closing?
    var isReadingPaused: Bool
  }

  /// What changed since the service thread last looked.
  func takeWishes() -> Wishes {
    state.withLock { state in
      state.isPosted = false
      return Wishes(
        wantsToWrite: !state.outbound.isEmpty, closing: state.outbound.closing,
        isReadingPaused: state.isReadingPaused)
    }
  }

  var closing: OutboundQueue.Closing? { state.withLock { $0.outbound.closing } }

  /// The kernel took the batch before; this is the next one, empty if there is none.
  func takeBatch() -> [UInt8] { state.withLock { $0.outbound.takeBatch() } }

  func batchWasWritten() { state.withLock { $0.outbound.batchWasWritten() } }

  func ping() { change { $0.outbound.ping() } }

  var wantsToWrite: Bool { state.withLock { !$0.outbound.isEmpty } }

  func end() {
    state.withLock { state in
      state.hasEnded = true
      state.outbound.discard()
      state.outbound.batchWasWritten()
    }
  }
}
