/// What `Playout.next` has to say.
public enum PlayoutStep: Sendable {
  /// The agent begins to speak; its first packet follows.
  case started
  /// A packet is to be sent; its payload is in the caller's buffer.
  case packet(PlayoutPacket)
  /// All that was appended has been played. Not said after `clear()`.
  /// - played: In samples at 24 kHz since the beginning.
  case drained(played: Int)
  /// A phrase has been spoken to its end, and its packets can be kept.
  case recorded(PhraseKey, EncodedPhrase)
}

/// An RTP packet in the making.
public struct PlayoutPacket: Sendable, Equatable {
  /// Bytes of the payload.
  public let length: Int
  /// In the codec's clock rate. It follows the wall clock, so it has gaps where nothing was sent.
  public let timestamp: UInt32
  /// In the units of the timestamp.
  public let duration: Int
  /// The first packet after silence (RFC 3551, section 4.1).
  public let marker: Bool
  /// In dB below overload, 0...127 (RFC 6464); an estimate for packets that were not encoded here.
  public let audioLevel: UInt8

  public var isVoice: Bool { audioLevel < PlayoutLevel.silence }
}

/// What a packet without voice calls itself.
enum PlayoutLevel {
  /// Frames this far below overload are silent.
  static let silence: UInt8 = 70
  static let none: UInt8 = 127

  static func of(_ samples: UnsafeBufferPointer<Int16>) -> UInt8 {
    let level = PCM16.level(of: samples)
    return level > -127 ? UInt8(max(0, -level.rounded())) : none
  }

  /// A guess: speech is coded with about 60 bytes for 20 ms, its pauses with a few.
  static func ofPacket(_ length: Int) -> UInt8 {
    switch length {
    case ...2: none
    case ..<12: 60
    default: 30
    }
  }
}
