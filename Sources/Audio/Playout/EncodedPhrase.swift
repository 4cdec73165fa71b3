import Runtime

/// What a phrase is known by. Only equal keys give equal audio, so all that shapes the sound must be in it.
public struct PhraseKey: Sendable, Hashable {
  public var text: String
  public var voice: String
  public var speed: Double
  public var format: PlayoutFormat

  public init(text: String, voice: String, speed: Double, format: PlayoutFormat) {
    self.text = text
    self.voice = voice
    self.speed = speed
    self.format = format
  }
}

/// A phrase as packets, which every session that has the format can send. They can be decoded whatever came before.
public final class EncodedPhrase: Sendable {
  struct Packet: Sendable {
    /// Of its bytes.
    let start: Int
    /// 0 for silence: nothing is sent.
    let length: Int
    /// Audio in it, at 24 kHz; less than its duration at the end.
    let samples: Int
    /// At 24 kHz.
    let duration: Int
    let level: UInt8
  }

  public let codec: VoiceCodec
  /// Audio, at 24 kHz.
  public let samples: Int
  let packets: [Packet]
  let bytes: [UInt8]

  init(_ codec: VoiceCodec, _ packets: [Packet], _ bytes: [UInt8]) {
    self.codec = codec
    self.packets = packets
    self.bytes = bytes
    samples = packets.reduce(0) { $0 + $1.samples }
  }

  /// Its packets in order, each with its audio in samples at 24 kHz; one without bytes is silence.
  public func forEachPacket(_ body: (_ packet: ArraySlice<UInt8>, _ samples: Int) -> Void) {
    for packet in packets { body(bytes[packet.start..<packet.start + packet.length], packet.samples) }
  }

  /// What it takes.
  public var byteCount: Int { bytes.capacity + packets.capacity * MemoryLayout<Packet>.stride + 128 }

  /// Encodes a phrase at once: some 10 ms of CPU for each second of it, so not on a shard that has talking sessions.
  ///
  /// - Parameters:
  ///   - samples: At 24 kHz.
  ///   - complexity: Of the Opus encoder, 0 to 10.
  /// - Returns: Nil when libopus cannot be had, or for no samples.
  public static func encode(_ samples: [Int16], for key: PhraseKey, complexity: Int = 10) -> EncodedPhrase? {
    var playout = Playout(key.format, queueBytes: .max, at: Instant(nanoseconds: 0))
    playout.beginPhrase(key)
    guard playout.append(samples), playout.endPhrase() else { return nil }
    var now = Instant(nanoseconds: 0)
    var buffer = [UInt8](repeating: 0, count: OpusEncoder.largestPacket)
    for _ in 0...samples.count / 240 + 8 {
      while true {
        var bytes = buffer.mutableSpan
        var raw = bytes.mutableBytes
        guard let step = playout.next(at: now, complexity: complexity, into: &raw) else { break }
        if case .recorded(_, let phrase) = step { return phrase }
      }
      now = now + .milliseconds(10)
    }
    return nil
  }
}
