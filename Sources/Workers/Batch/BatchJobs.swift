import Foundation
import Resilience
import Runtime
import Scheduling
import Synchronization

/// Completions that nobody is talking to: each waits for a slot as MEDIUM or LOW, gives it up to a live call, and then starts
/// again from the beginning. Its client comes for the result; one that comes no more loses it.
public final class BatchJobs: Sendable {
  public struct Result: Sendable, Equatable {
    public var text = ""
    public var finishReason = FinishReason.stop
    public var usage: TokenUsage?
    /// From the submission.
    public var total = Duration.zero
  }

  public enum Status: Sendable {
    case running
    case completed(Result)
    /// Of kind `.busy`: it got no slot within its max wait, or lost it too often, and may be submitted again.
    case failed(WorkerError)
  }

  private struct Job {
    var status = Status.running
    var task: Task<Void, Never>?
    var lastSeen: Instant
  }

  /// Of jobs that have not been fetched.
  static let most = 1000
  /// After so long without a question a job is given up.
  static let patience = Duration.seconds(60)

  private let model: any LanguageModel
  private let mayRetry: @Sendable () -> Bool
  private let retries: RetryProfile
  private let clock: @Sendable () -> Instant
  private let jobs = Mutex<[String: Job]>([:])

  /// The language models of the set, with all their providers.
  public convenience init(_ workers: WorkerSet) {
    self.init(workers.wholeLanguageModel(), mayRetry: { [board = workers.board] in board.takeRetry() })
  }

  init(
    _ model: any LanguageModel, retries: RetryProfile = .batch, clock: @escaping @Sendable () -> Instant = { .now },
    mayRetry: @escaping @Sendable () -> Bool
  ) {
    self.model = model
    self.mayRetry = mayRetry
    self.retries = retries
    self.clock = clock
  }

  /// Begins a job.
  ///
  /// - Returns: its id; nil when there are too many.
  public func submit(_ request: CompletionRequest, _ priority: Priority) -> String? {
    let id = "batch_" + UUID().uuidString.lowercased()
    let hasRoom = jobs.withLock { jobs in
      sweep(&jobs)
      guard jobs.count < Self.most else { return false }
      jobs[id] = Job(lastSeen: clock())
      return true
    }
    guard hasRoom else { return nil }
    let task = Task { [weak self, model, clock] in
      let began = clock()
      var status = await CallPriority.$current.withValue(CallPriority(priority)) { await self?.run(request, model) }
      if case .completed(var result)? = status {
        result.total = clock() - began
        status = .completed(result)
      }
      guard let status else { return }
      self?.jobs.withLock { $0[id]?.status = status }
    }
    jobs.withLock { $0[id]?.task = task }
    return id
  }

  /// How a job stands; one that has ended is forgotten. Nil where there is none.
  public func status(of id: String) -> Status? {
    jobs.withLock { jobs in
      sweep(&jobs)
      guard let job = jobs[id] else { return nil }
      if case .running = job.status { jobs[id]?.lastSeen = clock() } else { jobs[id] = nil }
      return job.status
    }
  }

  /// - Returns: false where there is no such job.
  public func cancel(_ id: String) -> Bool {
    guard let job = jobs.withLock({ $0.removeValue(forKey: id) }) else { return false }
    job.task?.cancel()
    return true
  }

  public func cancelAll() {
    for job in jobs.withLock({ jobs in
      defer { jobs = [:] }
      return jobs.values
    }) { job.task?.cancel() }
  }

  public var count: Int { jobs.withLock { $0.count } }

  private func sweep(_ jobs: inout [String: Job]) {
    let now = clock()
    for (id, job) in jobs where now - job.lastSeen > Self.patience {
      job.task?.cancel()
      jobs[id] = nil
    }
  }

  private func run(_ request: CompletionRequest, _ model: any LanguageModel) async -> Status {
    var retry = 0
    while true {
      do {
        return .completed(try await answer(request, model))
      } catch {
        let error = error as? WorkerError ?? WorkerError(.connection, worker: model.name, message: "\(error)")
        retry += 1
        var random = SystemRandomNumberGenerator()
        guard error.isRetryable, error.kind != .busy, !Task.isCancelled,
          let delay = retries.delay(beforeRetry: retry, using: &random), mayRetry()
        else { return .failed(error) }
        try? await Task.sleep(for: delay)
      }
    }
  }

  private func answer(_ request: CompletionRequest, _ model: any LanguageModel) async throws -> Result {
    var result = Result()
    for try await event in model.complete(request) {
      switch event {
      case .text(let piece): result.text += piece
      case .usage(let usage): result.usage = usage
      case .finished(let reason): result.finishReason = reason
      case .toolCallStarted, .toolCallArguments, .cached: break
      }
    }
    try Task.checkCancellation()
    return result
  }
}
