extension RealtimeSession {
  /// How the user's turns are written down for the client.
  public struct Transcription: Sendable, Equatable {
    /// How long the recogniser may wait for more before it shows text: longer is more accurate.
    public enum Delay: String, Sendable, Codable, CaseIterable {
      case minimal, low, medium, high, xhigh
    }

    public var model: String?
    /// ISO 639-1 or BCP-47.
    public var language: String?
    /// Those that the user may speak, when it is not one alone. Up to 32.
    public var languages: [String]?
    /// Text that tells the recogniser what to expect.
    public var prompt: String?
    /// Words that the recogniser should expect. Up to 1000.
    public var keywords: [String]?
    public var delay: Delay?

    public init(
      model: String? = nil, language: String? = nil, prompt: String? = nil, languages: [String]? = nil,
      keywords: [String]? = nil, delay: Delay? = nil
    ) {
      self.model = model
      self.language = language
      self.languages = languages
      self.prompt = prompt
      self.keywords = keywords
      self.delay = delay
    }

    /// Fields that are absent keep their value.
    func applying(_ patch: Transcription) -> Transcription {
      Transcription(
        model: patch.model ?? model, language: patch.language ?? language, prompt: patch.prompt ?? prompt,
        languages: patch.languages ?? languages, keywords: patch.keywords ?? keywords, delay: patch.delay ?? delay)
    }
  }
}

extension RealtimeSession.Transcription: Codable {
  private enum CodingKeys: CodingKey {
    case model, language, languages, prompt, keywords, delay
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    model = try fields.text(.model, upTo: 128)
    language = try fields.text(.language, upTo: Limits.language)
    languages = try fields.texts(.languages, upTo: Limits.languages, each: Limits.language)
    prompt = try fields.text(.prompt, upTo: Limits.transcriptionPrompt)
    keywords = try fields.texts(.keywords, upTo: Limits.keywords, each: Limits.keyword)
    delay = try fields.choice(.delay)
  }
}
