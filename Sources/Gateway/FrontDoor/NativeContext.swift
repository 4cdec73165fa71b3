import CWebSockets
import Glibc
import Synchronization

/// A `lws_context` with its listeners, and the C memory that has to live as long.
final class NativeContext {
  private var strings: [UnsafeMutablePointer<CChar>] = []
  private let protocols: UnsafeMutablePointer<lws_protocols>
  /// All zero: no pings of libwebsockets' own, for which it has a default.
  private let noPings: UnsafeMutablePointer<lws_retry_bo_t>
  private let eventLoop: EventLoop
  private let eventLoops: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private(set) var pointer: OpaquePointer?
  private(set) var ports: [ListenerID: Int] = [:]

  /// - Parameter user: handed to `serviceCallback` through `lws_context_user`.
  init(_ configuration: FrontDoor.Configuration, user: UnsafeMutableRawPointer) throws {
    eventLoop = try EventLoop()
    eventLoops = .allocate(capacity: 1)
    eventLoops.initialize(to: eventLoop.pointer)
    // The first entry serves HTTP, and WebSocket clients that offer no sub-protocol; an empty entry ends it.
    let names = ["http"] + configuration.subprotocols
    protocols = .allocate(capacity: names.count + 1)
    protocols.initialize(repeating: lws_protocols(), count: names.count + 1)
    noPings = .allocate(capacity: 1)
    noPings.initialize(to: lws_retry_bo_t())
    for (index, name) in names.enumerated() {
      protocols[index].name = copy(name)
      protocols[index].callback = serviceCallback
      // Bytes a callback hands over at most, and a write passes to the kernel at once.
      protocols[index].rx_buffer_size = Self.receiveBufferBytes
      protocols[index].tx_packet_size = configuration.maximumSendQueueBytes
    }
    try Self.process.withLock { _ in try create(configuration, user: user) }
  }

  deinit {
    destroy()
    eventLoops.deallocate()
    protocols.deallocate()
    noPings.deallocate()
    for string in strings { free(string) }
  }

  /// Serves until `stopRunning`.
  func run() { lws_service(pointer, 0) }

  /// From inside a callback.
  func stopRunning() { eventLoop.stop() }

  /// Ends all connections, with their callbacks.
  func destroy() {
    guard let context = pointer else { return }
    pointer = nil
    Self.process.withLock { _ in lws_context_destroy(context) }
  }

  private func create(_ configuration: FrontDoor.Configuration, user: UnsafeMutableRawPointer) throws {
    // What goes wrong here belongs in the error; what peers do later does not belong in a log.
    Self.log.withLock { $0 = [] }
    lws_set_log_level(LLL_ERR | LLL_WARN) { _, line in
      guard let line else { return }
      NativeContext.log.withLock { $0.append(String(cString: line)) }
    }
    defer { lws_set_log_level(0, nil) }

    var info = lws_context_creation_info()
    info.user = user
    info.gid = -1
    info.uid = -1
    info.options = UInt64(LWS_SERVER_OPTION_LIBEV) | UInt64(LWS_SERVER_OPTION_EXPLICIT_VHOSTS)
    if configuration.listeners.contains(where: { $0.tls != nil }) {
      info.options |= UInt64(LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT)
    }
    info.max_http_header_data2 = UInt32(clamping: configuration.maximumHeaderBytes)
    info.pt_serv_buf_size = UInt32(Self.receiveBufferBytes + 1024)
    info.timeout_secs = UInt32(clamping: configuration.bodyTimeoutSeconds)
    info.foreign_loops = eventLoops
    pointer = lws_create_context(&info)
    guard pointer != nil else { throw failure("libwebsockets did not start") }

    for listener in configuration.listeners {
      if let other = ports.first(where: { $0.value == listener.port }) {
        // libwebsockets would tell the two apart by the Host header, which is the client's to choose.
        throw FrontDoorError(
          description: "listeners \(other.key.rawValue) and \(listener.id.rawValue) share port \(listener.port)")
      }
      guard let vhost = addListener(listener, configuration, user: user) else {
        throw failure("listener \(listener.id.rawValue) cannot listen on \(listener.host):\(listener.port)")
      }
      ports[listener.id] = Int(lws_get_vhost_listen_port(vhost))
    }
  }

  private func addListener(
    _ listener: FrontDoor.Configuration.Listener, _ configuration: FrontDoor.Configuration,
    user: UnsafeMutableRawPointer
  ) -> OpaquePointer? {
    guard (0...65_535).contains(listener.port) else { return nil }
    var info = lws_context_creation_info()
    info.user = user
    info.vhost_name = copy(listener.id.rawValue)
    info.port = Int32(listener.port)
    info.iface = copy(listener.host == "localhost" ? "127.0.0.1" : listener.host)
    info.protocols = UnsafePointer(protocols)
    info.retry_and_idle_policy = UnsafePointer(noPings)
    info.timeout_secs_ah_idle = UInt32(clamping: configuration.headerTimeoutSeconds)
    info.keepalive_timeout = Int32(clamping: configuration.keepAliveSeconds)
    info.options = UInt64(LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND)
    if !listener.host.contains(":") { info.options |= UInt64(LWS_SERVER_OPTION_DISABLE_IPV6) }
    if let tls = listener.tls {
      info.options |= UInt64(LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT)
      info.ssl_cert_filepath = copy(tls.certificateFile)
      info.ssl_private_key_filepath = copy(tls.privateKeyFile)
      info.alpn = copy("http/1.1")
    }
    return lws_create_vhost(pointer, &info)
  }

  private func copy(_ string: String) -> UnsafePointer<CChar> {
    let copied = strdup(string)!
    strings.append(copied)
    return UnsafePointer(copied)
  }

  private func failure(_ summary: String) -> FrontDoorError {
    let lines = Self.log.withLock { $0 }.map { $0.filter { !$0.isNewline } }
    return FrontDoorError(description: ([summary] + lines).joined(separator: ": "))
  }

  private static let receiveBufferBytes = 16 << 10
  /// Contexts share the log and OpenSSL's set-up: one is made or destroyed at a time.
  private static let process = Mutex<Void>(())
  private static let log = Mutex<[String]>([])
}
