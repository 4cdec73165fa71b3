/// The messages on their way to one WebSocket client (RFC 6455).
///
/// They wait as they were given, so that a message for a client that does not read costs no more than one for a client
/// that does, however long the queue. A close frame is the last one: after it nothing is queued any more.
struct OutboundQueue {
  enum Opcode: UInt8 {
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
  }

  struct Closing: Equatable {
    var code: UInt16
    var reason: String
    /// The client let the queue fill up: it is not worth waiting for.
    var becauseOfBacklog = false
  }

  /// What is handed over at once, unless a single frame is longer: libwebsockets copies what the kernel does not take.
  static let batchBytes = 256 << 10

  /// Not empty: libwebsockets does not tell of a pong without a payload.
  private static let pingPayload = Array("viva".utf8)

  private let limit: Int
  private var frames: [(opcode: Opcode, payload: [UInt8])] = []
  /// Of the frames that wait.
  private var pendingBytes = 0
  /// Bytes handed to libwebsockets that the kernel has not taken yet.
  private(set) var inFlight = 0
  private(set) var closing: Closing?

  init(limit: Int) { self.limit = limit }

  var isEmpty: Bool { frames.isEmpty }
  /// Framing included.
  var byteCount: Int { pendingBytes + inFlight }

  /// Queues a message, or begins to close with 1008 if there is no room for it. Ignored while closing.
  mutating func append(_ payload: [UInt8], _ opcode: Opcode) {
    guard closing == nil else { return }
    guard byteCount + payload.count <= limit else {
      discard()
      return close(Closing(code: 1008, reason: "client is not reading", becauseOfBacklog: true))
    }
    appendFrame(payload, opcode)
  }

  /// Queues a ping in front of what waits: a slow reader must not be taken for a dead one. Ignored while closing.
  mutating func ping() {
    guard closing == nil, frames.first?.opcode != .ping else { return }
    frames.insert((.ping, Self.pingPayload), at: 0)
    pendingBytes += Self.headerBytes(Self.pingPayload.count) + Self.pingPayload.count
  }

  /// Queues the close frame behind what waits. The first call wins.
  mutating func close(_ closing: Closing) {
    guard self.closing == nil else { return }
    self.closing = closing
    // RFC 6455 §5.5: at most 125 bytes, two of them the code. A cut-off character is left out.
    var reason = Array(closing.reason.utf8.prefix(123))
    while String(validating: reason, as: UTF8.self) == nil { reason.removeLast() }
    appendFrame([UInt8(closing.code >> 8), UInt8(closing.code & 0xff)] + reason, .close)
  }

  /// Drops what waits: the peer said goodbye or is gone.
  mutating func discard() {
    frames = []
    pendingBytes = 0
  }

  /// Whole frames, end to end so that they leave in one write, now in flight: all that wait, or `batchBytes` of them.
  mutating func takeBatch() -> [UInt8] {
    var count = 0
    var size = 0
    for frame in frames {
      let length = Self.headerBytes(frame.payload.count) + frame.payload.count
      guard count == 0 || size + length <= Self.batchBytes else { break }
      count += 1
      size += length
    }
    var batch: [UInt8] = []
    batch.reserveCapacity(size)
    for frame in frames[..<count] { Self.append(frame.payload, frame.opcode, to: &batch) }
    if count == frames.count { frames = [] } else { frames.removeFirst(count) }
    pendingBytes -= size
    inFlight = size
    return batch
  }

  mutating func batchWasWritten() { inFlight = 0 }

  private mutating func appendFrame(_ payload: [UInt8], _ opcode: Opcode) {
    frames.append((opcode, payload))
    pendingBytes += Self.headerBytes(payload.count) + payload.count
  }

  private static func headerBytes(_ payloadBytes: Int) -> Int {
    payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10
  }

  /// One frame (§5.2); a server does not mask.
  private static func append(_ payload: [UInt8], _ opcode: Opcode, to batch: inout [UInt8]) {
    batch.append(0x80 | opcode.rawValue)
    switch payload.count {
    case ..<126:
      batch.append(UInt8(payload.count))
    case ..<65_536:
      batch.append(126)
      withUnsafeBytes(of: UInt16(payload.count).bigEndian) { batch.append(contentsOf: $0) }
    default:
      batch.append(127)
      withUnsafeBytes(of: UInt64(payload.count).bigEndian) { batch.append(contentsOf: $0) }
    }
    batch.append(contentsOf: payload)
  }
}
