import Foundation
import NIOCore
import NIOHTTP1
import Workers

/// An OpenAI-compatible ASR on 127.0.0.1 that answers as told: `POST /v1/audio/transcriptions`, as a stream where it
/// is asked for one, `GET /v1/models`.
public final class ScriptedTranscriptionServer: Sendable {
  /// The answer to one turn.
  public struct Reply: Sendable {
    /// In what form a stream comes.
    public enum Stream: Sendable {
      /// `transcript.text.delta`, `transcript.text.done`.
      case openAI
      /// `choices` and `[DONE]`.
      case vLLM
      /// None: one JSON object whatever is asked for.
      case none
    }

    /// Each goes out as one delta; all together are the transcript.
    public var pieces: [String]
    /// Of the tokens.
    public var logprobs: [Double] = []
    public var stream = Stream.openAI
    /// To the first delta.
    public var delay: Duration = .zero
    /// Between deltas.
    public var pieceInterval: Duration = .zero
    public var fault: ScriptedFault?

    public init(pieces: [String]) {
      self.pieces = pieces
    }

    public init(_ text: String) {
      self.init(pieces: text.isEmpty ? [] : [text])
    }
  }

  /// What a client sent.
  public struct Request: Sendable, Equatable {
    /// Of the request, from 0.
    public var number: Int
    public var authorization: String?
    /// All but the file; what has several values has the last.
    public var fields: [String: String]
    public var fileName: String?
    /// The file as it came.
    public var file: [UInt8]
  }

  public let listener: ScriptedListener
  private let recorded: Recorder<Request>

  /// As for an OpenAI client, with `/v1`.
  public var url: String { "http://127.0.0.1:\(listener.port)/v1" }
  public var counts: ScriptedCounts { listener.counts }
  /// In the order of their coming; the oldest are forgotten.
  public var requests: [Request] { recorded.all }

  /// - Parameter keepsFiles: Not of use in load tests, where they would be kept by the thousand.
  public init(keepsFiles: Bool = true, reply: @Sendable @escaping (Request) -> Reply) async throws {
    let recorder = Recorder<Request>()
    recorded = recorder
    listener = try await ScriptedListener { listener, channel in
      let pipeline = channel.pipeline.syncOperations
      // Pipelining assistance would stop reading during a reply, and so hide that the client left.
      try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
      try pipeline.addHandler(
        HTTPServerHandler(listener, path: "/v1/audio/transcriptions") { http in
          guard let request = Request(http) else {
            return .error("not a form with a file and a model", status: 400, after: .zero)
          }
          var kept = request
          if !keepsFiles { kept.file = [] }
          recorder.append(kept)
          return reply(request).steps(streams: request.fields["stream"] == "true")
        })
    }
  }

  /// Answers with `texts` in turn, round and round.
  public convenience init(_ texts: [String], keepsFiles: Bool = true) async throws {
    try await self.init(keepsFiles: keepsFiles) {
      Reply(texts.isEmpty ? "" : texts[$0.number % texts.count])
    }
  }

  public func shutdown() async { await listener.shutdown() }
}

extension ScriptedTranscriptionServer.Request {
  init?(_ http: ScriptedHTTPRequest) {
    guard let parts = FormParts(http.contentType ?? "", http.body), let file = parts.first("file"),
      parts.first("model") != nil
    else { return nil }
    self.init(
      number: http.number, authorization: http.authorization,
      fields: Dictionary(
        parts.all.filter { $0.fileName == nil }.map { ($0.name, String(decoding: $0.content, as: UTF8.self)) }
      ) { $1 },
      fileName: file.fileName, file: file.content)
  }
}

extension ScriptedTranscriptionServer.Reply {
  private var text: String { pieces.joined() }

  func steps(streams: Bool) -> [HTTPStep] {
    if case .error(let text, let status) = fault { return .error(text, status: status, after: delay) }
    guard streams, stream != .none else { return whole }
    let ending =
      stream == .vLLM
      ? ["[DONE]"] : [Self.json(logprobs(["type": "transcript.text.done", "text": .string(text)]))]
    return .stream(
      "text/event-stream; charset=utf-8", pieces.map { .event(delta($0)) }, after: delay, every: pieceInterval,
      ending: ending.map(HTTPServerResponsePart.event), garbage: .event("{not json"), fault: fault)
  }

  private var whole: [HTTPStep] {
    .stream(
      "application/json", [.body(Self.json(logprobs(["text": .string(text)])))], after: delay, every: .zero,
      garbage: .body("{not json"), fault: fault)
  }

  private func delta(_ piece: String) -> String {
    switch stream {
    case .vLLM: Self.json(["choices": [["index": .integer(0), "delta": ["content": .string(piece)]]]])
    case .openAI, .none: Self.json(["type": "transcript.text.delta", "delta": .string(piece)])
    }
  }

  private func logprobs(_ object: [String: JSONValue]) -> JSONValue {
    guard !logprobs.isEmpty else { return .object(object) }
    return .object(object.merging(["logprobs": .array(logprobs.map { ["logprob": .number($0)] })]) { $1 })
  }

  private static func json(_ value: JSONValue) -> String {
    String(decoding: (try? JSONEncoder().encode(value)) ?? Data(), as: UTF8.self)
  }
}
