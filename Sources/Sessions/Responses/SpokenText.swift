import Audio

/// The text of an item beside the audio that speaks it: answers "what had been heard at this position?".
///
/// Exact to the clause, because each clause is synthesised by itself. Inside a clause, words are laid over the
/// *voiced* part of its audio in proportion to their length, so that pauses and the silence at its ends take
/// no words.
struct SpokenText: Sendable {
  /// The rate of all positions here, in Hz.
  static let sampleRate = 24_000
  fileprivate static let frameSamples = 480
  /// Synthesised speech is clean: a frame below this RMS is silence.
  fileprivate static let silenceRMS = 250.0
  /// 6.4 kbit/s: no codec setting for speech goes so low for a voice.
  private static let silentFrameBytes = 16

  fileprivate struct Clause {
    var text: String
    /// Where its audio begins.
    var start: Int
    var samples = 0
    /// All its audio is there.
    var isWhole = false
    /// A bit for each 20 ms frame.
    var voiced = VoicedFrames()
    /// Samples of a frame that is not complete.
    var partialFrame: [Int16] = []
  }

  private var clauses: [Clause] = []
  /// Audio samples in all.
  private(set) var samples = 0

  init() {}

  /// A message of long ago, of which no more is known than how long it was: its words lie evenly over its audio.
  init(whole text: String, samples: Int) {
    clauses = [Clause(text: text, start: 0, samples: samples, isWhole: true)]
    self.samples = samples
  }

  var text: String { clauses.map(\.text).joined() }
  var milliseconds: Int { samples * 1000 / Self.sampleRate }

  /// Begins the next clause; audio appended from now on speaks it.
  mutating func begin(clause text: String) {
    clauses.append(Clause(text: text, start: samples))
  }

  mutating func append(audio: [Int16]) {
    guard !clauses.isEmpty else { return }
    samples += audio.count
    clauses[clauses.count - 1].append(audio)
  }

  /// Audio that stays encoded. A silent Opus frame takes a few bytes, a voiced one many.
  mutating func append(packet: [UInt8], lasting packetSamples: Int) {
    guard !clauses.isEmpty else { return }
    samples += packetSamples
    let frames = max(1, packetSamples / Self.frameSamples)
    let isVoiced = packet.count > Self.silentFrameBytes * frames
    clauses[clauses.count - 1].append(frames: frames, voiced: isVoiced, samples: packetSamples)
  }

  /// The last clause gets no more audio: it has all of it, or its text is shown without.
  mutating func endClause() {
    guard !clauses.isEmpty else { return }
    clauses[clauses.count - 1].isWhole = true
    // Kept for as long as the message: an array would hold on to the room of its largest chunk.
    clauses[clauses.count - 1].partialFrame = []
  }

  /// The words of the last clause that its audio so far does not hold, the one that it stops in among them.
  var unspoken: String {
    guard let clause = clauses.last else { return "" }
    return String(clause.text.dropFirst(clause.heard(at: clause.samples).count))
  }

  /// The text heard when `position` samples have been played: whole words, trailing whitespace removed.
  func heard(at position: Int) -> String {
    var text = ""
    for (index, clause) in clauses.enumerated() {
      let end = index + 1 < clauses.count ? clauses[index + 1].start : samples
      if clause.isWhole, position >= end, position > 0 || clause.samples > 0 {
        text += clause.text
      } else {
        text += clause.heard(at: position - clause.start)
        break
      }
    }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}

extension SpokenText.Clause {
  fileprivate mutating func append(_ audio: [Int16]) {
    samples += audio.count
    partialFrame += audio
    var offset = 0
    while partialFrame.count - offset >= SpokenText.frameSamples {
      voiced.append(SpokenText.isVoiced(partialFrame[offset..<offset + SpokenText.frameSamples]))
      offset += SpokenText.frameSamples
    }
    partialFrame.removeFirst(offset)
  }

  fileprivate mutating func append(frames: Int, voiced isVoiced: Bool, samples: Int) {
    self.samples += samples
    for _ in 0..<frames { voiced.append(isVoiced) }
  }

  /// The words whose middle lies before `position`, a sample of this clause.
  fileprivate func heard(at position: Int) -> String {
    guard position > 0, samples > 0 else { return "" }
    let fraction = voicedFraction(at: position)
    let words = text.wordsWithSpace()
    let weights = words.map(\.spokenWeight)
    let total = weights.reduce(0, +)
    guard total > 0 else { return "" }
    var passed = 0.0
    var heard = ""
    for (word, weight) in zip(words, weights) {
      guard (passed + weight / 2) / total <= fraction else { break }
      passed += weight
      heard += word
    }
    return heard
  }

  private func voicedFraction(at position: Int) -> Double {
    // What is still being made is taken to be as long as speech of 15 characters a second.
    let expected = isWhole ? 0 : text.count * SpokenText.sampleRate / 15
    let all = max(voiced.voicedCount, expected / SpokenText.frameSamples)
    guard all > 0 else { return Double(position) / Double(samples) }
    let before = voiced.voicedCount(before: position / SpokenText.frameSamples)
    return Double(before) / Double(all)
  }
}

extension SpokenText {
  fileprivate static func isVoiced(_ frame: ArraySlice<Int16>) -> Bool {
    let energy = frame.reduce(0.0) { $0 + Double($1) * Double($1) }
    return energy > silenceRMS * silenceRMS * Double(frame.count)
  }
}

extension String {
  /// Its words, each with the whitespace behind it. Where a script has no spaces, a character stands for a word.
  func wordsWithSpace() -> [Substring] {
    var words: [Substring] = []
    var start = startIndex
    var index = startIndex
    while index < endIndex {
      let next = self.index(after: index)
      if next < endIndex, beginsWord(at: next, after: index) {
        words.append(self[start..<next])
        start = next
      }
      index = next
    }
    if start < endIndex { words.append(self[start...]) }
    return words
  }
}

extension String {
  private func beginsWord(at next: Index, after index: Index) -> Bool {
    if self[index].isWhitespace { return !self[next].isWhitespace }
    if self[next].isUnspaced { return true }
    return self[index].isUnspaced && (self[next].isLetter || self[next].isNumber)
  }
}

extension Character {
  /// A letter of a script that puts no spaces between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
  var isUnspaced: Bool {
    guard isLetter, let scalar = unicodeScalars.first else { return false }
    switch scalar.value {
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x31F0...0x31FF, 0x3400...0x4DBF,
      0x4E00...0x9FFF, 0xF900...0xFAFF, 0xFF66...0xFF9F, 0x20000...0x3FFFF:
      return true
    default: return false
    }
  }
}

extension Substring {
  /// Relative speaking time: letters, a word's own onset, and digits, which are spoken as words.
  fileprivate var spokenWeight: Double {
    reduce(1.0) { $0 + ($1.isNumber ? 3 : $1.isLetter ? 1 : 0) }
  }
}
