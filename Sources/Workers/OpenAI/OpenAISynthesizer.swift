import AsyncHTTPClient
import Foundation
import NIOCore
import VivaConfiguration

/// A TTS behind `POST /audio/speech`.
public struct OpenAISynthesizer: SpeechSynthesizer {
  /// OpenAI wants a voice to be named; this one it has always had.
  private static let standardVoice = "alloy"

  private let server: OpenAIServer

  public var name: String { server.name }

  /// - Parameter client: Shared by all; see `HTTPClient.forWorkers`.
  public init(_ settings: ProviderSettings, client: HTTPClient) {
    server = OpenAIServer(settings: settings, client: client)
  }

  public func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error> {
    workerCall(name, limits: server.deadlines) { call in
      call.watchdog.expect(.firstResultTimeout)
      let response = try await ask(request)
      var speech = try SpeechReplyReader(
        contentType: response.headers.first(name: "Content-Type"), asked: format(for: request),
        sampleRate: server.settings.sampleRate, acceptsOpus: request.acceptsOpus, worker: name)
      for try await bytes in response.body {
        for chunk in try speech.read(bytes) {
          call.watchdog.expect(.gapTimeout)
          call.yield(chunk)
        }
      }
      guard speech.hasAudio else { throw call.fail(.emptyReply, "no audio for the sentence") }
    }
  }

  /// A voice that the server does not know would cost the sentence, so it gives way to the default one.
  private func ask(_ request: SpeechRequest) async throws -> HTTPClientResponse {
    let defaultVoice = server.settings.voice ?? Self.standardVoice
    let voice = request.voice ?? defaultVoice
    do {
      return try await post(request, voice: voice)
    } catch let error as WorkerError where voice != defaultVoice && [400, 404, 422].contains(error.status) {
      return try await post(request, voice: defaultVoice)
    }
  }

  private func post(_ request: SpeechRequest, voice: String) async throws -> HTTPClientResponse {
    let body: JSONValue = [
      "model": .string(server.model), "input": .string(request.text), "voice": .string(voice),
      "response_format": .string(format(for: request).rawValue),
    ]
    let json = try JSONEncoder().encode(body)
    return try await server.post("audio/speech", "application/json", ByteBuffer(bytes: json), accept: "audio/*")
  }

  /// Opus for a listener who does not take it would only have to be decoded.
  private func format(for request: SpeechRequest) -> ProviderSettings.AudioResponse {
    let format = server.settings.responseFormat
    return format == .opus && !request.acceptsOpus ? .pcm : format
  }
}
