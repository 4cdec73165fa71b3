import VivaConfiguration

/// What a Wyoming server tells of itself in its `info`; every part may be missing.
struct WyomingInfo: Decodable, Sendable {
  struct Recognizer: Decodable, Sendable {
    var streams: Bool?
    /// Viva's own key: what a `transcript-chunk` of this program carries.
    var chunk: String?

    enum CodingKeys: String, CodingKey {
      case streams = "supports_transcript_streaming"
      case chunk = "transcript_chunk"
    }
  }

  struct Synthesizer: Decodable, Sendable {
    var voices: [Voice]?
  }

  struct Voice: Decodable, Sendable {
    var name: String
  }

  var asr: [Recognizer]?
  var tts: [Synthesizer]?

  /// What the first program's `transcript-chunk` carries; the protocol's own meaning is a piece to append.
  var partials: ProviderSettings.Partials {
    guard let program = asr?.first else { return .none }
    if program.chunk == "whole" { return .whole }
    return program.streams == true ? .piece : .none
  }

  /// Empty where the server names none.
  var voices: Set<String> {
    Set((tts?.first?.voices ?? []).map(\.name))
  }
}
