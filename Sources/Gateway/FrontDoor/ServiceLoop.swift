import CWebSockets
import Runtime

/// The service thread: owns the `lws_context` and everything that hangs on it. Only its thread touches it.
final class ServiceLoop {
  let configuration: FrontDoor.Configuration
  let handler: any FrontDoorHandler
  let mailbox: ServiceMailbox
  private let clientFiles: Int
  let reader: RequestReader
  var sessions: [UInt64: WebSocketSession] = [:]
  var nextConnectionID: UInt64 = 0
  /// Sessions that the tick looks after: paused, or with a deadline.
  private var watched: Set<UInt64> = []
  private(set) var stop: ServiceMailbox.Stop?
  private var stopDeadline: ContinuousClock.Instant?
  private var isStopped = false
  private var native: NativeContext?
  private var certificates: [CertificateReloader] = []
  private let tick: Tick
  private var keepAlive: KeepAlive

  /// - Parameter clientFiles: a connection that comes while so many files are open is closed at once.
  init(
    configuration: FrontDoor.Configuration, handler: any FrontDoorHandler, mailbox: ServiceMailbox, clientFiles: Int
  ) {
    self.clientFiles = clientFiles
    self.configuration = configuration
    self.handler = handler
    self.mailbox = mailbox
    reader = RequestReader(
      maximumHeaderBytes: configuration.maximumHeaderBytes, additionalHeaders: configuration.additionalHeaders)
    tick = Tick()
    keepAlive = KeepAlive(
      interval: .seconds(configuration.pingIntervalSeconds), timeout: .seconds(configuration.pongTimeoutSeconds))
  }

  /// Listens. The thread that calls `run` may be another.
  /// - Returns: the bound ports.
  func open() throws -> [ListenerID: Int] {
    let native = try NativeContext(configuration, user: Unmanaged.passUnretained(self).toOpaque())
    self.native = native
    mailbox.open(context: native.pointer!)
    tick.start(self, native.pointer!)
    return native.ports
  }

  /// Serves until stopped.
  func run() {
    mailbox.serviceThreadHasStarted()
    while !isStopped { native?.run() }
    close()
  }

  /// Ends what is left, with its callbacks. Not in `deinit`: they need the loop alive.
  func close() {
    mailbox.shut()
    native?.destroy()
    native = nil
  }

  /// Does what other threads, or a handler in the callback that just ended, have asked for.
  /// - Parameter betweenEvents: no event of a connection is being served.
  func emptyMailbox(betweenEvents: Bool) {
    let (connections, stop) = mailbox.take()
    let now = ContinuousClock.now
    for connection in connections {
      guard let session = sessions[connection.id] else { continue }
      session.fulfil(
        connection.takeWishes(), betweenEvents: betweenEvents, now: now,
        closeTimeout: .seconds(configuration.closeTimeoutSeconds))
      if session.isReadingPaused || session.deadline != nil { watched.insert(connection.id) }
    }
    if let stop {
      begin(stop)
      emptyMailbox(betweenEvents: betweenEvents)  // all connections have just been asked to close
    }
  }

  /// - Parameter context: the listener's `SSL_CTX`.
  func listenerHasTLS(_ vhost: OpaquePointer?, context: OpaquePointer?) {
    guard let vhost, let context, let name = lws_get_vhost_name(vhost),
      let tls = configuration.listeners.first(where: { $0.id.rawValue == String(cString: name) })?.tls
    else { return }
    certificates.append(CertificateReloader(tls, context: context))
  }

  /// Whether there is a file left for a connection that has just been accepted. The kernel gives out the lowest free
  /// number, so the number tells how many are open at least.
  ///
  /// It is asked before libwebsockets makes anything of the connection: dropping one that is more than its tables hold,
  /// libwebsockets 4.1.6 corrupts its memory.
  func hasRoom(forFile descriptor: Int) -> Bool { descriptor < clientFiles }

  func began(_ session: WebSocketSession) {
    sessions[session.connection.id] = session
    keepAlive.opened(session.connection.id, at: .now)
  }

  func pongArrived(_ session: WebSocketSession) {
    keepAlive.heard(session.connection.id, at: .now)
  }

  func end(_ session: WebSocketSession) {
    guard sessions.removeValue(forKey: session.connection.id) != nil else { return }
    watched.remove(session.connection.id)
    keepAlive.closed(session.connection.id)
    session.end()
    if stop != nil, sessions.isEmpty { stopRunning() }
  }

  /// A few times a second. libev's timer in libwebsockets is not brought forward when an earlier deadline
  /// comes up, so without this tick all of its time-outs would be late, too.
  fileprivate func ticked() {
    let now = ContinuousClock.now
    for certificate in certificates { certificate.look(at: now) }
    for id in watched {
      guard let session = sessions[id] else { continue }
      if let deadline = session.deadline {
        if now >= deadline { session.kill() }
      } else if session.isReadingPaused {
        keepAlive.heard(id, at: .now)  // its pong cannot be read
      } else {
        watched.remove(id)
      }
    }
    lookForTheDead()
    if let stopDeadline, now >= stopDeadline { stopRunning() }
  }

  private func lookForTheDead() {
    let due = keepAlive.due(at: .now)
    for case .dead(let id) in due { sessions[id]?.kill() }
    for case .ping(let id) in due { sessions[id]?.connection.ping() }
    // No event of a connection is being served.
    if !due.isEmpty { emptyMailbox(betweenEvents: true) }
  }

  private func begin(_ stop: ServiceMailbox.Stop) {
    self.stop = stop
    stopDeadline = .now + .seconds(configuration.drainSeconds)
    for session in sessions.values { session.connection.close(code: stop.code, reason: stop.reason) }
    if sessions.isEmpty { stopRunning() }
  }

  private func stopRunning() {
    isStopped = true
    native?.stopRunning()
  }
}

/// A repeating timer of libwebsockets. The list entry needs an address of its own, and is found by it.
private final class Tick {
  private struct Entry {
    var timer = lws_sorted_usec_list_t()
    /// Outlives the timer: it destroys the context before it goes.
    unowned(unsafe) var loop: ServiceLoop?
    var context: OpaquePointer?
  }

  private let entry = UnsafeMutablePointer<Entry>.allocate(capacity: 1)

  init() { entry.initialize(to: Entry()) }

  deinit { entry.deallocate() }

  func start(_ loop: ServiceLoop, _ context: OpaquePointer) {
    entry.pointee.loop = loop
    entry.pointee.context = context
    Self.schedule(entry)
  }

  private static func schedule(_ entry: UnsafeMutablePointer<Entry>) {
    lws_sul_schedule(
      entry.pointee.context, 0, timer(entry),
      { timer in
        let entry = UnsafeMutableRawPointer(timer!).assumingMemoryBound(to: Entry.self)
        Tick.schedule(entry)
        entry.pointee.loop?.ticked()
      }, 250_000)
  }

  /// The first field, hence at the entry's own address.
  private static func timer(_ entry: UnsafeMutablePointer<Entry>) -> UnsafeMutablePointer<lws_sorted_usec_list_t> {
    UnsafeMutableRawPointer(entry).assumingMemoryBound(to: lws_sorted_usec_list_t.self)
  }
}
