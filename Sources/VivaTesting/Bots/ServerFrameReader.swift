/// Reads a server's WebSocket frames from bytes that come in any pieces: what misbehaving clients need to know of them.
public struct ServerFrameReader: Sendable {
  public enum Frame: Sendable, Equatable {
    /// The beginning of a text or binary message.
    case data(head: [UInt8])
    case ping([UInt8])
    case close(code: Int?, reason: String)
    case other
  }

  /// Of a data frame that much is kept.
  private static let headBytes = 64

  private var header: [UInt8] = []
  private var payload: [UInt8] = []
  /// Of the payload, still to come; nil while the header is being read.
  private var missing: Int?

  public init() {}

  /// - Returns: the frames that are whole now.
  public mutating func read(_ bytes: [UInt8]) -> [Frame] {
    var frames: [Frame] = []
    var rest = bytes[...]
    while !rest.isEmpty || missing == 0 {
      if let missing {
        let part = rest.prefix(missing)
        payload += part.prefix(Self.headBytes * 2 - payload.count)
        rest = rest.dropFirst(part.count)
        self.missing = missing - part.count
        if missing == part.count { frames.append(take()) }
      } else {
        header.append(rest.removeFirst())
        missing = payloadLength()
      }
    }
    return frames
  }

  private mutating func take() -> Frame {
    defer {
      header = []
      payload = []
      missing = nil
    }
    switch header[0] & 0xF {
    case 0x1, 0x2: return .data(head: Array(payload.prefix(Self.headBytes)))
    case 0x8:
      guard payload.count >= 2 else { return .close(code: nil, reason: "") }
      return .close(
        code: Int(payload[0]) << 8 | Int(payload[1]), reason: String(decoding: payload.dropFirst(2), as: UTF8.self))
    case 0x9: return .ping(payload)
    default: return .other
    }
  }

  /// nil while the header is not whole.
  private func payloadLength() -> Int? {
    guard header.count >= 2 else { return nil }
    let short = Int(header[1] & 0x7F)
    let extra = short == 127 ? 8 : short == 126 ? 2 : 0
    guard header.count == 2 + extra else { return nil }
    guard extra > 0 else { return short }
    return header[2...].reduce(0) { ($0 & (.max >> 9)) << 8 | Int($1) }
  }
}
