/// How a scripted server misbehaves in one request. Results are partials and the final text (ASR), pieces of text
/// (LLM), chunks of audio (TTS).
public enum ScriptedFault: Sendable, Equatable {
  /// Sends this many results, then nothing more, with the connection left open.
  case stall(afterResults: Int)
  /// Sends this many results, then closes the connection.
  case close(afterResults: Int)
  /// Sends this many results, then bytes that are not of the protocol.
  case garbage(afterResults: Int)
  /// Answers with a Wyoming `error`, or with an HTTP error of `status`.
  case error(String, status: Int = 500)
}
