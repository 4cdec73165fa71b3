/// Walks the elements of a header extension (RFC 8285), of the one-byte and of the two-byte form. Of what has another
/// form, and of what is damaged, there is nothing; a packet is still good without its extensions.
struct RTPHeaderExtensions {
  private static let oneByteProfile: UInt16 = 0xbede
  /// The lower four bits are for applications.
  private static let twoByteProfile: UInt16 = 0x100

  private enum Form {
    case oneByte, twoByte
  }

  private let form: Form
  private var position: Int
  private let end: Int

  init(_ header: RTPHeader) {
    position = header.extensions.lowerBound
    if header.extensionProfile == Self.oneByteProfile {
      form = .oneByte
      end = header.extensions.upperBound
    } else {
      form = .twoByte
      // No form that we know: nothing to walk.
      end = header.extensionProfile >> 4 == Self.twoByteProfile ? header.extensions.upperBound : position
    }
  }

  /// The next element and where its value is, or nil at the end.
  ///
  /// - Parameter packet: The bytes that the header was read from.
  mutating func next(in packet: RawSpan) -> (id: UInt8, value: Range<Int>)? {
    guard end <= packet.byteCount else { return nil }
    while position < end {
      let first = packet.uint8(at: position)
      if first == 0 {
        // Padding, one byte a time.
        position += 1
        continue
      }
      let id: UInt8
      let value: Int
      let length: Int
      switch form {
      case .oneByte:
        id = first >> 4
        value = position + 1
        length = Int(first & 0x0f) + 1
        // 15 ends the extensions; 0 with a length is wrong, and ends them too.
        guard (1...14).contains(id) else { return finish() }
      case .twoByte:
        guard position + 2 <= end else { return finish() }
        id = first
        value = position + 2
        length = Int(packet.uint8(at: position + 1))
      }
      guard value + length <= end else { return finish() }
      position = value + length
      return (id, value..<value + length)
    }
    return nil
  }

  private mutating func finish() -> (id: UInt8, value: Range<Int>)? {
    position = end
    return nil
  }
}

extension RTPHeader {
  /// Where the value of the extension element with `id` is; the first one when there are several.
  ///
  /// - Parameter id: As negotiated by `a=extmap`.
  /// - Parameter packet: The bytes that the header was read from.
  public func extensionValue(_ id: UInt8, in packet: RawSpan) -> Range<Int>? {
    guard extensionLength > 0 else { return nil }
    var elements = RTPHeaderExtensions(self)
    while let element = elements.next(in: packet) {
      if element.id == id { return element.value }
    }
    return nil
  }
}
