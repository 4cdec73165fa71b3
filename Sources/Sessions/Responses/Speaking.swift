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
      var request = SpeechRequest(text: text, voice: response.parameters.voice ?? session.voice)
      request.acceptsOpus = takesPackets
      act(.speak(call, request))
    }
  }

  mutating func spoke(_ call: CallID, _ chunk: SpeechChunk, at now: Instant) {
    guard var speech = response?.speech, speech.call == call else { return }
    if response?.marks.firstAudio == nil {
      response?.marks.firstAudio = now
      if let asked = response?.marks.voiceAsked { observe(.latency(.ttsFirstByte, now - asked)) }
    }
    switch chunk {
    case .pcm(let samples, let rate):
      let audio = speech.process(samples, at: rate, speed: session.speed)
      speech.samples += audio.count
      response?.speech = speech
      queue(audio)
    case .opus(let packet):
      // A packet that cannot be read, or was not asked for, is as good as no audio.
      let duration = takesPackets ? OpusPacket.duration(packet, at: SpokenText.sampleRate) ?? 0 : 0
      speech.samples += duration
      response?.speech = speech
      queue(packet, lasting: duration)
    }
    if speech.samples > Self.longestClause {
      act(.cancel(call))
      clauseEnded(call, at: now)
    } else {
      sendAudio(at: now)
    }
  }

  mutating func clauseEnded(_ call: CallID, at now: Instant) {
    guard let speech = response?.speech, speech.call == call else { return }
    let rest = speech.drain()
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

  private mutating func queue(_ packet: [UInt8], lasting samples: Int) {
    guard samples > 0 else { return }
    response?.message?.spoken.append(packet: packet, lasting: samples)
    response?.outgoing.append(packet: packet, lasting: samples)
  }

  /// Whether the synthesizer's Opus packets can go to the client as they are.
  private var takesPackets: Bool { outputFormat == .opus && session.speed == 1 }

  private var outputFormat: AudioFormat { response?.parameters.outputFormat ?? session.outputFormat }

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
      // Only the conversation has a listener who may interrupt.
      if !response.outgoing.nextIsTranscript, response.joinsConversation,
        playout.nextSend(of: OutgoingAudio.longestPiece, aheadLimit: sendAhead, at: now.nanoseconds) != nil
      {
        break
      }
      guard let piece = self.response?.outgoing.next(), let address = response.message?.address else { break }
      switch piece {
      case .transcript(let text):
        send(.responseOutputAudioTranscriptDelta(address, delta: text))
      case .audio(let audio):
        countSent(samples: audio.count, at: now)
        if response.joinsConversation { retained.append(audio, at: SpokenText.sampleRate, to: address.itemID) }
        send(encode(audio), address)
      case .packet(let packet, let samples):
        countSent(samples: samples, at: now)
        if response.joinsConversation { retained.append(packet: packet, to: address.itemID) }
        send([packet], address)
      }
    }
    speakNext(at: now)
    finishIfExhausted()
  }

  /// What an encoder held back of the last packet, when everything was made.
  mutating func sendRestOfAudio() {
    guard let address = response?.message?.address, var encoder = response?.encoder else { return }
    response?.encoder = nil
    send(encoder.finish(), address)
  }

  private mutating func countSent(samples: Int, at now: Instant) {
    if response?.message?.playoutStart == nil {
      response?.message?.playoutStart = playout.sent
      response?.marks.firstSent = now
      if let first = response?.marks.firstAudio { observe(.latency(.firstAudioOut, now - first)) }
      if let spoken = response?.turn?.lastVoiced { observe(.latency(.response, now - spoken)) }
    }
    if response?.joinsConversation == true { playout.sent(samples: samples, at: now.nanoseconds) }
    response?.message?.sentSamples += samples
  }

  private mutating func encode(_ audio: [Int16]) -> [[UInt8]] {
    if response?.encoder == nil {
      let encoder = AudioPayloadEncoder(outputFormat.encoding, sampleRate: SpokenText.sampleRate)
      response?.encoder = encoder
    }
    return response?.encoder?.encode(audio) ?? []
  }

  /// Opus goes in binary frames, a packet each; an out-of-band response's goes in events, which name the response.
  private mutating func send(_ payloads: [[UInt8]], _ address: ContentAddress) {
    let isBinary = outputFormat == .opus && response?.joinsConversation == true
    for payload in payloads where !payload.isEmpty {
      if isBinary {
        act(.sendPacket(payload))
      } else {
        send(.responseOutputAudioDelta(address, audio: payload))
      }
    }
  }
}

extension SpeechInProgress {
  /// - Returns: 24 kHz samples at the session's speed; none for a rate that cannot be resampled.
  fileprivate mutating func process(_ samples: [Int16], at rate: Int, speed: Double) -> [Int16] {
    if resampler?.inputRate != rate { resampler = try? Resampler(from: rate, to: SpokenText.sampleRate) }
    let audio = resampler?.process(samples) ?? []
    guard speed != 1 else { return audio }
    if stretcher == nil { stretcher = TimeStretcher(sampleRate: SpokenText.sampleRate, speed: speed) }
    return stretcher?.process(audio) ?? audio
  }

  fileprivate func drain() -> [Int16] {
    let rest = resampler?.drain() ?? []
    guard let stretcher else { return rest }
    return stretcher.process(rest) + stretcher.drain()
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
