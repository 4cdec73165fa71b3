/// Collects the packets of a phrase while they are sent for the first time.
final class PhraseRecorder {
  /// A minute of speech is 200 KB. What is longer is no phrase.
  private static let maximumBytes = 1 << 20

  let key: PhraseKey
  private var packets: [EncodedPhrase.Packet] = []
  private var bytes: [UInt8] = []
  private var isTooLong = false

  init(_ key: PhraseKey) {
    self.key = key
  }

  /// - Parameter payload: Empty for silence.
  func append(_ payload: UnsafeRawBufferPointer, samples: Int, duration: Int, level: UInt8) {
    guard !isTooLong, bytes.count + payload.count <= Self.maximumBytes else { return isTooLong = true }
    packets.append(
      EncodedPhrase.Packet(
        start: bytes.count, length: payload.count, samples: samples, duration: duration, level: level))
    bytes.append(contentsOf: payload)
  }

  /// Nil when nothing came, or too much.
  func finish() -> EncodedPhrase? {
    isTooLong || packets.isEmpty ? nil : EncodedPhrase(key.format.codec, packets, bytes)
  }
}
