/// Speech in, text out: one call is one user turn.
///
/// A recogniser is shared by all sessions; each call has a connection of its own, and dropping the
/// returned stream (or cancelling the task that reads it) closes that connection, which is how a
/// Wyoming server is cancelled.
public protocol SpeechRecognizer: Sendable {
  /// The provider's name in the configuration, for logs, metrics and errors.
  var name: String { get }

  /// Transcribes one turn.
  ///
  /// - Parameter audio: 16 kHz mono PCM as it is spoken, in pieces of any size; its end is the end of the turn.
  /// - Returns: zero or more `.partial`, then exactly one `.final`. Throws `WorkerError`.
  func recognize(
    _ request: RecognitionRequest, audio: AsyncStream<[Int16]>
  ) -> AsyncThrowingStream<RecognitionEvent, any Error>
}

public struct RecognitionRequest: Sendable, Equatable {
  /// BCP-47 language tag the speaker is expected to use; nil lets the recogniser decide.
  public var language: String?
  /// Text that guides the recogniser: what was said before, or how things are spelled; recognisers without a place
  /// for it ignore it.
  public var prompt: String?
  /// Words that are likely to be said; recognisers without a place for them ignore them.
  public var keywords: [String] = []

  public init(language: String? = nil) {
    self.language = language
  }

  /// ISO 639-1: recognisers know languages, not regions.
  var languageCode: String? {
    language.map { String($0.prefix { $0 != "-" && $0 != "_" }).lowercased() }
  }
}

public enum RecognitionEvent: Sendable, Equatable {
  /// The longest transcript that is taken, in bytes of UTF-8: far more than is said in five minutes. Each partial costs
  /// whoever reads it as much as the text is long.
  static let longestText = 16 << 10

  /// The whole text so far. A later partial may revise it.
  case partial(String)
  case final(Transcript)
}

public struct Transcript: Sendable, Equatable {
  /// What was said; empty when nothing was.
  public var text: String
  /// 0...1 where the recogniser tells it.
  public var confidence: Double?

  public init(text: String, confidence: Double? = nil) {
    self.text = text
    self.confidence = confidence
  }
}
