/// Base64 (RFC 4648 §4), the standard alphabet with padding. Foundation's works on `Data` and copies twice.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The value of each byte; 0xFF outside the alphabet.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
    return values
  }()

  /// - Returns: nil for a length that is no multiple of four and for bytes outside the alphabet, whitespace included.
  static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    guard let last = text.last else { return [] }
    let padding = last != UInt8(ascii: "=") ? 0 : text[text.count - 2] == UInt8(ascii: "=") ? 2 : 1
    var isValid = true
    let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3) { output, count in
      values.withUnsafeBufferPointer { values in
        // Any invalid value sets a top bit here, so the loop needs no branch for it.
        var seen: UInt8 = 0
        func group(at index: Int, length: Int) -> UInt32 {
          var bits: UInt32 = 0
          for offset in 0..<4 {
            let value = offset < length ? values[Int(text[index + offset])] : 0
            seen |= value
            bits = bits << 6 | UInt32(value & 0x3F)
          }
          return bits
        }
        let groups = text.count / 4
        for index in 0..<groups {
          let bits = group(at: index * 4, length: index == groups - 1 ? 4 - padding : 4)
          output[index * 3] = UInt8(truncatingIfNeeded: bits >> 16)
          output[index * 3 + 1] = UInt8(truncatingIfNeeded: bits >> 8)
          output[index * 3 + 2] = UInt8(truncatingIfNeeded: bits)
        }
        isValid = seen & 0x80 == 0
      }
      count = text.count / 4 * 3 - padding
    }
    return isValid ? bytes : nil
  }

  static func decode(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { decode($0) }
  }

  static func encode(_ bytes: [UInt8]) -> String {
    String(decoding: encode(bytes, between: [], and: []), as: UTF8.self)
  }

  /// `head`, the bytes as Base64, `tail`: in one allocation.
  static func encode(_ bytes: [UInt8], between head: [UInt8], and tail: [UInt8]) -> [UInt8] {
    let size = head.count + (bytes.count + 2) / 3 * 4 + tail.count
    return [UInt8](unsafeUninitializedCapacity: size) { output, count in
      var position = 0
      func put(_ byte: UInt8) {
        output[position] = byte
        position += 1
      }
      head.forEach(put)
      alphabet.withUnsafeBufferPointer { alphabet in
        bytes.withUnsafeBufferPointer { bytes in
          var index = 0
          while index + 2 < bytes.count {
            let bits = Int(bytes[index]) << 16 | Int(bytes[index + 1]) << 8 | Int(bytes[index + 2])
            put(alphabet[bits >> 18])
            put(alphabet[bits >> 12 & 0x3F])
            put(alphabet[bits >> 6 & 0x3F])
            put(alphabet[bits & 0x3F])
            index += 3
          }
          guard index < bytes.count else { return }
          let hasTwo = index + 1 < bytes.count
          let bits = Int(bytes[index]) << 16 | (hasTwo ? Int(bytes[index + 1]) << 8 : 0)
          put(alphabet[bits >> 18])
          put(alphabet[bits >> 12 & 0x3F])
          put(hasTwo ? alphabet[bits >> 6 & 0x3F] : UInt8(ascii: "="))
          put(UInt8(ascii: "="))
        }
      }
      tail.forEach(put)
      count = position
    }
  }
}
