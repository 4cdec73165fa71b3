import Foundation

/// Makes recognition events of the reply to `POST /audio/transcriptions`: of the events of a stream, in OpenAI's form
/// (`transcript.text.delta`, `transcript.text.done`) or in vLLM's (chunks with `choices`, then `[DONE]`), or of one
/// JSON object.
struct TranscriptionReader {
  private struct Message: Decodable {
    struct Choice: Decodable {
      struct Delta: Decodable {
        var content: String?
      }
      var delta: Delta?
    }
    struct Token: Decodable {
      var logprob: Double?
    }

    var type: String?
    var delta: String?
    var text: String?
    var logprobs: [Token]?
    var choices: [Choice]?
    var error: OpenAIError?

    /// 0...1: the geometric mean of the tokens' probabilities.
    var confidence: Double? {
      let known = (logprobs ?? []).compactMap(\.logprob)
      guard !known.isEmpty else { return nil }
      return min(1, exp(known.reduce(0, +) / Double(known.count)))
    }
  }

  private let worker: String
  private var soFar = ""
  private var lastPartial = ""
  /// The final text was returned.
  private(set) var isDone = false

  init(worker: String) {
    self.worker = worker
  }

  /// - Parameter data: Of one event.
  /// - Returns: nil where the text is as before.
  /// - Throws: `WorkerError` of kind `.malformed`, or `.refused` where the server reports an error in the stream.
  mutating func read(event data: String) throws -> RecognitionEvent? {
    guard data != "[DONE]" else { return try end(soFar) }
    let message = try decode(Data(data.utf8))
    if message.type == "transcript.text.done" { return try end(message.text ?? soFar, message.confidence) }
    soFar += (message.type == "transcript.text.delta" ? message.delta : nil) ?? ""
    soFar += message.choices?.first?.delta?.content ?? ""
    try check(soFar)
    let partial = soFar.trimmed
    guard partial != lastPartial else { return nil }
    lastPartial = partial
    return .partial(partial)
  }

  /// - Parameter body: The whole reply of a server that does not stream.
  /// - Throws: As for an event.
  mutating func read(body: Data) throws -> RecognitionEvent {
    let message = try decode(body)
    guard let text = message.text else { throw malformed("reply without a text") }
    return try end(text, message.confidence)
  }

  private mutating func end(_ text: String, _ confidence: Double? = nil) throws -> RecognitionEvent {
    try check(text)
    isDone = true
    return .final(Transcript(text: text.trimmed, confidence: confidence))
  }

  private func check(_ text: String) throws {
    guard text.utf8.count <= RecognitionEvent.longestText else { throw malformed("endless text") }
  }

  private func decode(_ data: Data) throws -> Message {
    guard let message = try? JSONDecoder().decode(Message.self, from: data) else {
      throw malformed("transcript is not as the protocol has it")
    }
    if let error = message.error {
      throw WorkerError(.refused, worker: worker, message: error.message, status: error.status)
    }
    return message
  }

  private func malformed(_ message: String) -> WorkerError {
    WorkerError(.malformed, worker: worker, message: message)
  }
}
