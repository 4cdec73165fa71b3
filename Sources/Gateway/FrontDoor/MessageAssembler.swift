/// Puts a message together from the pieces in which libwebsockets delivers it: fragments of the peer's
/// making, and the chunks of its own receive buffer.
struct MessageAssembler {
  enum Outcome: Equatable {
    case incomplete
    case message([UInt8])
    /// Close with this code and reason.
    case failure(code: UInt16, reason: String)
  }

  let limit: Int
  private var partial: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  /// - Parameters:
  ///   - remaining: bytes of the current frame still to come.
  ///   - isFinal: the piece is the message's last.
  mutating func append(
    _ piece: UnsafeRawBufferPointer, remaining: Int, isFinal: Bool, binary: Bool
  ) -> Outcome {
    // `remaining` is the peer's word, up to 2^63 - 1.
    let (announced, overflow) = (partial.count + piece.count).addingReportingOverflow(remaining)
    guard !overflow, announced <= limit else {
      partial = []
      return .failure(code: 1009, reason: "message is longer than \(limit) bytes")
    }
    guard isFinal else {
      partial.append(contentsOf: piece)
      return .incomplete
    }
    var message: [UInt8] = []
    if partial.isEmpty {
      message = Array(piece)
    } else {
      swap(&message, &partial)
      message.append(contentsOf: piece)
    }
    guard binary || isUTF8(message) else { return .failure(code: 1007, reason: "text is not UTF-8") }
    return .message(message)
  }
}

/// libwebsockets has a check of its own, but it misses a character cut off by the end of a fragment and
/// takes the payload of a pong for text.
func isUTF8(_ bytes: [UInt8]) -> Bool {
  let isASCII = bytes.withUnsafeBytes { raw in
    var seen: UInt64 = 0
    var offset = 0
    while offset + 8 <= raw.count {
      seen |= raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      offset += 8
    }
    while offset < raw.count {
      seen |= UInt64(raw[offset])
      offset += 1
    }
    return seen & 0x8080_8080_8080_8080 == 0
  }
  return isASCII || String(validating: bytes, as: UTF8.self) != nil
}
