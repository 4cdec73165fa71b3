import AsyncHTTPClient
import Foundation
import NIOCore
import VivaConfiguration

/// An OpenAI-compatible server as its adapters see it: how to ask it, and what its refusals say.
struct OpenAIServer: Sendable {
  private static let maximumErrorBody = 64 << 10

  let settings: ProviderSettings
  /// Shared by all; see `HTTPClient.forWorkers`.
  let client: HTTPClient

  var name: String { settings.name }
  var deadlines: Deadlines { settings.deadlines }
  /// Servers with only one model take any name.
  var model: String { settings.model ?? "default" }

  /// - Throws: `WorkerError` of kind `.refused` for a status other than 2xx.
  func post(_ path: String, _ contentType: String, _ body: ByteBuffer, accept: String) async throws
    -> HTTPClientResponse
  {
    var http = try request(path)
    http.method = .POST
    http.headers.add(name: "Content-Type", value: contentType)
    http.headers.add(name: "Accept", value: accept)
    http.body = .bytes(body)
    return try await execute(http)
  }

  /// Asks whether the server answers (`GET /models`), in `deadlines.firstResult` at most.
  ///
  /// - Throws: `WorkerError`.
  func probe() async throws {
    let answers = workerCall(name, limits: deadlines) { (call: WorkerCall<Void>) in
      call.watchdog.expect(.firstResultTimeout)
      do {
        let response = try await execute(try request("models"))
        for try await _ in response.body {}
      } catch let error as WorkerError where error.status == 404 || error.status == 405 {
        // A server without a list of models; it answers.
      }
      call.yield(())
    }
    for try await _ in answers { return }
    throw CancellationError()
  }

  private func request(_ path: String) throws -> HTTPClientRequest {
    guard let url = settings.url else {
      throw WorkerError(.connection, worker: name, message: "no url")
    }
    var request = HTTPClientRequest(url: url.hasSuffix("/") ? url + path : "\(url)/\(path)")
    // One request a connection: a kept one may be closed by the server just as it is used again.
    request.headers.add(name: "Connection", value: "close")
    if let key = settings.apiKey { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
    return request
  }

  private func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    let response = try await client.execute(request, deadline: .distantFuture)
    guard !(200..<300).contains(response.status.code) else { return response }
    let body = try? await response.body.collect(upTo: Self.maximumErrorBody)
    let said = body.flatMap { try? JSONDecoder().decode(OpenAIError.Body.self, from: Data($0.readableBytesView)) }
    throw WorkerError(
      .refused, worker: name, message: said?.error.message ?? "HTTP \(response.status)",
      status: Int(response.status.code), retryAfter: Self.retryAfter(response))
  }

  /// Only these two say that the same may be asked later (RFC 9110 §15.6.4, RFC 6585 §4).
  private static func retryAfter(_ response: HTTPClientResponse) -> Duration? {
    guard response.status == .tooManyRequests || response.status == .serviceUnavailable else { return nil }
    return response.headers.first(name: "Retry-After").flatMap { RetryAfter.parse($0, now: Date()) }
  }
}
