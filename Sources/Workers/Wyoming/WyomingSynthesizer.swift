import VivaConfiguration

/// A Wyoming TTS server.
public struct WyomingSynthesizer: SpeechSynthesizer {
  private struct Voice: Decodable {
    var rate: Int
    var width: Int
    var channels: Int
  }

  private struct Failure: Decodable {
    var text: String?
  }

  private let server: WyomingServer
  private let defaultVoice: String?

  public var name: String { server.name }

  public init(_ settings: ProviderSettings) {
    self.init(server: WyomingServer(settings), voice: settings.voice)
  }

  init(server: WyomingServer, voice: String?) {
    self.server = server
    defaultVoice = voice
  }

  public func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error> {
    workerCall(name, limits: server.deadlines) { call in
      call.watchdog.expect(.firstResultTimeout)
      let voice = await voice(for: request)
      try await server.connect { events, writer in
        var data: [String: JSONValue] = ["text": .string(request.text)]
        if let voice { data["voice"] = ["name": .string(voice)] }
        try await writer.send(WyomingEvent("synthesize", .object(data)))
        try await read(&events, call)
      }
    }
  }

  /// A voice that the server does not know would cost the sentence, so it gives way to the default one.
  private func voice(for request: SpeechRequest) async -> String? {
    guard let wanted = request.voice, wanted != defaultVoice else { return defaultVoice }
    guard let known = await server.info()?.voices, !known.isEmpty else { return wanted }
    return known.contains(wanted) ? wanted : defaultVoice
  }

  private func read(_ events: inout WyomingConnection.Events, _ call: WorkerCall<SpeechChunk>) async throws {
    var pcm: PCMReader?
    while let event = try await events.next() {
      switch event.type {
      case "audio-start":
        guard let format = try? event.decode(Voice.self) else {
          throw call.fail(.malformed, "audio-start without rate, width and channels")
        }
        pcm = try PCMReader(
          rate: format.rate, bytesPerSample: format.width, channels: format.channels, worker: name)
      case "audio-chunk":
        guard pcm != nil else { throw call.fail(.malformed, "audio-chunk before audio-start") }
        guard let chunk = try pcm?.read(event.payload) else { continue }
        call.watchdog.expect(.gapTimeout)
        call.yield(chunk)
      case "audio-stop", "synthesize-stopped":
        guard let pcm, pcm.samplesRead > 0 else { throw call.fail(.emptyReply, "no audio for the sentence") }
        return
      case "error":
        throw call.fail(.refused, (try? event.decode(Failure.self))?.text ?? "error without a text")
      default:
        continue
      }
    }
    throw call.fail(.connection, "connection closed before audio-stop")
  }
}
