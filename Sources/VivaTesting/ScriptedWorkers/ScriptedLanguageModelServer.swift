import Foundation
import NIOCore
import NIOHTTP1
import Workers

/// An OpenAI-compatible chat server on 127.0.0.1 that answers as told: `POST /v1/chat/completions` as a stream,
/// `GET /v1/models`.
public final class ScriptedLanguageModelServer: Sendable {
  /// The answer to one request.
  public struct Reply: Sendable {
    /// Each goes out as one delta.
    public var pieces: [String]
    public var toolCalls: [ToolCall] = []
    /// To the first piece.
    public var delay: Duration = .zero
    /// Between pieces.
    public var pieceInterval: Duration = .zero
    /// As OpenAI names it; nil leaves it out.
    public var finishReason: String? = "stop"
    public var usage: TokenUsage? = TokenUsage(inputTokens: 10, outputTokens: 5)
    public var fault: ScriptedFault?

    public init(pieces: [String]) {
      self.pieces = pieces
    }

    /// Word by word.
    public init(_ text: String) {
      var pieces: [String] = []
      for character in text {
        if character == " " || pieces.isEmpty {
          pieces.append(String(character))
        } else {
          pieces[pieces.count - 1].append(character)
        }
      }
      self.init(pieces: pieces)
    }

    /// Calls functions and says nothing.
    public init(calling calls: [ToolCall]) {
      self.init(pieces: [])
      toolCalls = calls
      finishReason = "tool_calls"
    }
  }

  /// What a client sent.
  public struct Request: Sendable, Equatable {
    /// Of the request, from 0.
    public var number: Int
    public var authorization: String?
    /// JSON text.
    public var body: String

    /// The prompt's last message of the user, by parsing the body.
    public var lastUserText: String? {
      struct Body: Decodable {
        struct Message: Decodable {
          var role: String
          var content: String?
        }
        var messages: [Message]
      }
      let body = try? JSONDecoder().decode(Body.self, from: Data(body.utf8))
      return body?.messages.last { $0.role == "user" }?.content
    }
  }

  public let listener: ScriptedListener
  private let recorded: Recorder<Request>

  /// As for an OpenAI client, with `/v1`.
  public var url: String { "http://127.0.0.1:\(listener.port)/v1" }
  public var counts: ScriptedCounts { listener.counts }
  /// In the order of their coming; the oldest are forgotten.
  public var requests: [Request] { recorded.all }

  public init(reply: @Sendable @escaping (Request) -> Reply) async throws {
    let recorder = Recorder<Request>()
    recorded = recorder
    listener = try await ScriptedListener { listener, channel in
      let pipeline = channel.pipeline.syncOperations
      // Pipelining assistance would stop reading during a reply, and so hide that the client left.
      try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
      try pipeline.addHandler(
        HTTPServerHandler(listener, path: "/v1/chat/completions") { http in
          let request = Request(
            number: http.number, authorization: http.authorization, body: String(buffer: http.body))
          recorder.append(request)
          return reply(request).steps
        })
    }
  }

  public func shutdown() async { await listener.shutdown() }
}

extension ScriptedLanguageModelServer.Reply {
  var steps: [HTTPStep] {
    if case .error(let text, let status) = fault { return .error(text, status: status, after: delay) }
    return .stream(
      "text/event-stream", chunks.map(HTTPServerResponsePart.event), after: delay, every: pieceInterval,
      ending: ending.map(HTTPServerResponsePart.event), garbage: .event("{not json"), fault: fault)
  }

  /// The chunks of the stream, each the JSON text of one `data` line.
  private var chunks: [String] {
    var chunks = pieces.map { Self.chunk(delta: ["content": .string($0)]) }
    for (index, call) in toolCalls.enumerated() {
      let start: JSONValue = [
        "index": .integer(index), "id": .string(call.callID), "type": "function",
        "function": ["name": .string(call.name), "arguments": ""],
      ]
      chunks.append(Self.chunk(delta: ["tool_calls": [start]]))
      // In two halves, as they come from a model that writes them.
      let middle = call.arguments.index(call.arguments.startIndex, offsetBy: call.arguments.count / 2)
      for half in [call.arguments[..<middle], call.arguments[middle...]] where !half.isEmpty {
        let delta: JSONValue = ["index": .integer(index), "function": ["arguments": .string(String(half))]]
        chunks.append(Self.chunk(delta: ["tool_calls": [delta]]))
      }
    }
    return chunks
  }

  /// What follows the last result.
  private var ending: [String] {
    var chunks: [String] = []
    if let finishReason { chunks.append(Self.chunk(delta: [:], finishReason: finishReason)) }
    if let usage {
      chunks.append(
        Self.json([
          "object": "chat.completion.chunk", "choices": [],
          "usage": [
            "prompt_tokens": .integer(usage.inputTokens), "completion_tokens": .integer(usage.outputTokens),
            "prompt_tokens_details": ["cached_tokens": .integer(usage.cachedTokens)],
          ],
        ]))
    }
    return chunks + ["[DONE]"]
  }

  private static func chunk(delta: JSONValue, finishReason: String? = nil) -> String {
    let choice: JSONValue = [
      "index": .integer(0), "delta": delta, "finish_reason": finishReason.map(JSONValue.string) ?? .null,
    ]
    return json(["object": "chat.completion.chunk", "choices": [choice]])
  }

  private static func json(_ value: JSONValue) -> String {
    String(decoding: (try? JSONEncoder().encode(value)) ?? Data(), as: UTF8.self)
  }
}
