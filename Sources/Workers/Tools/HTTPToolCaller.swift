import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import Resilience
import Runtime
import Signing
import VivaConfiguration

/// Calls tools over HTTP: a POST of JSON, signed where the tool has a secret, repeated as its retry profile says
/// after lost connections, 408, 429 and 5xx.
///
/// The tool's time is for all attempts together. Redirects are not followed.
public struct HTTPToolCaller: ToolCaller {
  private let client: HTTPClient
  private let observer: (any ToolObserver)?
  private let log = Logger(label: "tools")

  /// - Parameter client: Shared; follows no redirects. See `HTTPClient.forWorkers`.
  public init(client: HTTPClient, observer: (any ToolObserver)?) {
    self.client = client
    self.observer = observer
  }

  public func call(_ request: ToolRequest) async -> ToolOutcome {
    let began = Instant.now
    var attempts = 0
    do {
      let output = try await run(request, deadline: began + .milliseconds(request.tool.timeoutMilliseconds), &attempts)
      observer?.toolCallFinished(
        tool: request.tool.name, outcome: "ok", attempts: attempts, total: Instant.now - began)
      return .output(output)
    } catch {
      observer?.toolCallFinished(
        tool: request.tool.name, outcome: error.kind.rawValue, attempts: attempts, total: Instant.now - began)
      log.warning(
        "tool call failed",
        metadata: [
          "tool": "\(request.tool.name)", "session": "\(request.sessionID)", "call": "\(request.callID)",
          "type": "\(error.kind.rawValue)", "attempts": "\(attempts)", "status": "\(error.status ?? 0)",
        ])
      return error.outcome
    }
  }

  private func run(
    _ request: ToolRequest, deadline: Instant, _ attempts: inout Int
  ) async throws(ToolFailure) -> String {
    let message = try ToolMessage(request, createdAt: Self.unixTime)
    var retries = ToolRetries(RetryProfile(named: request.tool.retry) ?? .realTime, deadline: deadline)
    var random = SystemRandomNumberGenerator()
    while true {
      do throws(ToolFailure) {
        attempts += 1
        return try await reply(to: message, request.tool, deadline).output()
      } catch {
        guard let pause = retries.pause(after: error, now: .now, using: &random) else { throw error }
        try? await Task.sleep(for: pause)
        if Task.isCancelled { throw Self.cancelled }
      }
    }
  }

  private func reply(
    to message: ToolMessage, _ tool: HTTPTool, _ deadline: Instant
  ) async throws(ToolFailure) -> ToolReply {
    let http = Self.httpRequest(message, tool)
    do {
      let reply = try await withDeadline(deadline) { [client] in
        let response = try await client.execute(http, deadline: .distantFuture)
        var reply = ToolReply(
          status: Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After"))
        do {
          reply.body = Array(buffer: try await response.body.collect(upTo: ToolReply.maximumBody))
        } catch is NIOTooManyBytesError {}
        return reply
      }
      if let reply { return reply }
    } catch {
      if Task.isCancelled { throw Self.cancelled }
      // The short form leaves out the values of headers.
      let reason = (error as? HTTPClientError)?.shortDescription ?? "\(error)"
      log.debug("tool request failed", metadata: ["tool": "\(tool.name)", "error": "\(reason)"])
      throw ToolFailure(.connection, "The service cannot be reached.")
    }
    throw ToolFailure(.timeout, "The service did not answer within \(tool.timeoutMilliseconds) ms.")
  }

  private static func httpRequest(_ message: ToolMessage, _ tool: HTTPTool) -> HTTPClientRequest {
    var http = HTTPClientRequest(url: tool.url)
    http.method = .POST
    for (name, value) in tool.headers { http.headers.replaceOrAdd(name: name, value: value) }
    http.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
    // One request a connection: a kept one may be closed by the server just as it is used again.
    http.headers.replaceOrAdd(name: "Connection", value: "close")
    http.headers.replaceOrAdd(name: "Idempotency-Key", value: message.id)
    http.headers.replaceOrAdd(name: "webhook-id", value: message.id)
    if let secret = tool.secret {
      // Of the attempt: receivers refuse old timestamps.
      let signed = WebhookSignature(secret: secret).headers(id: message.id, timestamp: unixTime, body: message.body)
      for (name, value) in signed { http.headers.replaceOrAdd(name: name, value: value) }
    }
    http.body = .bytes(ByteBuffer(bytes: message.body))
    return http
  }

  private static var unixTime: Int { Int(Date().timeIntervalSince1970) }

  private static let cancelled = ToolFailure(.cancelled, "The call was cancelled.")
}
