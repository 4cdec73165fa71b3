import Gateway
import Glibc
import Synchronization

/// Hears one WebSocket, answers as told, and remembers.
final class ScriptedWebSocketHandler: WebSocketHandler {
  enum Event: Equatable {
    case opened
    case message(String, binary: Bool)
    case closed(UInt16?, String)
  }

  struct State {
    var connection: WebSocketConnection?
    var events: [Event] = []
  }

  private let state = Mutex(State())
  private let onMessage: @Sendable (WebSocketConnection, [UInt8], Bool) -> Void

  init(onMessage: @escaping @Sendable (WebSocketConnection, [UInt8], Bool) -> Void) { self.onMessage = onMessage }

  var events: [Event] { state.withLock { $0.events } }
  var connection: WebSocketConnection? { state.withLock { $0.connection } }
  var closings: [Event] { events.filter { if case .closed = $0 { true } else { false } } }

  func opened(_ connection: WebSocketConnection) {
    state.withLock { state in
      state.connection = connection
      state.events.append(.opened)
    }
  }

  func received(_ message: [UInt8], binary: Bool) {
    let connection = state.withLock { state in
      // Long messages are remembered by their length.
      let text = message.count > 200 ? "\(message.count) bytes" : String(decoding: message, as: UTF8.self)
      state.events.append(.message(text, binary: binary))
      return state.connection!
    }
    onMessage(connection, message, binary)
  }

  func closed(code: UInt16?, reason: String) { state.withLock { $0.events.append(.closed(code, reason)) } }
}

/// A front door whose WebSockets echo, unless told otherwise.
final class FrontDoorTestServer: FrontDoorHandler {
  private let accepted = Mutex<[ScriptedWebSocketHandler]>([])
  private let requested = Mutex<[HTTPRequest]>([])
  private let onMessage: @Sendable (WebSocketConnection, [UInt8], Bool) -> Void

  init(
    onMessage: @escaping @Sendable (WebSocketConnection, [UInt8], Bool) -> Void = { connection, message, binary in
      if binary { connection.send(binary: message) } else { connection.send(text: message) }
    }
  ) { self.onMessage = onMessage }

  var handlers: [ScriptedWebSocketHandler] { accepted.withLock { $0 } }
  var requests: [HTTPRequest] { requested.withLock { $0 } }

  func respond(to request: HTTPRequest) -> HTTPResponse {
    requested.withLock { $0.append(request) }
    switch request.path {
    case "/missing": return HTTPResponse(status: 404, body: Array("{}".utf8))
    case "/large": return HTTPResponse(status: 200, body: [UInt8](repeating: 0x61, count: 3_000_000))
    case "/injection": return HTTPResponse(status: 200, headers: [("X-Echo", "a\r\nX-Evil: b")])
    default: return HTTPResponse(status: 200, headers: [("Content-Type", "text/plain")], body: request.body)
    }
  }

  func admit(_ request: HTTPRequest) -> UpgradeDecision {
    requested.withLock { $0.append(request) }
    if request.path == "/refused" {
      return .refuse(
        HTTPResponse(status: 429, headers: [("Retry-After", "3")], body: Array(#"{"error":{}}"#.utf8)))
    }
    let handler = ScriptedWebSocketHandler(onMessage: onMessage)
    accepted.withLock { $0.append(handler) }
    return .accept(handler)
  }

  /// Runs `body` against an open front door on a free port, then stops it.
  func run(
    _ configure: (inout FrontDoor.Configuration) -> Void = { _ in },
    _ body: (_ port: Int, _ door: FrontDoor) throws -> Void
  ) throws {
    var configuration = FrontDoor.Configuration(listeners: [.init(id: "client", host: "127.0.0.1", port: 0)])
    configure(&configuration)
    let door = FrontDoor(configuration: configuration, handler: self)
    let ports = try door.start()
    defer { door.stop(reason: "test is over") }
    try body(ports["client"]!, door)
  }

  /// An open WebSocket and the handler on the server's side of it.
  func connect(_ port: Int, receiveBuffer: Int32? = nil) throws -> (FrontDoorTestClient, ScriptedWebSocketHandler) {
    let before = handlers.count
    let client = try FrontDoorTestClient(port: port, receiveBuffer: receiveBuffer)
    let status = try client.upgrade().status
    guard status == 101, eventually({ self.handlers.count > before && self.handlers[before].events == [.opened] })
    else { throw FrontDoorTestClient.Failure(what: "upgrade answered \(status)") }
    return (client, handlers[before])
  }
}

/// Whether `condition` comes true within 20 s.
func eventually(_ condition: () -> Bool) -> Bool {
  for _ in 0..<4_000 {
    if condition() { return true }
    usleep(5_000)
  }
  return false
}

/// Runs `body` on a thread of its own.
func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { raw in
      Unmanaged<Box>.fromOpaque(raw!).takeRetainedValue().body()
      return nil
    }, Unmanaged.passRetained(Box(body)).toOpaque())
  return thread
}
