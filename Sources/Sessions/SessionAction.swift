import Audio
import Realtime
import Workers

/// Names one worker call of a session. A result that names a call which is over is ignored.
public struct CallID: Hashable, Sendable {
  public var value: UInt64
}

/// What happens to a session.
public enum SessionInput: Sendable {
  /// The client is there; the first input.
  case opened
  case client(ClientEvent)
  /// A message that is not an event.
  case badMessage(RealtimeError)
  case recognition(CallID, RecognitionEvent)
  case recognitionFailed(CallID, WorkerError)
  case completion(CallID, CompletionEvent)
  case completionFailed(CallID, WorkerError)
  case speech(CallID, SpeechChunk)
  case speechEnded(CallID)
  case speechFailed(CallID, WorkerError)
  /// How likely it is that the speaker is done, 0...1.
  case endOfTurn(CallID, probability: Double)
  case endOfTurnFailed(CallID)
  case toolReturned(CallID, ToolOutcome)
  /// The deadline that `SessionCore.nextDeadline` named has come.
  case deadline
  /// The client is gone.
  case disconnected
}

/// What a session wants done, in this order.
enum SessionAction {
  case send(ServerEvent)
  /// To the participant whose input is being handled, and to no other.
  case reply(ServerEvent)
  /// One packet of the agent's voice, to a client whose format is `audio/opus`.
  case sendPacket([UInt8])
  /// Keep the events; then, when they are safe, send these.
  case commit([SessionEvent], then: [ServerEvent])
  case recognize(CallID, RecognitionRequest)
  case feed(CallID, [Int16])
  case endAudio(CallID)
  case complete(CallID, CompletionRequest)
  case speak(CallID, SpeechRequest)
  /// Asks whether who has spoken this (16 kHz) is done.
  case judgeTurn(CallID, audio: [Int16])
  case callTool(CallID, ToolRequest)
  case cancel(CallID)
  case observe(Observation)
  case close(code: UInt16, reason: String)
}

/// What is worth counting (Telemetry).
public enum Observation: Sendable, Equatable {
  case turn
  case response(status: String)
  case bargeIn
  /// A barge-in that was none: the answer went on.
  case resumed
  case latency(Stage, Duration)

  /// The stages of a response's latency, in their order.
  public enum Stage: String, Sendable, CaseIterable {
    /// Last voiced sample → the turn was ended.
    case endpointing
    /// End of turn → final transcript.
    case asr
    /// Final transcript → first token.
    case llmFirstToken = "llm_first_token"
    /// First clause handed to TTS → first audio of it.
    case ttsFirstByte = "tts_first_byte"
    /// First audio of the TTS → first audio sent.
    case firstAudioOut = "first_audio_out"
    /// Last voiced sample → first audio sent.
    case response
  }
}
