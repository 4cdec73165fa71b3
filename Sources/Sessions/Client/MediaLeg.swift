import Realtime
import Runtime

/// A caller who comes over RTP. The server plays the agent's voice to them: it knows what has gone out, tells of it
/// with `output_audio_buffer.*`, and cuts the history by itself.
extension SessionCore {
  mutating func mediaConnected(takesPackets: Bool, at now: Instant) {
    let isFirst = playout.media?.wasConnected != true
    playout.becomeServed()
    playout.withMedia {
      $0.connect()
      $0.takesPackets = takesPackets
    }
    for call in [response?.completion, response?.speech?.call].compactMap({ $0 }) { act(.hasten(call)) }
    if isFirst, greetingDue == nil { prepareGreeting(at: now) }
  }

  /// The agent's voice waits where it is, and nobody counts how long the caller is silent.
  mutating func mediaLost() {
    playout.withMedia { $0.isConnected = false }
    silence = nil
  }

  // MARK: Playout

  /// - Returns: whether anything may follow from it.
  mutating func voicePlayed(_ samples: Int, at now: Instant) -> Bool {
    playout.withMedia { $0.played(samples: samples) }
    let hasTold = tellOfPlayout(at: now)
    return hasTold || response?.outgoing.isEmpty == false || playout.ahead(at: now) == 0
  }

  mutating func voiceDrained(at now: Instant) {
    playout.withMedia { $0.drained() }
    tellOfPlayout(at: now)
  }

  /// Tells the client whose voice has begun, and whose is over.
  ///
  /// - Returns: whether there was anything to tell.
  @discardableResult
  private mutating func tellOfPlayout(at now: Instant) -> Bool {
    var hasTold = false
    while let event = playout.withMedia({ $0.nextEvent() }) ?? nil {
      hasTold = true
      switch event {
      case .started(let id, let marks):
        if response?.id == id { response?.marks.firstSent = now }
        observeFirstSound(marks, at: now)
        send(.outputAudioBufferStarted(responseID: id))
      case .stopped(let id):
        send(.outputAudioBufferStopped(responseID: id))
      }
    }
    return hasTold
  }

  /// The response is done: all of its voice that there will be was handed over.
  mutating func endVoice(of responseID: String, at now: Instant) {
    guard playout.withMedia({ $0.ended(responseID) }) == true else { return }
    act(.endVoice)
    tellOfPlayout(at: now)
  }

  /// The playout throws away what it has not played; whose voice that cuts off is told. The history is the caller's to
  /// cut.
  mutating func clearPlayout(at now: Instant) {
    guard let media = playout.media else { return }
    if media.sent > media.played { act(.clearVoice) }
    for answer in media.answers where answer.isStarted {
      send(.outputAudioBufferCleared(responseID: answer.responseID))
    }
    _ = playout.stop(at: now)
  }

  // MARK: The client

  /// The client's `output_audio_buffer.clear`: the agent falls silent, and its history ends where it did.
  mutating func clearOutputAudio(at now: Instant) throws(RealtimeError) {
    guard let media = playout.media else {
      throw .invalidRequest(
        code: "unsupported_event",
        message:
          "output_audio_buffer.clear is for WebRTC. Over a WebSocket, stop your player and send conversation.item.truncate.",
        param: "type")
    }
    let wasPlaying = media.answers.contains(where: \.isStarted)
    fallSilent(at: now)
    // The client waits for an answer, be there nothing to clear any more.
    if !wasPlaying, let last = media.lastStarted { send(.outputAudioBufferCleared(responseID: last)) }
  }

  /// The agent stops speaking at once, and its history ends where it did.
  mutating func fallSilent(at now: Instant) {
    clearPlayout(at: now)
    if response?.modality == .audio { stopResponse(.clientCancelled, at: now) }
    truncateUnplayed(at: now)
    owed = nil
  }

  /// The client's `conversation.item.truncate`, of what the server itself has played: it says no more than what the
  /// server knows, or that the client stopped listening sooner.
  mutating func truncatePlayed(_ itemID: String, toMilliseconds end: Int, at now: Instant) {
    if response?.owns(itemID: itemID) == true
      || spoken.unplayed(after: playout.played(at: now)).contains(where: { $0.address.itemID == itemID })
    {
      fallSilent(at: now)
    }
    guard let text = state.item(itemID)?.spokenText, let message = spoken.message(itemID, text: text) else { return }
    let known = message.truncatedAt ?? message.sentSamples
    let asked = min(end, known * 1000 / SpokenText.sampleRate + 1) * SpokenText.sampleRate / 1000
    guard asked < known || message.truncatedAt == nil else {
      return send(
        .conversationItemTruncated(
          itemID: itemID, contentIndex: message.address.contentIndex,
          audioEndMilliseconds: known * 1000 / SpokenText.sampleRate, heard: message.spoken.heard(at: known)))
    }
    truncate(itemID: itemID, message: message, to: min(asked, known))
  }
}
