/// The bytes on their way to one WebSocket client, already framed (RFC 6455 §5.2; a server does not mask).
///
/// Frames lie end to end in one buffer, so that everything queued leaves in one write. A close frame is
/// the last one: after it nothing is queued any more.
struct OutboundQueue {
  enum Opcode: UInt8 {
    case text = 0x1
    case binary = 0x2
    case close = 0x8
  }

  struct Closing: Equatable {
    var code: UInt16
    var reason: String
    /// The client let the queue fill up: it is not worth waiting for.
    var becauseOfBacklog = false
  }

  private let limit: Int
  private var pending: [UInt8] = []
  /// Bytes handed to libwebsockets that the kernel has not taken yet.
  private(set) var inFlight = 0
  private(set) var closing: Closing?

  init(limit: Int) { self.limit = limit }

  var isEmpty: Bool { pending.isEmpty }
  var byteCount: Int { pending.count + inFlight }

  /// Queues a message, or begins to close with 1008 if there is no room for it. Ignored while closing.
  mutating func append(_ payload: [UInt8], _ opcode: Opcode) {
    guard closing == nil else { return }
    guard byteCount + payload.count <= limit else {
      pending = []
      return close(Closing(code: 1008, reason: "client is not reading", becauseOfBacklog: true))
    }
    appendFrame(payload, opcode)
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
  mutating func discard() { pending = [] }

  /// Everything queued, now in flight.
  mutating func takeBatch() -> [UInt8] {
    let batch = pending
    pending = []
    inFlight = batch.count
    return batch
  }

  mutating func batchWasWritten() { inFlight = 0 }

  private mutating func appendFrame(_ payload: [UInt8], _ opcode: Opcode) {
    pending.reserveCapacity(pending.count + payload.count + 10)
    pending.append(0x80 | opcode.rawValue)
    switch payload.count {
    case ..<126:
      pending.append(UInt8(payload.count))
    case ..<65_536:
      pending.append(126)
      withUnsafeBytes(of: UInt16(payload.count).bigEndian) { pending.append(contentsOf: $0) }
    default:
      pending.append(127)
      withUnsafeBytes(of: UInt64(payload.count).bigEndian) { pending.append(contentsOf: $0) }
    }
    pending.append(contentsOf: payload)
  }
}
