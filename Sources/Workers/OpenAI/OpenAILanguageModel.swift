import AsyncHTTPClient
import Foundation
import NIOCore
import VivaConfiguration

/// An LLM behind `POST /chat/completions` (OpenAI, llama.cpp, vLLM and others), streamed.
public struct OpenAILanguageModel: LanguageModel {
  private static let maximumErrorBody = 64 << 10

  public let name: String
  private let settings: ProviderSettings
  private let client: HTTPClient

  /// - Parameter client: Shared by all; see `HTTPClient.forWorkers`.
  public init(_ settings: ProviderSettings, client: HTTPClient) {
    name = settings.name
    self.settings = settings
    self.client = client
  }

  public func complete(_ request: CompletionRequest) -> AsyncThrowingStream<CompletionEvent, any Error> {
    workerCall(name, limits: settings.deadlines) { call in
      call.watchdog.expect(.firstResultTimeout)
      var http = try httpRequest("chat/completions")
      http.method = .POST
      http.headers.add(name: "Content-Type", value: "application/json")
      http.headers.add(name: "Accept", value: "text/event-stream")
      guard let body = try? ChatCompletionBody.encode(request, model: settings.model, toolUse: settings.tools) else {
        throw call.fail(.refused, "request cannot be written as JSON", status: 400)
      }
      http.body = .bytes(ByteBuffer(bytes: body))
      let response = try await execute(http)

      var sse = ServerSentEventParser(worker: name)
      var reader = ChatCompletionReader(worker: name)
      for try await bytes in response.body where !reader.isDone {
        for data in try sse.read(bytes) where !reader.isDone {
          let events = try reader.read(data)
          if reader.hasResult { call.watchdog.expect(.gapTimeout) }
          for event in events { call.yield(event) }
          guard reader.isDone else { continue }
          call.yield(try reader.end())
          call.finish()
        }
      }
      if !reader.isDone { call.yield(try reader.end()) }
    }
  }

  /// Asks whether the server answers (`GET /models`), in `deadlines.firstResult` at most.
  ///
  /// - Throws: `WorkerError`.
  func probe() async throws {
    let answers = workerCall(name, limits: settings.deadlines) { (call: WorkerCall<Void>) in
      call.watchdog.expect(.firstResultTimeout)
      do {
        let response = try await execute(try httpRequest("models"))
        for try await _ in response.body {}
      } catch let error as WorkerError where error.status == 404 || error.status == 405 {
        // A server without a list of models; it answers.
      }
      call.yield(())
    }
    for try await _ in answers { return }
    throw CancellationError()
  }

  private func httpRequest(_ path: String) throws -> HTTPClientRequest {
    guard let url = settings.url else {
      throw WorkerError(.connection, worker: name, message: "no url")
    }
    var request = HTTPClientRequest(url: url.hasSuffix("/") ? url + path : "\(url)/\(path)")
    // One request a connection: a kept one may be closed by the server just as it is used again.
    request.headers.add(name: "Connection", value: "close")
    if let key = settings.apiKey { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
    return request
  }

  /// - Throws: `WorkerError` of kind `.refused` for a status other than 2xx.
  private func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    let response = try await client.execute(request, deadline: .distantFuture)
    guard !(200..<300).contains(response.status.code) else { return response }
    let body = try? await response.body.collect(upTo: Self.maximumErrorBody)
    let said = body.flatMap { try? JSONDecoder().decode(OpenAIError.Body.self, from: Data($0.readableBytesView)) }
    throw WorkerError(
      .refused, worker: name, message: said?.error.message ?? "HTTP \(response.status)",
      status: Int(response.status.code))
  }
}
