import Foundation
import Runtime
import VivaTesting

/// One client that misbehaves, from its connection to the server's giving it up. Stepped by one thread.
final class HostileClient {
  struct Ending {
    /// From the beginning of the misbehaviour until the server closed its side.
    var after: Duration
    /// What the client could see of it, once it read everything.
    var how: String
  }

  private static let patience = Duration.seconds(5)

  let kind: HostileKind
  private let socket: RawSocket
  private let server: RealtimeBot.Server
  private var mouth: BotMouth
  private var frames = ServerFrameReader()
  private var close: String?
  /// The first line of an answer that is no upgrade.
  private var answer: [UInt8] = []

  /// When it began to misbehave; nil while it still reads.
  private(set) var since: Instant?
  private var givenUp: Instant?
  private(set) var ending: Ending?

  /// Part of a frame that the kernel has not taken.
  private var unsent: ArraySlice<UInt8> = []
  private var lastSpoke: Instant
  private var lastSecond: Instant
  private var requestPosition = 0

  /// Connects, and opens a session where the kind wants one. Blocks meanwhile.
  init(_ kind: HostileKind, server: RealtimeBot.Server, voice: BotVoice, index: Int) throws {
    self.kind = kind
    self.server = server
    socket = try RawSocket(host: server.host, port: server.port)
    mouth = BotMouth(voice, first: index)
    lastSpoke = .now
    lastSecond = .now
    if kind.opensSession { try upgrade() }
    begin()
  }

  var localPort: Int { socket.localPort }

  // MARK: Steps

  /// Does what is due. Called every `stepDuration`.
  func step(at now: Instant) {
    if givenUp != nil { return readToEnd(at: now) }
    let isNewSecond = now - lastSecond >= .seconds(1)
    if isNewSecond { lastSecond = now }
    switch kind {
    case .stopsReading:
      speak(at: now)
      if since == nil { readUntilAudio(at: now) }
    case .readsSlowly:
      speak(at: now)
      if since == nil { readUntilAudio(at: now) } else if isNewSecond { read(1024) }
    case .asksAndDoesNotRead:
      send(Self.retrieve.bytes)
    case .dripsRequest:
      if isNewSecond { drip(Self.request(server)) }
    case .dripsBody:
      if isNewSecond { drip([UInt8](repeating: UInt8(ascii: " "), count: 500)) }
    case .vanishes, .stopsInFrame, .connectsOnly, .stopsInRequest:
      break
    }
  }

  static let stepDuration = Duration.milliseconds(40)

  /// The server has closed its side: whatever it said is still to be read.
  func serverGaveUp(at now: Instant) {
    guard givenUp == nil else { return }
    givenUp = now
  }

  func leave() { socket.close() }

  // MARK: Script

  private func begin() {
    switch kind {
    case .stopsReading, .readsSlowly: return
    case .asksAndDoesNotRead: socket.send(Self.item.bytes)
    case .stopsInFrame: socket.send(Self.item.bytes.prefix(1000))
    case .stopsInRequest: socket.send(Self.request(server).prefix(60))
    case .dripsBody:
      socket.send(
        Array(
          """
          POST /v1/realtime/client_secrets HTTP/1.1\r\nHost: \(server.host)\r\nContent-Type: application/json\r\n\
          Authorization: Bearer \(server.key)\r\nContent-Length: 500\r\n\r\n
          """.utf8))
    case .vanishes, .connectsOnly, .dripsRequest: break
    }
    since = .now
  }

  private func speak(at now: Instant) {
    // It does not hear when the answer is over: about this long after the question.
    let piece = mouth.piece(mayStart: now - lastSpoke > .seconds(8))
    if piece.endOfSpeech != nil { lastSpoke = now }
    send(piece.frame.bytes)
  }

  private func readUntilAudio(at now: Instant) {
    while since == nil, case .bytes(let bytes) = socket.receive() {
      if look(at: bytes) { since = now }
    }
  }

  private func read(_ maximum: Int) {
    if case .bytes(let bytes) = socket.receive(maximum) { _ = look(at: bytes) }
  }

  /// - Returns: whether there was audio.
  private func look(at bytes: [UInt8]) -> Bool {
    guard kind.opensSession else {
      answer += bytes.prefix(64 - min(64, answer.count))
      return false
    }
    var isAudio = false
    for frame in frames.read(bytes) {
      switch frame {
      case .data(let head): isAudio = isAudio || String(decoding: head, as: UTF8.self).contains("output_audio.delta")
      case .ping(let payload): send(ClientFrame.pong(payload).bytes)
      case .close(let code, let reason): close = "close \(code.map(String.init) ?? "without a code") \(reason)"
      case .other: break
      }
    }
    return isAudio
  }

  /// Whole frames only: what does not fit is dropped, as a microphone's would be.
  private func send(_ bytes: [UInt8]) {
    if unsent.isEmpty { unsent = bytes[...] }
    unsent = unsent.dropFirst(socket.send(unsent))
  }

  private func drip(_ request: [UInt8]) {
    guard requestPosition < request.count else { return }
    requestPosition += socket.send(request[requestPosition...requestPosition])
  }

  // MARK: The end

  private func readToEnd(at now: Instant) {
    guard ending == nil, let givenUp else { return }
    var how: String?
    for _ in 0..<64 where how == nil {
      switch socket.receive() {
      case .bytes(let bytes): _ = look(at: bytes)
      case .nothing:
        guard now - givenUp > Self.patience else { return }
        how = "let go of"
      case .end: how = "closed"
      case .reset: how = "reset"
      }
    }
    guard let how else { return }
    let status = answer.isEmpty ? nil : String(decoding: answer.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    ending = Ending(after: givenUp - (since ?? givenUp), how: close ?? status ?? how)
    socket.close()
  }

  // MARK: Opening a session

  private func upgrade() throws {
    socket.send(Self.request(server))
    var head: [UInt8] = []
    let deadline = Instant.now + .seconds(10)
    while true {
      switch socket.receive() {
      case .bytes(let bytes): head += bytes
      case .nothing: usleep(1000)
      case .end, .reset: throw RawSocket.Failure(description: "closed during the upgrade")
      }
      if let end = head.indices.first(where: { head[$0...].starts(with: "\r\n\r\n".utf8) }) {
        guard head.starts(with: "HTTP/1.1 101".utf8) else {
          throw RawSocket.Failure(description: String(decoding: head.prefix(12), as: UTF8.self))
        }
        _ = look(at: Array(head[(end + 4)...]))
        return
      }
      guard Instant.now < deadline else { throw RawSocket.Failure(description: "no answer to the upgrade") }
    }
  }

  private static func request(_ server: RealtimeBot.Server) -> [UInt8] {
    Array(
      """
      GET \(server.path) HTTP/1.1\r\nHost: \(server.host):\(server.port)\r\nUpgrade: websocket\r\n\
      Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
      Authorization: Bearer \(server.key)\r\n\r\n
      """.utf8)
  }

  /// An item of 60 KB, and the question for it.
  private static let item = ClientFrame.text(
    Array(
      """
      {"type":"conversation.item.create","item":{"id":"item_large","type":"message","role":"user",\
      "content":[{"type":"input_text","text":"\(String(repeating: "words ", count: 10_000))"}]}}
      """.utf8))
  private static let retrieve = ClientFrame.text(
    Array(#"{"type":"conversation.item.retrieve","item_id":"item_large"}"#.utf8))
}
