/// Text in, speech out. One call is one sentence, so that the position in the audio tells which
/// sentence was being heard.
public protocol SpeechSynthesizer: Sendable {
  /// The provider's name in the configuration.
  var name: String { get }

  /// Speaks one sentence or clause. Cancelling the reading task, or dropping the stream, closes the request.
  ///
  /// - Returns: the audio in pieces, all of one kind and one sample rate. A reply without audio throws
  ///   `WorkerError` of kind `.emptyReply`.
  func synthesize(_ request: SpeechRequest) -> AsyncThrowingStream<SpeechChunk, any Error>
}

public struct SpeechRequest: Sendable, Equatable {
  public var text: String
  /// A voice the provider knows; nil is its default.
  public var voice: String?
  /// The listener takes Opus, so the answer may be `.opus`; otherwise it is `.pcm`.
  public var acceptsOpus = false
  /// Providers that broke off in this answer: they are asked only when the others have failed.
  public var avoids: [String] = []
  /// Nobody waits to hear it yet.
  public var isAhead = false

  public init(text: String, voice: String? = nil) {
    self.text = text
    self.voice = voice
  }
}

/// A piece of speech; never empty.
public enum SpeechChunk: Sendable, Equatable {
  /// Mono samples; the rate is in Hz.
  case pcm([Int16], sampleRate: Int)
  /// One Opus packet (RFC 6716), mono, at most 60 ms.
  case opus([UInt8])
}
