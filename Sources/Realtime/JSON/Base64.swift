/// Base64 (RFC 4648 §4), the standard alphabet with padding. Foundation's works on `Data` and copies twice.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let pad = UInt8(ascii: "=")

  /// The value of each byte; 0xFF outside the alphabet.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
    return values
  }()

  // MARK: Decoding

  /// - Returns: nil for a length that is no multiple of four and for bytes outside the alphabet, whitespace included.
  static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    guard let last = text.last else { return [] }
    let padding = last != pad ? 0 : text[text.count - 2] == pad ? 2 : 1
    let whole = padding == 0 ? text.count : text.count - 4

    // Bytes outside the alphabet set a bit in here that no value has, so the loop needs no branch for them.
    var seen: UInt8 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3) { output, count in
      values.withUnsafeBufferPointer { values in
        var index = 0
        while index < whole {
          let a = values[Int(text[index])]
          let b = values[Int(text[index &+ 1])]
          let c = values[Int(text[index &+ 2])]
          let d = values[Int(text[index &+ 3])]
          seen |= a | b | c | d
          output[count] = a << 2 | b >> 4
          output[count &+ 1] = b << 4 | c >> 2
          output[count &+ 2] = c << 6 | d
          index &+= 4
          count &+= 3
        }
        guard padding > 0 else { return }
        let a = values[Int(text[whole])]
        let b = values[Int(text[whole + 1])]
        let c = padding == 1 ? values[Int(text[whole + 2])] : 0
        seen |= a | b | c
        output[count] = a << 2 | b >> 4
        if padding == 1 { output[count + 1] = b << 4 | c >> 2 }
        count += 3 - padding
      }
    }
    return seen < 64 ? bytes : nil
  }

  static func decode(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { decode($0) }
  }

  // MARK: Encoding

  static func encode(_ bytes: [UInt8]) -> String {
    String(decoding: encode(bytes, between: [], and: []), as: UTF8.self)
  }

  /// `head`, the bytes as Base64, `tail`: in one allocation.
  static func encode(_ bytes: [UInt8], between head: [UInt8], and tail: [UInt8]) -> [UInt8] {
    let length = (bytes.count + 2) / 3 * 4
    return [UInt8](unsafeUninitializedCapacity: head.count + length + tail.count) { output, count in
      _ = output.initialize(fromContentsOf: head)
      encode(bytes, into: UnsafeMutableBufferPointer(rebasing: output[head.count..<head.count + length]))
      _ = UnsafeMutableBufferPointer(rebasing: output[(head.count + length)...]).initialize(fromContentsOf: tail)
      count = head.count + length + tail.count
    }
  }

  /// - Parameter output: has room for exactly the Base64 of `bytes`.
  private static func encode(_ bytes: [UInt8], into output: UnsafeMutableBufferPointer<UInt8>) {
    alphabet.withUnsafeBufferPointer { alphabet in
      bytes.withUnsafeBufferPointer { bytes in
        let whole = bytes.count - bytes.count % 3
        var index = 0
        var position = 0
        while index < whole {
          let (a, b, c) = (bytes[index], bytes[index &+ 1], bytes[index &+ 2])
          output[position] = alphabet[Int(a >> 2)]
          output[position &+ 1] = alphabet[Int((a << 4 | b >> 4) & 63)]
          output[position &+ 2] = alphabet[Int((b << 2 | c >> 6) & 63)]
          output[position &+ 3] = alphabet[Int(c & 63)]
          index &+= 3
          position &+= 4
        }
        guard whole < bytes.count else { return }
        let a = bytes[whole]
        let b = whole + 1 < bytes.count ? bytes[whole + 1] : 0
        output[position] = alphabet[Int(a >> 2)]
        output[position + 1] = alphabet[Int((a << 4 | b >> 4) & 63)]
        output[position + 2] = whole + 1 < bytes.count ? alphabet[Int(b << 2 & 63)] : pad
        output[position + 3] = pad
      }
    }
  }
}
