import Glibc

/// A TCP client that says exactly what it is told, to a server on 127.0.0.1. Reads time out after 20 s.
final class FrontDoorTestClient {
  struct Frame: Equatable {
    var opcode: UInt8
    var payload: [UInt8]

    var text: String { String(decoding: payload, as: UTF8.self) }
    var closeCode: Int? { payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil }
    var closeReason: String { String(decoding: payload.dropFirst(2), as: UTF8.self) }
  }

  struct Response {
    var status: Int
    var headers: [String: String]
    var body: String
  }

  struct Failure: Error { var what: String }

  private var descriptor: Int32
  private var received: [UInt8] = []
  private var consumed = 0

  init(port: Int, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var size = receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure(what: "connect: errno \(errno)") }
  }

  deinit { close() }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// Ends the connection with a TCP reset.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  /// False if the server has gone.
  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let count = bytes[offset...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      offset += count
    }
    return true
  }

  @discardableResult
  func write(_ text: String) -> Bool { write(Array(text.utf8)) }

  // MARK: HTTP

  func get(_ path: String, method: String = "GET", headers: String = "") throws -> Response {
    write("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
    return try readResponse(hasBody: method != "HEAD")
  }

  func readResponse(hasBody: Bool = true) throws -> Response {
    var head = ""
    while !head.hasSuffix("\r\n\r\n") { head.unicodeScalars.append(UnicodeScalar(try readBytes(1)[0])) }
    let lines = head.split(separator: "\r\n")
    guard lines[0].hasPrefix("HTTP/1."), let status = Int(lines[0].split(separator: " ")[1]) else {
      throw Failure(what: "no status line: \(lines[0])")
    }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    let length = hasBody && status >= 200 ? Int(headers["content-length"] ?? "0")! : 0
    return Response(
      status: status, headers: headers, body: String(decoding: try readBytes(length), as: UTF8.self))
  }

  // MARK: WebSocket

  func upgrade(_ path: String = "/", subprotocols: String? = nil, headers: String = "") throws -> Response {
    let offer = subprotocols.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? ""
    return try get(
      path,
      headers: "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + offer + headers)
  }

  @discardableResult
  func send(text: String) -> Bool { write(Self.frame(0x1, Array(text.utf8))) }

  @discardableResult
  func send(binary: [UInt8]) -> Bool { write(Self.frame(0x2, binary)) }

  func sendClose(_ code: UInt16, _ reason: String) {
    write(Self.frame(0x8, [UInt8(code >> 8), UInt8(code & 0xff)] + Array(reason.utf8)))
  }

  static func frame(_ opcode: UInt8, _ payload: [UInt8], final: Bool = true) -> [UInt8] {
    var frame: [UInt8] = [(final ? 0x80 : 0) | opcode]
    switch payload.count {
    case ..<126: frame.append(0x80 | UInt8(payload.count))
    case ..<65_536: frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
    default: frame += [0x80 | 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
    }
    let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
    return frame + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
  }

  /// The next frame of the server, which must neither mask nor fragment.
  func readFrame() throws -> Frame {
    let head = try readBytes(2)
    guard head[0] & 0xf0 == 0x80, head[1] & 0x80 == 0 else { throw Failure(what: "frame head \(head)") }
    var length = Int(head[1])
    if length == 126 { length = try readBytes(2).reduce(0) { $0 << 8 | Int($1) } }
    if length == 127 { length = try readBytes(8).reduce(0) { $0 << 8 | Int($1) } }
    return Frame(opcode: head[0] & 0xf, payload: try readBytes(length))
  }

  /// The next frame that is neither ping nor pong.
  func readMessage() throws -> Frame {
    while true {
      let frame = try readFrame()
      if frame.opcode != 0x9, frame.opcode != 0xa { return frame }
    }
  }

  /// True once the server has closed; what it still says is thrown away. False after the time-out.
  func isClosedByServer() -> Bool {
    while true {
      received = []
      consumed = 0
      do { try readMore() } catch { return errno != EAGAIN }
    }
  }

  private func readBytes(_ count: Int) throws -> [UInt8] {
    while received.count - consumed < count { try readMore() }
    defer { consumed += count }
    return Array(received[consumed..<(consumed + count)])
  }

  private func readMore() throws {
    received.removeFirst(consumed)
    consumed = 0
    errno = 0
    let count = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 16) { buffer in
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      received.append(contentsOf: buffer[..<max(count, 0)])
      return count
    }
    guard count > 0 else { throw Failure(what: count == 0 ? "server closed" : "recv: errno \(errno)") }
  }
}

/// Runs what blocks on a thread of its own: the few of the pool are for the workers' tasks.
func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
  try await withCheckedThrowingContinuation { done in
    _ = startThread { done.resume(with: Result { try body() }) }
  }
}
