import Foundation
import Realtime
import Runtime
import Scheduling
import Workers

/// The body of `POST /v1/admin/batch/completions`.
struct BatchRequest: Decodable {
  enum Urgency: String, Decodable {
    case medium, low

    var priority: Priority { self == .medium ? .medium : .low }
  }

  struct Message: Decodable {
    enum Role: String, Decodable { case system, user, assistant }

    var role: Role
    var content: String
  }

  var messages: [Message]
  var priority: Urgency
  var max_tokens: Int?
  var temperature: Double?

  var completion: CompletionRequest {
    let messages = messages.map { message -> ChatMessage in
      switch message.role {
      case .system: .system(message.content)
      case .user: .user(message.content)
      case .assistant: .assistant(message.content)
      }
    }
    let temperature = temperature.map { min(max($0, 0), 2) }
    return CompletionRequest(
      messages: messages,
      sampling: Sampling(temperature: temperature, maxTokens: max_tokens.map { min(max($0, 1), 100_000) }))
  }
}

/// What is told of a job.
struct BatchAnswer: Encodable {
  struct Usage: Encodable {
    var prompt_tokens: Int
    var completion_tokens: Int
  }

  var object = "batch.completion"
  var id: String?
  var status: String
  var text: String?
  var finish_reason: String?
  var usage: Usage?
  var seconds: Double?

  static func accepted(_ id: String) -> HTTPResponse {
    HTTPResponse(status: 202, json: BatchAnswer(id: id, status: "running").encoded)
  }

  /// - Parameter path: That was asked, for who asks after a stranger.
  static func response(_ status: BatchJobs.Status?, _ path: String) -> HTTPResponse {
    switch status {
    case nil: return .notFound(path)
    case .running: return HTTPResponse(status: 200, json: BatchAnswer(status: "running").encoded)
    case .completed(let result):
      let usage = result.usage.map { Usage(prompt_tokens: $0.inputTokens, completion_tokens: $0.outputTokens) }
      let answer = BatchAnswer(
        status: "completed", text: result.text, finish_reason: name(result.finishReason), usage: usage,
        seconds: result.total.inSeconds)
      return HTTPResponse(status: 200, json: answer.encoded)
    case .failed(let error) where error.kind == .busy:
      return .error(
        429, .rateLimited(code: "no_slot", message: error.description),
        headers: HTTPResponse.retryAfter(error.retryAfter ?? .seconds(1)))
    case .failed(let error):
      return .error(502, .serverError(code: "worker_failed", message: error.description))
    }
  }

  private var encoded: [UInt8] { (try? JSONEncoder().encode(self)).map(Array.init) ?? [] }

  private static func name(_ reason: FinishReason) -> String {
    switch reason {
    case .stop: "stop"
    case .length: "length"
    case .toolCalls: "tool_calls"
    case .contentFilter: "content_filter"
    }
  }
}
