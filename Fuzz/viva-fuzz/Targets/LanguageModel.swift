import Foundation
import NIOCore

@testable import Workers

extension FuzzTarget {
  /// The body of a streamed chat completion.
  static let chatCompletion = FuzzTarget("chat-completion") { input in
    let whole = completion([input.bytes])
    let inPieces = completion(input.pieces)
    expect(whole.events == inPieces.events, "the events depend on how the stream was cut")
    expect(whole.error == inPieces.error, "the error depends on how the stream was cut")
    for case .toolCallStarted(_, let id, let name) in whole.events {
      expect(id.utf8.count <= 128 && (1...64).contains(name.utf8.count), "a call \(id) of \(name)")
    }
    _ = try? JSONDecoder().decode(OpenAIError.Body.self, from: Data(input.bytes))
  }

  /// What a model wrote as the arguments of a function.
  static let toolArguments = FuzzTarget("tool-arguments") { input in
    let request = ToolRequest(
      tool: .init(name: "look_up", url: "http://tools.test"), callID: "call_1", arguments: input.text,
      sessionID: "sess_1", agent: "assistant")
    guard let message = try? ToolMessage(request, createdAt: 1) else { return }
    // The service must read the fields that were meant, whatever stands in the arguments.
    let body = try? JSONSerialization.jsonObject(with: Data(message.body)) as? [String: Any]
    expect(body?["arguments"] is [String: Any], "the arguments are no object: \(input.text)")
    expect(body?.count == 8, "fields \(body?.keys.sorted() ?? [])")
    expect(body?["call_id"] as? String == "call_1" && body?["tool"] as? String == "look_up", "other fields")
  }

  /// The answer of a tool's service: a line with the status, one with `Retry-After`, the body.
  static let toolReply = FuzzTarget("tool-reply") { input in
    let (status, rest) = input.firstLine
    let (retryAfter, body) = rest.firstLine
    let reply = ToolReply(status: Int(status) ?? 200, retryAfter: retryAfter, body: body.bytes)
    do throws(ToolFailure) {
      expect(!(try reply.output()).isEmpty, "an empty output")
    } catch {
      expect(error.outcome.text.utf8.count <= 16 << 10, "an error of \(error.outcome.text.utf8.count) bytes")
      expect(error.retryAfter ?? .zero <= .seconds(86_400), "wait \(String(describing: error.retryAfter))")
    }
  }

  private static func completion(_ pieces: [[UInt8]]) -> (events: [CompletionEvent], error: WorkerError.Kind?) {
    var stream = ServerSentEventParser(worker: "llm")
    var reader = ChatCompletionReader(worker: "llm")
    var events: [CompletionEvent] = []
    do {
      for piece in pieces where !reader.isDone {
        for data in try stream.read(ByteBuffer(bytes: piece)) where !reader.isDone {
          events += try reader.read(data).map(\.withoutNewID)
        }
      }
      events.append(try reader.end())
      return (events, nil)
    } catch {
      return (events, (error as? WorkerError)?.kind)
    }
  }
}

extension CompletionEvent {
  /// The id of a call that has no usable one is made up anew each time.
  fileprivate var withoutNewID: CompletionEvent {
    if case .toolCallStarted(let index, let id, let name) = self, id.hasPrefix("call_"), id.utf8.count == 41 {
      .toolCallStarted(index: index, callID: "new", name: name)
    } else {
      self
    }
  }
}
