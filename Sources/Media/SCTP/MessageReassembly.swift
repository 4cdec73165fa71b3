/// A piece of a user message as usrsctp hands it over, nearly always the whole.
struct MessageFragment {
  var stream: UInt16
  /// Nil for one that is unknown.
  var payloadProtocol: PayloadProtocol?
  var bytes: [UInt8]
  var isLast: Bool
}

/// The pieces of a message so far. When they are too many, they are thrown away, and so is what follows.
struct MessageReassembly {
  private var bytes: [UInt8] = []
  private(set) var isTooLarge = false

  /// - Returns: The whole message after its last piece; nil before, and for one that is too large.
  mutating func append(_ fragment: MessageFragment, maximum: Int) -> [UInt8]? {
    if isTooLarge || fragment.bytes.count > maximum - bytes.count {
      isTooLarge = true
      bytes = []
      return nil
    }
    if bytes.isEmpty { bytes = fragment.bytes } else { bytes += fragment.bytes }
    return fragment.isLast ? bytes : nil
  }
}
