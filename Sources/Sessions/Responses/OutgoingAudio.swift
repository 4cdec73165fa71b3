import Audio

/// Synthesised audio that waits for its time to be sent, and the words that go out with it.
struct OutgoingAudio {
  /// Longest piece in one event, in 24 kHz samples: 100 ms, or half of what may be sent ahead, so that something is
  /// still being played when the next one goes.
  private let longestPiece: Int

  enum Piece {
    /// The words of the audio that follows.
    case transcript(String)
    case audio([Int16])
    /// An Opus packet from the synthesizer, and how long it lasts in 24 kHz samples.
    case packet([UInt8], samples: Int)
    /// A clause that was spoken before, whole: for a playout of the server's, which cuts it where it has to.
    case phrase(EncodedPhrase)
  }

  private var pieces: [Piece] = []
  private var head = 0
  /// Sent samples of the piece at `head`.
  private var offset = 0
  /// Samples that wait.
  private(set) var samples = 0

  /// - Parameter sendAhead: how much may wait at the client.
  init(sendAhead: Int) {
    longestPiece = max(1, min(2400, sendAhead / 2))
  }

  var isEmpty: Bool { head == pieces.count }

  /// Whether the next piece is words: they need no room at the client.
  var nextIsTranscript: Bool {
    guard !isEmpty, case .transcript = pieces[head] else { return false }
    return true
  }

  /// How long the next piece lasts; as good as the longest while less is there, since more is likely to come.
  var nextSamples: Int {
    guard !isEmpty, case .packet(_, let samples) = pieces[head] else { return longestPiece }
    return samples
  }

  mutating func append(transcript: String) {
    pieces.append(.transcript(transcript))
  }

  mutating func append(audio: [Int16]) {
    guard !audio.isEmpty else { return }
    pieces.append(.audio(audio))
    samples += audio.count
  }

  mutating func append(packet: [UInt8], lasting samples: Int) {
    pieces.append(.packet(packet, samples: samples))
    self.samples += samples
  }

  mutating func append(phrase: EncodedPhrase) {
    pieces.append(.phrase(phrase))
    samples += phrase.samples
  }

  /// The next piece to send.
  mutating func next() -> Piece? {
    guard !isEmpty else { return nil }
    switch pieces[head] {
    case .transcript(let text):
      advance()
      return .transcript(text)
    case .packet(let packet, let samples):
      self.samples -= samples
      advance()
      return .packet(packet, samples: samples)
    case .phrase(let phrase):
      samples -= phrase.samples
      advance()
      return .phrase(phrase)
    case .audio(let audio):
      let end = min(audio.count, offset + longestPiece)
      let piece = Array(audio[offset..<end])
      samples -= piece.count
      offset = end
      if end == audio.count { advance() }
      return .audio(piece)
    }
  }

  private mutating func advance() {
    head += 1
    offset = 0
    if head == pieces.count {
      pieces.removeAll(keepingCapacity: true)
      head = 0
    }
  }
}
