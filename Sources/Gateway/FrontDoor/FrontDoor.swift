import Glibc
import Synchronization

/// An HTTP/1.1 and WebSocket server on libwebsockets: one service thread, any number of listeners.
///
/// It knows nothing of what is served; a `FrontDoorHandler` answers on the service thread, and each
/// `WebSocketConnection` can be used from any.
public final class FrontDoor: Sendable {
  private let configuration: Configuration
  private let handler: any FrontDoorHandler
  private let running = Mutex<Running?>(nil)

  private struct Running {
    let thread: pthread_t
    let mailbox: ServiceMailbox
  }

  public init(configuration: Configuration, handler: any FrontDoorHandler) {
    self.configuration = configuration
    self.handler = handler
  }

  /// Listens, and serves until `stop`. Raises the process's soft limit on open files.
  /// - Returns: the bound port of each listener.
  /// - Throws: `FrontDoorError` if it runs already, a listener cannot listen or a certificate is unusable.
  public func start() throws -> [ListenerID: Int] {
    try running.withLock { running in
      guard running == nil else { throw FrontDoorError(description: "the front door is open already") }
      let files = OpenFileLimit.raise(to: configuration.maximumOpenFiles)
      let mailbox = ServiceMailbox()
      let loop = ServiceLoop(
        configuration: configuration, handler: handler, mailbox: mailbox,
        clientFiles: configuration.clientFiles ?? files.forClients)
      let ports = try loop.open()
      running = Running(thread: try Self.startThread(loop), mailbox: mailbox)
      return ports
    }
  }

  /// Closes each WebSocket with `closeCode` behind what it has queued, waits `drainSeconds` at most for the
  /// clients' answers, then ends the service thread. Blocks so long; not to be called by a handler.
  /// New upgrades are answered with 503 meanwhile.
  public func stop(closeCode: UInt16 = 1001, reason: String) {
    guard let stopped = running.withLock({ $0.take() }) else { return }
    stopped.mailbox.post(ServiceMailbox.Stop(code: closeCode, reason: reason))
    pthread_join(stopped.thread, nil)
  }

  private static func startThread(_ loop: ServiceLoop) throws -> pthread_t {
    var thread = pthread_t()
    let retained = Unmanaged.passRetained(loop)
    // Signals are for the threads of the rest of the process; the new thread inherits this mask.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let error = pthread_create(
      &thread, nil,
      { raw in
        Unmanaged<ServiceLoop>.fromOpaque(raw!).takeRetainedValue().run()
        return nil
      }, retained.toOpaque())
    guard error == 0 else {
      loop.close()
      retained.release()
      throw FrontDoorError(description: "no thread for the front door: error \(error)")
    }
    return thread
  }
}
