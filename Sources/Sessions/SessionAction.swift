import Audio
import Realtime
import Resilience
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
  /// A binary message: an Opus packet of the client's voice.
  case packet([UInt8])
  /// Over a media leg, by ticks of 20 ms and in real time: 16 kHz samples. The core keeps no reference to the array, so
  /// that its owner can use it again.
  case voice([Int16])
  /// Over a media leg: so many 16 kHz samples of silence, which nobody has decoded.
  case silence(samples: Int)
  /// The media leg can carry sound, for the first time or again.
  ///
  /// - Parameter takesPackets: Opus packets of 2.5 to 60 ms go out as they are.
  case mediaConnected(takesPackets: Bool)
  /// The media leg carries no sound for the time being.
  case mediaLost
  /// So many more samples of what was handed to the playout have gone out, in 24 kHz samples.
  case played(samples: Int)
  /// The playout has nothing left of what it was handed.
  case drained
  /// A person speaks in the agent's place from now on.
  case floorTaken(participantID: String)
  case floorReturned
  /// What that person says, as `voice` and `silence` of the caller.
  case floorVoice([Int16])
  case floorSilence(samples: Int)
  /// A message that is not an event.
  case badMessage(RealtimeError)
  case recognition(CallID, RecognitionEvent)
  case recognitionFailed(CallID, WorkerError)
  case completion(CallID, CompletionEvent)
  case completionFailed(CallID, WorkerError)
  case speech(CallID, SpeechChunk)
  case speechEnded(CallID)
  /// The whole of what was to be spoken, as it was spoken before.
  case phrase(CallID, EncodedPhrase)
  /// What was asked for by `recallPhrases`, in its order; nil where not all of it is known.
  case recalled(CallID, [EncodedPhrase]?)
  case speechFailed(CallID, WorkerError)
  /// How likely it is that the speaker is done, 0...1.
  case endOfTurn(CallID, probability: Double)
  case endOfTurnFailed(CallID)
  case toolReturned(CallID, ToolOutcome)
  /// What is known from outside: probes, the operator's floor, overload, the network.
  case ladder(Ladder.Input)
  /// The callback is safe, unless `failure` says why not.
  case callbackKept(CallID, failure: String?)
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
  /// 24 kHz samples of the agent's voice, for the playout of a media leg.
  case playVoice([Int16])
  /// An Opus packet of it, and how long it lasts in 24 kHz samples.
  case playPacket([UInt8], samples: Int)
  case playPhrase(EncodedPhrase)
  /// The answer is handed over: what does not make a packet is filled up.
  case endVoice
  /// The playout throws away what has not gone out.
  case clearVoice
  /// Keep the events; then, when they are safe, send these.
  case commit([SessionEvent], then: [ServerEvent])
  case recognize(CallID, RecognitionRequest)
  case feed(CallID, [Int16])
  case endAudio(CallID)
  case complete(CallID, CompletionRequest)
  case speak(CallID, SpeechRequest)
  /// As `speak`, of words that other sessions of the agent say, too; `.phrase` may be the answer.
  case speakPhrase(CallID, SpeechRequest)
  /// These may be wanted when nobody can speak: they are spoken ahead, once for all sessions of the agent.
  case preparePhrases([SpeechRequest])
  /// Asks for the packets of these, without a synthesizer.
  case recallPhrases(CallID, [SpeechRequest])
  /// Asks whether who has spoken this (16 kHz) is done.
  case judgeTurn(CallID, audio: [Int16])
  case callTool(CallID, ToolRequest)
  /// What was begun ahead is waited for now.
  case hasten(CallID)
  case cancel(CallID)
  /// These are worth a probe every second, and no others.
  case wantProbes([Ladder.Capability])
  case keepCallback(CallID, CallbackSlot)
  case observe(Observation)
  case close(code: UInt16, reason: String)
}

/// What is worth counting (Telemetry).
public enum Observation: Sendable, Equatable {
  case turn
  case response(status: String)
  /// No model answered, and an answer from before was said again.
  case cachedAnswer
  case bargeIn
  /// A barge-in that was none: the answer went on.
  case resumed
  /// Levels 1...5.
  case ladder(from: Int, to: Int, reason: String)
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
