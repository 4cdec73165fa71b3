import Audio
import Workers

/// Words that are needed when nobody can speak, and so are spoken ahead.
extension Session {
  func phraseKey(_ request: SpeechRequest) -> PhraseKey? {
    // The name of a voice means what the agent's synthesizers make of it.
    media?.phraseFormat.map {
      PhraseKey(text: request.text, voice: "\(agentName)/\(request.voice ?? "")", speed: 1, format: $0)
    }
  }

  func recallPhrases(_ call: CallID, _ requests: [SpeechRequest]) {
    let found = requests.compactMap { phraseKey($0).flatMap(phrases.phrase) }
    let known = found.count == requests.count ? found : nil
    onShard { $0.take(.recalled(call, known)) }
  }

  /// One after another, and behind the calls of conversations.
  func preparePhrases(_ requests: [SpeechRequest]) {
    let wanted = requests.compactMap { request in phraseKey(request).map { (key: $0, request: request) } }
    guard preparesPhrases, let first = wanted.first?.key, phrases.beginPreparing(first) else { return }
    Task.detached(priority: .utility) { [phrases, synthesizer = workers.synthesizer] in
      do {
        for (key, request) in wanted where phrases.phrase(for: key) == nil {
          var recording = PhraseRecording()
          let chunks = CallPriority.$current.withValue(CallPriority(isAhead: true)) {
            synthesizer.synthesize(request)
          }
          for try await chunk in chunks { recording.take(chunk) }
          phrases.learn(recording.finish(), for: key)
        }
      } catch {
        phrases.preparingFailed(first)
      }
    }
  }
}

/// A phrase as a synthesizer speaks it, at the rate of the playout.
struct PhraseRecording {
  private var samples: [Int16] = []
  private var resampler: Resampler?

  mutating func take(_ chunk: SpeechChunk) {
    guard case .pcm(let audio, let rate) = chunk else { return }
    if resampler?.inputRate != rate { resampler = try? Resampler(from: rate, to: SpokenText.sampleRate) }
    samples += resampler?.process(audio) ?? []
  }

  /// All of it, 24 kHz; empty where nothing could be read.
  mutating func finish() -> [Int16] { samples + (resampler?.drain() ?? []) }
}
