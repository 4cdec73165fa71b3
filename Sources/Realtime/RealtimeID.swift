/// Makes ids like `item_4x7c…`: a prefix that names the kind (`event`, `item`, `resp`, `sess`, `call`, `conv`)
/// and 24 random characters, 120 bits.
public enum RealtimeID {
  private static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)

  public static func make(_ prefix: String) -> String {
    var generator = SystemRandomNumberGenerator()
    return make(prefix, using: &generator)
  }

  /// - Parameter generator: a seeded one makes tests repeatable.
  public static func make(_ prefix: String, using generator: inout some RandomNumberGenerator) -> String {
    var text = Array(prefix.utf8)
    text.append(UInt8(ascii: "_"))
    for _ in 0..<2 {
      var bits = generator.next()
      for _ in 0..<12 {
        text.append(alphabet[Int(bits & 31)])
        bits >>= 5
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
