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
      guard ladder.canSpeak || !response.recalled.isEmpty, let text = SpeakableText.from(clause.text) else {
        self.response?.message?.spoken.endClause()
        continue
      }
      let call = newCall()
      self.response?.speech = SpeechInProgress(call: call, clause: clause)
      if let phrase = takeRecalled() {
        spoke(call, phrase, at: now)
        continue
      }
      if response.marks.voiceAsked == nil { self.response?.marks.voiceAsked = now }
      var request = SpeechRequest(text: text, voice: response.settings.voice?.name)
      request.acceptsOpus = takesPackets
      request.avoids = response.avoidedVoices
      request.isAhead = isAhead
      act(isStockPhrase ? .speakPhrase(call, request) : .speak(call, request))
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
      let audio = speech.process(samples, at: rate, speed: response?.settings.speed ?? 1)
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

  /// The clause was spoken before, and is there at once.
  mutating func spoke(_ call: CallID, _ phrase: EncodedPhrase, at now: Instant) {
    guard var speech = response?.speech, speech.call == call, isPlayed, phrase.samples > 0 else { return }
    if response?.marks.firstAudio == nil { response?.marks.firstAudio = now }
    speech.samples += phrase.samples
    speech.isKnown = true
    response?.speech = speech
    phrase.forEachPacket { packet, samples in
      response?.message?.spoken.append(packet: Array(packet), lasting: samples)
    }
    response?.outgoing.append(phrase: phrase)
    clauseEnded(call, at: now)
  }

  /// Whether what is said is a phrase of the agent's, which any session of it may say.
  private var isStockPhrase: Bool {
    guard case .phrase = response?.source, response?.isContinuation == false else { return false }
    return isPlayed && response?.settings.speed == 1
  }

  private mutating func takeRecalled() -> EncodedPhrase? {
    guard response?.recalled.isEmpty == false else { return nil }
    return response?.recalled.removeFirst()
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
    if !speech.isKnown {
      worked(.tts, at: now)
      prepareNotices()
    }
    speakNext(at: now)
    sendAudio(at: now)
  }

  /// The clause broke off: another synthesizer goes on from its last word. When nobody can say a word of it, only its
  /// text goes out, and the answer's rest with it.
  mutating func clauseFailed(_ call: CallID, _ error: WorkerError, at now: Instant) {
    guard let speech = response?.speech, speech.call == call else { return }
    response?.speech = nil
    let isMute = speech.samples == 0 && error.kind != .emptyReply && error.showsLoss
    if !speech.clause.isRepeat, !isMute {
      let rest = speech.samples == 0 ? speech.clause.text : response?.message?.spoken.unspoken ?? ""
      response?.avoidedVoices.append(error.worker)
      response?.clauses.insert(PendingClause(text: rest, isRepeat: true), at: 0)
    } else {
      response?.message?.spoken.endClause()
      failed(.tts, error, at: now)
      if ladder.canSpeak, response?.spokeAnything == false, response?.failure == nil { response?.failure = error }
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
  private var takesPackets: Bool {
    guard response?.settings.speed == 1 else { return false }
    return isPlayed ? playout.media?.takesPackets == true : outputFormat == .opus
  }

  /// Whether the server plays the response's voice. That of an out-of-band response is in events always: on the track
  /// it would be taken for the conversation's.
  private var isPlayed: Bool { playout.isServed && response?.joinsConversation == true }

  /// Whether nobody waits for the response: it is none of the conversation's, or the caller cannot hear it yet.
  var isAhead: Bool {
    guard let response else { return false }
    return !response.joinsConversation || response.modality == .audio && playout.media?.isConnected == false
  }

  private var outputFormat: AudioFormat { response?.settings.format ?? session.outputFormat }

  // MARK: Sending

  /// When the next piece may go; nil when nothing waits.
  func nextSendDeadline(at now: Instant) -> Instant? {
    guard let response, response.outgoing.samples > 0 else { return nil }
    return switch playout.room(for: samplesOfNextPiece, aheadLimit: sendAhead, at: now) {
    case .now: now
    case .at(let due): due
    case .later: nil
    }
  }

  /// As the client gets them: with the next piece may come what an Opus encoder held back of the one before.
  private var samplesOfNextPiece: Int {
    guard let response else { return 0 }
    return response.outgoing.nextSamples + (response.encoder?.encoding == .opus ? Self.opusFrame : 0)
  }

  /// What an Opus encoder makes a packet of.
  private static let opusFrame = SpokenText.sampleRate / 50

  /// Sends what the client has room for.
  mutating func sendAudio(at now: Instant) {
    while let response, !response.outgoing.isEmpty {
      // Only the conversation has a listener who may interrupt.
      if !response.outgoing.nextIsTranscript, response.joinsConversation,
        playout.room(for: samplesOfNextPiece, aheadLimit: sendAhead, at: now) != .now
      {
        break
      }
      guard let piece = self.response?.outgoing.next(), let address = response.message?.address else { break }
      switch piece {
      case .transcript(let text):
        send(.responseOutputAudioTranscriptDelta(address, delta: text))
      case .audio(let audio) where isPlayed:
        countSent(samples: audio.count, at: now)
        retained.append(audio, at: SpokenText.sampleRate, to: address.itemID)
        act(.playVoice(audio))
      case .audio(let audio):
        let payloads = encode(audio)
        countSent(samples: outputFormat == .opus ? payloads.count * Self.opusFrame : audio.count, at: now)
        if response.joinsConversation { retained.append(audio, at: SpokenText.sampleRate, to: address.itemID) }
        send(payloads, address)
      case .phrase(let phrase):
        countSent(samples: phrase.samples, at: now)
        if phrase.codec == .opus {
          phrase.forEachPacket { packet, _ in retained.append(packet: Array(packet), to: address.itemID) }
        }
        act(.playPhrase(phrase))
      case .packet(let packet, let samples):
        countSent(samples: samples, at: now)
        if response.joinsConversation { retained.append(packet: packet, to: address.itemID) }
        if isPlayed {
          act(.playPacket(packet, samples: samples))
        } else {
          send([packet], address)
        }
      }
    }
    speakNext(at: now)
    finishIfExhausted(at: now)
  }

  /// What an encoder held back of the last packet, when everything was made.
  mutating func sendRestOfAudio(at now: Instant) {
    guard let address = response?.message?.address, var encoder = response?.encoder else { return }
    response?.encoder = nil
    let payloads = encoder.finish()
    if outputFormat == .opus { countSent(samples: payloads.count * Self.opusFrame, at: now) }
    send(payloads, address)
  }

  private mutating func countSent(samples: Int, at now: Instant) {
    if response?.message?.playoutStart == nil {
      response?.message?.playoutStart = playout.sent
      response?.marks.firstSent = now
      // The playout will say when it has really gone out.
      if !isPlayed { observeFirstSound(voiceMarks, at: now) }
    }
    hasSounded = true
    if let response, response.joinsConversation {
      playout.handedOver(samples: samples, of: response.id, marks: voiceMarks, at: now)
    }
    response?.message?.sentSamples += samples
  }

  private var voiceMarks: VoiceMarks {
    VoiceMarks(firstAudio: response?.marks.firstAudio, lastVoiced: response?.turn?.lastVoiced)
  }

  mutating func observeFirstSound(_ marks: VoiceMarks, at now: Instant) {
    if let first = marks.firstAudio { observe(.latency(.firstAudioOut, now - first)) }
    if let spoken = marks.lastVoiced { observe(.latency(.response, now - spoken)) }
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
