import Foundation
import Media
import Realtime

/// What bots say in calls over WebRTC, in one codec: packets of 20 ms with their levels, encoded once and shared by all
/// bots. So no bot has an encoder.
public final class CallVoice: Sendable {
  struct Packet: Sendable {
    var bytes: Range<Int>
    var level: AudioLevel
  }

  struct Sentence: Sendable {
    var packets: [Packet]
    /// Silence that follows the last sample in the last packet.
    var padding: Duration
  }

  static let packetMilliseconds = 20
  /// Louder than this is a voice, in −dBov: a pause between two words is not.
  private static let faintestVoice = 55

  public let format: AudioFormat
  /// Of what is negotiated: the clock's units in a packet.
  let packetUnits: UInt32
  let encoding: AudioCodec.Encoding
  /// All packets, one behind the other.
  let bytes: [UInt8]
  let sentences: [Sentence]
  let silence: Packet

  /// - Parameters:
  ///   - utterances: what is said, in turn, over and over; none is silence all the time.
  ///   - format: Opus or G.711. PCM does not go over RTP here, and counts as Opus.
  public init(_ utterances: [Utterance], format: AudioFormat) {
    self.format = format == .pcm ? .opus : format
    switch format {
    case .pcm, .opus: (encoding, packetUnits) = (.opus, 960)
    case .pcmu: (encoding, packetUnits) = (.pcmu, 160)
    case .pcma: (encoding, packetUnits) = (.pcma, 160)
    }
    var bytes: [UInt8] = []
    func packets(_ samples: [Int16], _ format: AudioFormat) -> [Packet] {
      BotVoice.payloads(samples, format: format, milliseconds: Self.packetMilliseconds).enumerated().map {
        index, payload in
        defer { bytes += payload }
        return Packet(bytes: bytes.count..<bytes.count + payload.count, level: Self.level(ofPacket: index, samples))
      }
    }
    let codec = self.format
    sentences = utterances.map { utterance in
      let packets = packets(utterance.samples, codec)
      let samples = packets.count * Self.packetMilliseconds * 24
      return Sentence(
        packets: packets, padding: .microseconds(max(0, samples - utterance.samples.count) * 1000 / 24))
    }
    // The second one of two: an encoder's first packet is special.
    silence = packets([Int16](repeating: 0, count: 2 * Self.packetMilliseconds * 24), codec)[1]
    self.bytes = bytes
  }

  private static func level(ofPacket index: Int, _ samples: [Int16]) -> AudioLevel {
    let start = min(samples.count, index * packetMilliseconds * 24)
    let frame = samples[start..<min(samples.count, start + packetMilliseconds * 24)]
    let power = frame.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(packetMilliseconds * 24)
    guard power > 0 else { return .silence }
    let decibels = Int((-10 * log10(power / (32_768 * 32_768))).rounded())
    return AudioLevel(decibelsBelowOverload: UInt8(clamping: decibels), isVoice: decibels <= faintestVoice)
  }
}

/// What a bot's microphone picks up in a call, packet by packet: sentences with a pause before each, silence otherwise.
struct CallMouth: Sendable {
  struct Piece {
    var packet: CallVoice.Packet
    /// Whether a sentence begins with it.
    var begins = false
    /// Set on the last packet of a sentence: how long before its end the last sample of speech lies.
    var endOfSpeech: Duration?
  }

  private static let pauseMilliseconds = 600

  let voice: CallVoice
  private var next: Int
  private var position: Int?
  private var pause = 0

  /// - Parameter first: where in the list of sentences to begin, so that bots differ.
  init(_ voice: CallVoice, first: Int) {
    self.voice = voice
    next = voice.sentences.isEmpty ? 0 : first % voice.sentences.count
  }

  /// - Parameter mayStart: whether the agent is silent, so that a sentence may begin.
  mutating func piece(mayStart: Bool) -> Piece {
    guard let position = position ?? begin(mayStart: mayStart) else { return Piece(packet: voice.silence) }
    let count = voice.sentences[next].packets.count
    var piece = Piece(packet: voice.sentences[next].packets[position], begins: position == 0)
    if position + 1 < count {
      self.position = position + 1
    } else {
      piece.endOfSpeech = voice.sentences[next].padding
      self.position = nil
      pause = 0
      next = (next + 1) % voice.sentences.count
    }
    return piece
  }

  private mutating func begin(mayStart: Bool) -> Int? {
    guard !voice.sentences.isEmpty else { return nil }
    pause = mayStart ? pause + CallVoice.packetMilliseconds : 0
    return pause > Self.pauseMilliseconds ? 0 : nil
  }
}
