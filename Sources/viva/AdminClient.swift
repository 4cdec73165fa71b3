import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import VivaConfiguration

/// The admin listener of the running server, asked by another command.
struct AdminClient: Sendable {
  private static let largestAnswer = 16 << 20
  /// Between two questions after the same job.
  private static let pause = Duration.milliseconds(200)
  /// A server that is being started again is waited for.
  private static let mostFailures = 20

  private let base: String
  private let key: String
  private let client: HTTPClient

  init(_ settings: ServerSettings, key: String) {
    base = "http://\(settings.admin.reachable)/v1/admin"
    self.key = key
    var configuration = HTTPClient.Configuration()
    configuration.timeout.connect = .seconds(5)
    configuration.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  func shutdown() async {
    try? await client.shutdown()
  }

  /// The providers and the pool as they are; nil where no server answers.
  func workers() async -> WorkersAnswer? {
    guard let (status, body, _) = try? await ask(.GET, "/workers"), status == 200 else { return nil }
    return try? JSONDecoder().decode(WorkersAnswer.self, from: body)
  }

  /// - Parameter floor: nil leaves it as it is.
  /// - Throws: `ServerError` with what the server said, or that it does not run.
  func ladder(settingFloor floor: Int?) async throws -> LadderAnswer {
    let body = try floor.map { try JSONEncoder().encode(["floor": $0]) }
    let (status, answer): (Int, Data)
    do {
      (status, answer, _) = try await ask(body == nil ? .GET : .POST, "/ladder", body)
    } catch {
      throw ServerError(description: "No server answers at \(base) (\(error)). Start it with: viva serve")
    }
    guard status == 200 else {
      let refusal = try? JSONDecoder().decode(Refusal.self, from: answer)
      throw ServerError(description: refusal?.error.message ?? "The server answered \(status).")
    }
    return try JSONDecoder().decode(LadderAnswer.self, from: answer)
  }

  /// Submits a job, as often as it takes to get a slot, and waits for its answer.
  func answer(_ job: BatchJob, _ priority: String) async -> BatchResult {
    var result = BatchResult(id: job.id, status: "failed", attempts: 0)
    var failures = 0
    while true {
      result.attempts += 1
      do {
        switch try await attempt(job, priority) {
        case .done(let answer):
          result.status = "completed"
          (result.text, result.finish_reason, result.seconds) = (answer.text, answer.finish_reason, answer.seconds)
          return result
        case .later(let wait): try await Task.sleep(for: wait)
        case .failed(let message):
          result.error = message
          return result
        }
      } catch {
        failures += 1
        guard failures < Self.mostFailures, !Task.isCancelled else {
          result.error = "No server answers at \(base) (\(error))."
          return result
        }
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  private enum Attempt {
    case done(Answer)
    case later(Duration)
    case failed(String)
  }

  private struct Answer: Decodable {
    var id: String?
    var status: String
    var text: String?
    var finish_reason: String?
    var seconds: Double?
  }

  private struct Job: Encodable {
    var messages: [BatchJob.Message]
    var priority: String
    var max_tokens: Int?
    var temperature: Double?
  }

  private func attempt(_ job: BatchJob, _ priority: String) async throws -> Attempt {
    let body = try JSONEncoder().encode(
      Job(messages: job.messages, priority: priority, max_tokens: job.maxTokens, temperature: job.temperature))
    var (status, answer, wait) = try await ask(.POST, "/batch/completions", body)
    var id: String?
    while true {
      switch status {
      case 200, 202:
        let told = try JSONDecoder().decode(Answer.self, from: answer)
        if told.status == "completed" { return .done(told) }
        id = told.id ?? id
        try await Task.sleep(for: Self.pause)
      case 429: return .later(wait)
      // It was restarted, and knows the job no more.
      case 404 where id != nil: return .later(.zero)
      default:
        let refusal = try? JSONDecoder().decode(Refusal.self, from: answer)
        return .failed(refusal?.error.message ?? "The server answered \(status).")
      }
      (status, answer, wait) = try await ask(.GET, "/batch/completions/\(id ?? "")")
    }
  }

  private func ask(_ method: HTTPMethod, _ path: String, _ body: Data? = nil) async throws -> (Int, Data, Duration) {
    var request = HTTPClientRequest(url: base + path)
    request.method = method
    request.headers.add(name: "Authorization", value: "Bearer \(key)")
    request.headers.add(name: "Content-Type", value: "application/json")
    if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
    let answer = try await client.execute(request, timeout: .seconds(10))
    let bytes = Data(try await answer.body.collect(upTo: Self.largestAnswer).readableBytesView)
    let seconds = answer.headers.first(name: "Retry-After").flatMap { Int($0) } ?? 1
    return (Int(answer.status.code), bytes, .seconds(min(max(seconds, 1), 60)))
  }
}

/// Levels, 1...5.
struct LadderAnswer: Decodable {
  var floor: Int
  var overload: Int
}

/// What `viva workers` shows of a running server.
struct WorkersAnswer: Decodable {
  struct Provider: Decodable {
    struct Breaker: Decodable {
      var state: String
      var since_seconds: Double
    }
    struct Calls: Decodable {
      var succeeded: Int
      var failed: Int
      var ignored: Int
    }

    var kind: String
    var name: String
    var breaker: Breaker
    var first_result_limit_ms: Int
    var calls: Calls
  }
  struct Pool: Decodable {
    struct Instance: Decodable {
      var name: String
      var healthy: Bool
      var slots: Int
      var busy: Int
    }
    struct Queue: Decodable {
      var provider: String
      var queued: Int
    }

    var instances: [Instance]
    var queues: [Queue]
  }

  var data: [Provider]
  var pool: Pool?
}
