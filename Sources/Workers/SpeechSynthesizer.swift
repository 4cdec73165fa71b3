/// Text in, speech out. One call is one sentence, so that the position in the audio tells which
/// sentence was being heard.
public protocol SpeechSynthesizer: Sendable {
  /// The provider's name in the configuration.
  var name: String { get }

  /// Speaks one sentence or clause. Cancelling the reading task, or dropping the stream, closes the request.
  ///
  /// - Returns: mono PCM in pieces, all of one sample rate. A reply without audio throws `WorkerError`
  ///   of kind `.emptyReply`.
  func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error>
}

public struct SpeechRequest: Sendable, Equatable {
  public var text: String
  /// A voice the provider knows; nil is its default.
  public var voice: String?

  public init(text: String, voice: String? = nil) {
    self.text = text
    self.voice = voice
  }
}

public struct SpeechChunk: Sendable, Equatable {
  public var samples: [Int16]
  /// In Hz.
  public var sampleRate: Int

  public init(samples: [Int16], sampleRate: Int) {
    self.samples = samples
    self.sampleRate = sampleRate
  }
}
