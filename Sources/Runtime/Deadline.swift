/// Runs `body`, which is cancelled, and waited for, when it has not ended by `deadline`. Then the result is nil.
///
/// - Throws: what `body` throws; `CancellationError` where the task itself is cancelled.
public func withDeadline<Value: Sendable>(
  _ deadline: Instant, _ body: @Sendable @escaping () async throws -> Value
) async throws -> Value? {
  try await withThrowingTaskGroup(of: Value?.self) { group in
    defer { group.cancelAll() }
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: max(.zero, deadline - Instant.now))
      return nil
    }
    return try await group.next() ?? nil
  }
}
