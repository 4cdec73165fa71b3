import Telemetry

/// Is told how every call of a tool ended, so that metrics can be kept.
public protocol ToolObserver: Sendable {
  /// Called once for each call, from any thread.
  ///
  /// - Parameters:
  ///   - outcome: `ok`, or the raw value of a `ToolFailure.Kind`.
  ///   - attempts: Requests made: 0 where the arguments were no good.
  ///   - total: From the call to its end, retries included.
  func toolCallFinished(tool: String, outcome: String, attempts: Int, total: Duration)
}

extension WorkerMetrics: ToolObserver {
  public func toolCallFinished(tool: String, outcome: String, attempts: Int, total: Duration) {
    registry.counter(
      "viva_tool_requests_total", help: "Calls of HTTP tools, by outcome.",
      labels: ["tool": tool, "outcome": outcome]
    ).increment()
    registry.counter(
      "viva_tool_attempts_total", help: "HTTP requests made for calls of tools.", labels: ["tool": tool]
    ).increment(by: UInt64(clamping: attempts))
    registry.histogram(
      "viva_tool_request_seconds", help: "How long calls of HTTP tools took, retries included.",
      labels: ["tool": tool]
    ).observe(total)
  }
}
