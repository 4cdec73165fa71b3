import AsyncHTTPClient
import NIOCore
import VivaConfiguration

/// An LLM behind `POST /chat/completions` (OpenAI, llama.cpp, vLLM and others), streamed.
public struct OpenAILanguageModel: LanguageModel {
  private let server: OpenAIServer

  public var name: String { server.name }

  /// - Parameter client: Shared by all; see `HTTPClient.forWorkers`.
  public init(_ settings: ProviderSettings, client: HTTPClient) {
    server = OpenAIServer(settings: settings, client: client)
  }

  public func complete(_ request: CompletionRequest) -> AsyncThrowingStream<CompletionEvent, any Error> {
    workerCall(name, limits: server.deadlines) { call in
      call.watchdog.expect(.firstResultTimeout)
      guard
        let body = try? ChatCompletionBody.encode(request, model: server.model, toolUse: server.settings.tools)
      else {
        throw call.fail(.refused, "request cannot be written as JSON", status: 400)
      }
      let response = try await server.post(
        "chat/completions", "application/json", ByteBuffer(bytes: body), accept: "text/event-stream")

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
}
