import Audio
import Realtime
import Runtime
import Workers

/// From words to the ear: synthesis, one clause at a time, and sending no further ahead than can be taken back.
extension SessionCore {
  /// Unsent audio beyond which the next clause waits, in samples: work that a barge-in would throw away.
  private static let synthesisAhead = 3 * SpokenText.sampleRate
  /// A clause is no more than 240 characters: a synthesizer that speaks for longer than this minute does not stop.
  private static let longestClause = 60 * SpokenText.sampleRate

  /// Hands the next clause to the synthesizer, if it is free.
  mutating func speakNext(at now: Instant) {
    while let response, response.speech == nil, response.outgoing.samples < Self.synthesisAhead,
      let clause = response.clauses.first
    {
      self.response?.clauses.removeFirst()
      if !clause.isRepeat {
        self.response?.message?.spoken.begin(clause: clause.text)
        self.response?.outgoing.append(transcript: clause.text)
      }
      guard let text = SpeakableText.from(clause.text) else {
        self.response?.message?.spoken.endClause()
        continue
      }
      let call = newCall()
      self.response?.speech = SpeechInProgress(call: call, clause: clause)
      if response.marks.voiceAsked == nil { self.response?.marks.voiceAsked = now }
      act(.speak(call, SpeechRequest(text: text, voice: response.parameters.voice ?? session.voice)))
    }
  }

  mutating func spoke(_ call: CallID, _ chunk: SpeechChunk, at now: Instant) {
    guard var speech = response?.speech, speech.call == call else { return }
    if response?.marks.firstAudio == nil {
      response?.marks.firstAudio = now
      if let asked = response?.marks.voiceAsked { observe(.latency(.ttsFirstByte, now - asked)) }
    }
    if speech.resampler?.inputRate != chunk.sampleRate {
      speech.resampler = try? Resampler(from: chunk.sampleRate, to: SpokenText.sampleRate)
    }
    // A rate that cannot be resampled is as good as no audio.
    let audio = speech.resampler?.process(chunk.samples) ?? []
    speech.samples += audio.count
    response?.speech = speech
    queue(audio)
    if speech.samples > Self.longestClause {
      act(.cancel(call))
      clauseEnded(call, at: now)
    } else {
      sendAudio(at: now)
    }
  }

  mutating func clauseEnded(_ call: CallID, at now: Instant) {
    guard let speech = response?.speech, speech.call == call else { return }
    let rest = speech.resampler?.drain() ?? []
    guard speech.samples + rest.count > 0 else {
      let error = WorkerError(.emptyReply, worker: "tts", message: "no audio that can be played")
      return clauseFailed(call, error, at: now)
    }
    queue(rest)
    response?.message?.spoken.endClause()
    response?.speech = nil
    response?.spokeAnything = true
    speakNext(at: now)
    sendAudio(at: now)
  }

  /// The clause broke off: its rest is tried once more; then only its text goes out.
  mutating func clauseFailed(_ call: CallID, _ error: WorkerError, at now: Instant) {
    guard let speech = response?.speech, speech.call == call else { return }
    response?.speech = nil
    if !speech.clause.isRepeat {
      let rest = speech.samples == 0 ? speech.clause.text : speech.clause.text.unspoken(after: speech.samples)
      response?.clauses.insert(PendingClause(text: rest, isRepeat: true), at: 0)
    } else {
      response?.message?.spoken.endClause()
      if response?.spokeAnything == false, response?.failure == nil { response?.failure = error }
    }
    speakNext(at: now)
    sendAudio(at: now)
  }

  private mutating func queue(_ audio: [Int16]) {
    response?.message?.spoken.append(audio: audio)
    response?.outgoing.append(audio: audio)
  }

  // MARK: Sending

  /// When the next piece may go; nil when nothing waits.
  func nextSendDeadline(at now: Instant) -> Instant? {
    guard let response, response.outgoing.samples > 0 else { return nil }
    let next = playout.nextSend(
      of: OutgoingAudio.longestPiece, aheadLimit: sendAhead, at: now.nanoseconds)
    return next.map(Instant.init(nanoseconds:)) ?? now
  }

  /// Sends what the client has room for.
  mutating func sendAudio(at now: Instant) {
    while let response, !response.outgoing.isEmpty {
      if !response.outgoing.nextIsTranscript,
        playout.nextSend(of: OutgoingAudio.longestPiece, aheadLimit: sendAhead, at: now.nanoseconds) != nil
      {
        break
      }
      guard let piece = self.response?.outgoing.next(), let address = response.message?.address else { break }
      switch piece {
      case .transcript(let text):
        send(.responseOutputAudioTranscriptDelta(address, delta: text))
      case .audio(let audio):
        send(audio, address, at: now)
      }
    }
    speakNext(at: now)
    finishIfExhausted()
  }

  private mutating func send(_ audio: [Int16], _ address: ContentAddress, at now: Instant) {
    if response?.message?.playoutStart == nil {
      response?.message?.playoutStart = playout.sent
      response?.marks.firstSent = now
      if let first = response?.marks.firstAudio { observe(.latency(.firstAudioOut, now - first)) }
      if let spoken = response?.turn?.lastVoiced { observe(.latency(.response, now - spoken)) }
    }
    playout.sent(samples: audio.count, at: now.nanoseconds)
    response?.message?.sentSamples += audio.count
    send(.responseOutputAudioDelta(address, audio: PCM16.encode(audio)))
  }
}

extension String {
  /// What is left to say of a clause when this much of it was spoken, at an ordinary 15 letters a second.
  fileprivate func unspoken(after samples: Int) -> String {
    let letters = samples * 15 / SpokenText.sampleRate
    guard letters < count else { return "" }
    let rest = dropFirst(letters)
    // Back to the beginning of the word that was cut.
    let word =
      self[..<rest.startIndex].lastIndex(where: \.isWhitespace).map { index(after: $0) } ?? startIndex
    return String(self[word...])
  }
}
