import NIOCore
import VivaConfiguration
import Workers

/// A Wyoming TTS server on 127.0.0.1 that speaks a speech-like sound.
public final class ScriptedSynthesizerServer: Sendable {
  /// The answer to one sentence.
  public struct Reply: Sendable {
    /// Of the audio; zero answers without any.
    public var duration: Duration
    /// To the first chunk.
    public var delay: Duration = .zero
    /// Between chunks of 1,024 samples; at zero, all are sent at once, as Piper does.
    public var chunkInterval: Duration = .zero
    public var fault: ScriptedFault?

    public init(_ duration: Duration) {
      self.duration = duration
    }

    /// 60 ms a character.
    public init(speaking text: String) {
      self.init(.milliseconds(60 * text.count))
    }
  }

  /// What a client asked for.
  public struct Sentence: Sendable, Equatable, Decodable {
    struct Voice: Decodable { var name: String? }
    enum CodingKeys: CodingKey { case text, voice }

    public var text: String
    public var voice: String?

    public init(text: String, voice: String? = nil) {
      self.text = text
      self.voice = voice
    }

    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      text = try values.decode(String.self, forKey: .text)
      voice = try values.decodeIfPresent(Voice.self, forKey: .voice)?.name
    }
  }

  public let listener: ScriptedListener
  private let recorded: Recorder<Sentence>

  public var url: String { "tcp://127.0.0.1:\(listener.port)" }
  public var counts: ScriptedCounts { listener.counts }
  /// In the order of their coming; the oldest are forgotten.
  public var sentences: [Sentence] { recorded.all }

  /// - Parameters:
  ///   - channels: 1 or 2; for others the audio is as for 1.
  ///   - voices: That its `info` names.
  ///   - reply: Is given the number of the request, from 0, and what is to be spoken.
  public init(
    sampleRate: Int = 22_050, channels: Int = 1, bytesPerSample: Int = 2, voices: [String] = [],
    reply: @Sendable @escaping (Int, Sentence) -> Reply = { Reply(speaking: $1.text) }
  ) async throws {
    let recorder = Recorder<Sentence>()
    recorded = recorder
    let format: JSONValue = [
      "rate": .integer(sampleRate), "width": .integer(bytesPerSample), "channels": .integer(channels),
    ]
    listener = try await ScriptedListener { listener, channel in
      let script = Script(
        rate: sampleRate, channels: channels, format: format, voices: voices, reply: reply, recorder: recorder)
      try channel.pipeline.syncOperations.addHandler(WyomingServerHandler(listener, script))
    }
  }

  public func shutdown() async { await listener.shutdown() }

  /// One connection.
  private final class Script: WyomingScript {
    private let rate: Int
    private let channels: Int
    private let format: WyomingEvent
    private let voices: [String]
    private let reply: @Sendable (Int, Sentence) -> Reply
    private let recorder: Recorder<Sentence>

    init(
      rate: Int, channels: Int, format: JSONValue, voices: [String],
      reply: @Sendable @escaping (Int, Sentence) -> Reply, recorder: Recorder<Sentence>
    ) {
      self.rate = rate
      self.channels = channels
      self.format = WyomingEvent("audio-start", format)
      self.voices = voices
      self.reply = reply
      self.recorder = recorder
    }

    func received(_ event: WyomingEvent, _ player: ScriptPlayer<[WyomingEvent]>) -> [ScriptStep<[WyomingEvent]>] {
      switch event.type {
      case "describe":
        return [.send([info])]
      case "synthesize":
        guard let sentence = try? event.decode(Sentence.self) else { return [.close] }
        let reply = reply(player.begin(), sentence)
        recorder.append(sentence)
        if case .error(let text, _) = reply.fault {
          return [.send([WyomingEvent("error", ["text": .string(text)])]), .close]
        }
        let chunks = SpeechLikeTone.chunks(reply.duration, sampleRate: rate * (channels == 2 ? 2 : 1)).map {
          [WyomingEvent("audio-chunk", data: format.data, payload: $0)]
        }
        var steps: [ScriptStep<[WyomingEvent]>] = [.wait(reply.delay), .send([format])]
        steps.play(
          chunks, every: reply.chunkInterval, end: [[WyomingEvent("audio-stop")]],
          garbage: [WyomingServerHandler.garbage], fault: reply.fault)
        return steps
      default:
        return []
      }
    }

    private var info: WyomingEvent {
      let voices = voices.map { JSONValue.object(["name": .string($0), "languages": ["en"]]) }
      return WyomingEvent("info", ["asr": [], "tts": [["name": "scripted", "voices": .array(voices)]]])
    }
  }
}
