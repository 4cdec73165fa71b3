import Foundation
import NIOCore
import VivaConfiguration

/// A Wyoming ASR server.
public struct WyomingRecognizer: SpeechRecognizer {
  /// 100 ms: small enough for partials, large enough that headers do not outweigh the audio.
  private static let chunkSamples = 1600
  private static let format: JSONValue = ["rate": .integer(16_000), "width": .integer(2), "channels": .integer(1)]

  private struct Reply: Decodable {
    var text: String?
    var confidence: Double?
  }

  private let server: WyomingServer
  private let partials: ProviderSettings.Partials

  public var name: String { server.name }

  public init(_ settings: ProviderSettings) {
    self.init(server: WyomingServer(settings), partials: settings.partials)
  }

  init(server: WyomingServer, partials: ProviderSettings.Partials) {
    self.server = server
    self.partials = partials
  }

  public func recognize(
    _ request: RecognitionRequest, audio: AsyncStream<[Int16]>
  ) -> AsyncThrowingStream<RecognitionEvent, any Error> {
    workerCall(name, limits: server.deadlines) { call in
      call.watchdog.expect(.connection)
      let transcript = try await server.connect { events, writer in
        try await withThrowingTaskGroup(of: Void.self) { group in
          defer { group.cancelAll() }
          // A server with endpointing of its own may answer and close while audio still comes, so an error in
          // sending is not yet one of the call: the reader will see what it was.
          group.addTask { try? await send(request, audio, to: writer, call) }
          return try await read(&events, call)
        }
      }
      call.yield(.final(transcript))
    }
  }

  private func send(
    _ request: RecognitionRequest, _ audio: AsyncStream<[Int16]>, to writer: WyomingConnection.Writer,
    _ call: WorkerCall<RecognitionEvent>
  ) async throws {
    func send(_ events: WyomingEvent...) async throws {
      call.watchdog.expect(.gapTimeout)
      for event in events { try await writer.send(event) }
      call.watchdog.relax()
    }

    var transcribe: [String: JSONValue] = [:]
    transcribe["language"] = request.languageCode.map(JSONValue.string)
    if !request.keywords.isEmpty { transcribe["transcript_terms"] = .array(request.keywords.map(JSONValue.string)) }
    try await send(WyomingEvent("transcribe", .object(transcribe)), WyomingEvent("audio-start", Self.format))

    let format = WyomingEvent("audio-chunk", Self.format)
    var chunk = format
    for await samples in audio {
      chunk.payload.writeSamples(samples)
      while let payload = chunk.payload.readSlice(length: Self.chunkSamples * 2) {
        try await send(WyomingEvent("audio-chunk", data: format.data, payload: payload))
      }
      chunk.payload.discardReadBytes()
    }
    // The audio of a cancelled call ends too, but not because the speaker did.
    try Task.checkCancellation()
    if chunk.payload.readableBytes > 0 { try await send(chunk) }
    try await send(WyomingEvent("audio-stop"))
    call.watchdog.expect(.firstResultTimeout)
  }

  private func read(
    _ events: inout WyomingConnection.Events, _ call: WorkerCall<RecognitionEvent>
  ) async throws -> Transcript {
    var soFar = ""
    while let event = try await events.next() {
      switch event.type {
      case "transcript":
        let reply = try decode(event, call)
        let text = reply.text ?? ""
        guard text.utf8.count <= RecognitionEvent.longestText else { throw call.fail(.malformed, "endless text") }
        return Transcript(text: text.trimmed, confidence: reply.confidence)
      case "transcript-chunk":
        let text = try decode(event, call).text ?? ""
        switch await meaningOfChunks() {
        case .whole: soFar = text
        case .piece: soFar += text
        case .none, .auto: continue
        }
        guard soFar.utf8.count <= RecognitionEvent.longestText else { throw call.fail(.malformed, "endless text") }
        call.yield(.partial(soFar.trimmed))
      case "error":
        throw call.fail(.refused, try decode(event, call).text ?? "error without a text")
      default:
        continue
      }
    }
    throw call.fail(.connection, "connection closed before the transcript")
  }

  private func meaningOfChunks() async -> ProviderSettings.Partials {
    partials == .auto ? await server.info()?.partials ?? .none : partials
  }

  private func decode(_ event: WyomingEvent, _ call: WorkerCall<RecognitionEvent>) throws -> Reply {
    guard let reply = try? event.decode(Reply.self) else {
      throw call.fail(.malformed, "\(event.type) is not as the protocol has it")
    }
    return reply
  }
}

extension ByteBuffer {
  /// As 16-bit little-endian PCM.
  mutating func writeSamples(_ samples: [Int16]) {
    _ = samples.map(\.littleEndian).withUnsafeBytes { writeBytes($0) }
  }
}
