import Foundation
import NIOCore
import NIOHTTP1
import Workers

/// An OpenAI-compatible TTS on 127.0.0.1 that speaks a speech-like sound: `POST /v1/audio/speech`, `GET /v1/models`.
public final class ScriptedSpeechServer: Sendable {
  public enum Format: String, Sendable, Decodable {
    /// Of 24 kHz, as OpenAI's.
    case pcm
    case wav
    /// In Ogg, mono, 20 ms a packet.
    case opus
  }

  /// The answer to one sentence.
  public struct Reply: Sendable {
    /// Of the audio; zero answers without any.
    public var duration: Duration
    /// What it answers with whatever is asked for; nil is what is asked for.
    public var format: Format?
    /// What it says this is; nil is what it is.
    public var contentType: String?
    /// To the first piece.
    public var delay: Duration = .zero
    /// Between pieces; at zero, all are sent at once.
    public var chunkInterval: Duration = .zero
    /// Of a piece, in bytes.
    public var chunkBytes = 4096
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
  public struct Request: Sendable, Equatable, Decodable {
    public var input: String
    public var model: String
    public var voice: String
    /// Nil for one that this server does not have.
    public var format: Format?

    private enum CodingKeys: String, CodingKey {
      case input, model, voice
      case format = "response_format"
    }

    public init(input: String, model: String, voice: String, format: Format?) {
      self.input = input
      self.model = model
      self.voice = voice
      self.format = format
    }

    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      input = try values.decode(String.self, forKey: .input)
      model = try values.decode(String.self, forKey: .model)
      voice = try values.decode(String.self, forKey: .voice)
      format = Format(rawValue: try values.decodeIfPresent(String.self, forKey: .format) ?? "mp3")
    }
  }

  public static let sampleRate = 24_000

  public let listener: ScriptedListener
  private let recorded: Recorder<Request>

  /// As for an OpenAI client, with `/v1`.
  public var url: String { "http://127.0.0.1:\(listener.port)/v1" }
  public var counts: ScriptedCounts { listener.counts }
  /// In the order of their coming; the oldest are forgotten.
  public var requests: [Request] { recorded.all }

  /// - Parameters:
  ///   - voices: Others are refused with 400; empty takes any.
  ///   - reply: Is given the number of the request, from 0, and what is to be spoken.
  public init(
    voices: [String] = [], reply: @Sendable @escaping (Int, Request) -> Reply = { Reply(speaking: $1.input) }
  ) async throws {
    let recorder = Recorder<Request>()
    recorded = recorder
    listener = try await ScriptedListener { listener, channel in
      let pipeline = channel.pipeline.syncOperations
      // Pipelining assistance would stop reading during a reply, and so hide that the client left.
      try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
      try pipeline.addHandler(
        HTTPServerHandler(listener, path: "/v1/audio/speech") { http in
          guard let request = try? JSONDecoder().decode(Request.self, from: Data(http.body.readableBytesView)) else {
            return .error("input, model and voice are needed", status: 400, after: .zero)
          }
          recorder.append(request)
          guard voices.isEmpty || voices.contains(request.voice) else {
            return .error("no such voice", status: 400, after: .zero)
          }
          return reply(http.number, request).steps(asked: request.format)
        })
    }
  }

  public func shutdown() async { await listener.shutdown() }
}

extension ScriptedSpeechServer.Reply {
  func steps(asked: ScriptedSpeechServer.Format?) -> [HTTPStep] {
    if case .error(let text, let status) = fault { return .error(text, status: status, after: delay) }
    guard let format = format ?? asked else {
      return .error("response_format must be pcm, wav or opus", status: 400, after: delay)
    }
    let type =
      switch format {
      case .pcm: "audio/pcm"
      case .wav: "audio/wav"
      case .opus: "audio/ogg"
      }
    return .stream(
      contentType ?? type, pieces(format), after: delay, every: chunkInterval,
      garbage: .body("\u{0}this is neither sound nor the protocol"), fault: fault)
  }

  private func pieces(_ format: ScriptedSpeechServer.Format) -> [HTTPServerResponsePart] {
    var bytes =
      switch format {
      case .opus: SpeechLikeOpus.file(duration)
      case .pcm: samples
      case .wav: wav
      }
    var pieces: [HTTPServerResponsePart] = []
    while let piece = bytes.readSlice(length: min(chunkBytes, bytes.readableBytes)), piece.readableBytes > 0 {
      pieces.append(.body(.byteBuffer(piece)))
    }
    return pieces
  }

  /// With the invented lengths of a file that is sent while it is made.
  private var wav: ByteBuffer {
    var file = ByteBuffer(string: "RIFF")
    file.writeInteger(UInt32.max)
    file.writeString("WAVEfmt ")
    file.writeInteger(16, endianness: .little, as: UInt32.self)
    let rate = UInt32(ScriptedSpeechServer.sampleRate)
    for value: UInt16 in [1, 1] { file.writeInteger(value, endianness: .little) }
    for value in [rate, rate * 2] { file.writeInteger(value, endianness: .little) }
    for value: UInt16 in [2, 16] { file.writeInteger(value, endianness: .little) }
    file.writeString("data")
    file.writeInteger(UInt32.max)
    file.writeImmutableBuffer(samples)
    return file
  }

  private var samples: ByteBuffer {
    var all = ByteBuffer()
    for chunk in SpeechLikeTone.chunks(duration, sampleRate: ScriptedSpeechServer.sampleRate) {
      all.writeImmutableBuffer(chunk)
    }
    return all
  }
}
