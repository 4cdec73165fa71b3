import Audio
import Realtime
import Runtime
import Workers

/// `semantic_vad`: a pause ends a turn when what was said sounds finished.
///
/// The detector reports each pause of 200 ms; from then on an end-of-turn worker's word and the transcript decide how
/// long the silence has to be, and the detector is told anew with each piece of evidence.
extension SessionCore {
  /// The end-of-turn worker hears no more than this.
  private static let judgedSamples = 8 * InputAudio.sampleRate

  /// - Parameter lastVoiced: The sample after the last one that was spoken.
  mutating func turnPaused(lastVoiced: Int) {
    guard session.turnDetection?.kind == .semanticVAD, let index = turns.lastIndex(where: \.isSpeaking) else {
      return
    }
    let call = newCall()
    // A quick recogniser hears the silence sooner than the detector is sure of it.
    let isFresh = turns[index].transcriptSample > lastVoiced
    turns[index].pause = TurnPause(call: call, transcript: isFresh ? turns[index].transcript : nil)
    act(.judgeTurn(call, audio: Array(turns[index].audio.suffix(Self.judgedSamples))))
    weighEvidence(ofTurn: index)
  }

  /// The speaker goes on.
  mutating func turnResumed() {
    guard let index = turns.lastIndex(where: \.isSpeaking) else { return }
    endPause(ofTurn: index)
  }

  mutating func endOfTurnJudged(_ call: CallID, _ probability: Double?) {
    guard let index = turns.lastIndex(where: { $0.pause?.call == call }) else { return }
    turns[index].pause?.call = nil
    turns[index].pause?.probability = probability
    weighEvidence(ofTurn: index)
  }

  /// A partial transcript has come; in a pause it tells how the turn might end.
  mutating func noteTranscript(ofTurn index: Int) {
    guard turns[index].pause != nil else { return }
    let transcript = turns[index].transcript
    turns[index].pause?.transcript = transcript
    weighEvidence(ofTurn: index)
  }

  mutating func endPause(ofTurn index: Int) {
    guard let pause = turns[index].pause else { return }
    if let call = pause.call { act(.cancel(call)) }
    turns[index].pause = nil
    input.waitForSilence(milliseconds: nil)
  }

  private mutating func weighEvidence(ofTurn index: Int) {
    guard let pause = turns[index].pause, var policy = session.turnDetection?.endOfTurnPolicy else { return }
    policy.language = spokenLanguage
    input.waitForSilence(
      milliseconds: policy.silence(
        probability: pause.probability, transcript: pause.transcript,
        isTranscriptDue: recogniserStreams && pause.transcript == nil && turns[index].call != nil))
  }
}

extension Realtime.TurnDetection {
  var endOfTurnPolicy: EndOfTurnPolicy {
    switch eagerness {
    case .low: EndOfTurnPolicy(eagerness: .low)
    case .medium, .auto: EndOfTurnPolicy(eagerness: .medium)
    case .high: EndOfTurnPolicy(eagerness: .high)
    }
  }
}
