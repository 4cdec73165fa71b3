import AsyncHTTPClient
import Foundation
import NIOCore
import VivaConfiguration

/// An ASR behind `POST /audio/transcriptions` (OpenAI, vLLM, Whisper servers).
///
/// The endpoint takes a file with its length in front, so the turn is collected, and sent at its end; text comes
/// from then on.
public struct OpenAIRecognizer: SpeechRecognizer {
  /// OpenAI's limit of a file: 13 minutes.
  private static let maximumAudio = 25 << 20
  private static let maximumReply = 4 << 20

  private let server: OpenAIServer

  public var name: String { server.name }

  /// - Parameter client: Shared by all; see `HTTPClient.forWorkers`.
  public init(_ settings: ProviderSettings, client: HTTPClient) {
    server = OpenAIServer(settings: settings, client: client)
  }

  public func recognize(
    _ request: RecognitionRequest, audio: AsyncStream<[Int16]>
  ) -> AsyncThrowingStream<RecognitionEvent, any Error> {
    workerCall(name, limits: server.deadlines) { call in
      let pcm = try await collect(audio, call)
      guard pcm.readableBytes > 0 else { return call.yield(.final(Transcript(text: ""))) }
      call.watchdog.expect(.firstResultTimeout)
      let form = TranscriptionForm.encode(request, pcm, settings: server.settings, model: server.model)
      let response = try await server.post(
        "audio/transcriptions", form.contentType, form.encoded(), accept: "application/json, text/event-stream")
      // Some servers and some models do not stream, whatever they are asked.
      if response.headers.first(name: "Content-Type")?.lowercased().hasPrefix("text/event-stream") == true {
        try await readEvents(response.body, call)
      } else {
        var reader = TranscriptionReader(worker: name)
        call.yield(try reader.read(body: Data(try await whole(response.body, call).readableBytesView)))
      }
    }
  }

  private func collect(
    _ audio: AsyncStream<[Int16]>, _ call: WorkerCall<RecognitionEvent>
  ) async throws -> ByteBuffer {
    var pcm = ByteBuffer()
    for await samples in audio {
      guard pcm.readableBytes + samples.count * 2 <= Self.maximumAudio else {
        throw call.fail(.refused, "a turn of more than \(Self.maximumAudio) bytes of audio", status: 413)
      }
      pcm.writeSamples(samples)
    }
    // The audio of a cancelled call ends too, but not because the speaker did.
    try Task.checkCancellation()
    return pcm
  }

  private func readEvents(_ body: HTTPClientResponse.Body, _ call: WorkerCall<RecognitionEvent>) async throws {
    var sse = ServerSentEventParser(worker: name)
    var reader = TranscriptionReader(worker: name)
    for try await bytes in body where !reader.isDone {
      for data in try sse.read(bytes) where !reader.isDone {
        guard let event = try reader.read(event: data) else { continue }
        call.yield(event)
        if reader.isDone { call.finish() }
      }
    }
    guard reader.isDone else { throw call.fail(.connection, "connection closed before the transcript") }
  }

  private func whole(
    _ body: HTTPClientResponse.Body, _ call: WorkerCall<RecognitionEvent>
  ) async throws -> ByteBuffer {
    do {
      return try await body.collect(upTo: Self.maximumReply)
    } catch is NIOTooManyBytesError {
      throw call.fail(.malformed, "reply of more than \(Self.maximumReply) bytes")
    }
  }
}
