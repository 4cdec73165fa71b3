import Audio
import Realtime
import Resilience
import Runtime
import VivaConfiguration

/// What the participants have sent and the session has not dealt with. Each has a line of its own, and they take turns:
/// who sends much, or too fast, does not hold up the others.
struct InputQueue {
  enum Next {
    case empty
    case wait(until: Instant)
    /// Deal with this; `isWhole` when the entry is over with it.
    case input(SessionInput, from: ParticipantID, isWhole: Bool, done: @Sendable () -> Void)
  }

  private let limits: LimitSettings
  private var lines: [(sender: ParticipantID, line: InputLine)] = []
  /// Whose turn it is, as an index of `lines`.
  private var turn = 0

  init(_ limits: LimitSettings) {
    self.limits = limits
  }

  mutating func append(_ entry: InputLine.Entry, from sender: ParticipantID, at now: Instant) {
    if let index = lines.firstIndex(where: { $0.sender == sender }) {
      lines[index].line.append(entry)
    } else {
      var line = InputLine(limits, at: now)
      line.append(entry)
      lines.append((sender, line))
    }
  }

  /// Somebody is gone, and what they sent is not dealt with any more.
  mutating func remove(_ sender: ParticipantID) {
    lines.removeAll { $0.sender == sender }
  }

  /// The next input of whoever may speak, or a piece of it.
  ///
  /// - Parameter encoding: of the session's input audio.
  mutating func next(_ encoding: AudioEncoding, at now: Instant) -> Next {
    var earliest: Instant?
    for offset in lines.indices {
      let index = (turn + offset) % lines.count
      switch lines[index].line.next(encoding, at: now) {
      case .empty: continue
      case .wait(let due): earliest = min(earliest ?? due, due)
      case .input(let input, let isWhole, let done):
        turn = index + 1
        return .input(input, from: lines[index].sender, isWhole: isWhole, done: done)
      }
    }
    return earliest.map { .wait(until: $0) } ?? .empty
  }
}

/// What one participant has sent, let through no faster than the limits allow: its connection is read more slowly then,
/// it is not refused.
///
/// Long audio comes out in pieces, so that no other session of the shard waits for the whole of it.
struct InputLine {
  struct Entry {
    var input: SessionInput
    /// Called when the input was dealt with.
    var done: @Sendable () -> Void
    /// How much of an append's audio has been taken out, in bytes.
    fileprivate var taken = 0

    init(_ input: SessionInput, done: @escaping @Sendable () -> Void) {
      self.input = input
      self.done = done
    }
  }

  enum Next {
    case empty
    case wait(until: Instant)
    /// Deal with this; `isWhole` when the entry is over with it.
    case input(SessionInput, isWhole: Bool, done: @Sendable () -> Void)
  }

  /// Half a second of `audio/pcm`. Divisible by every sample size.
  private static let pieceBytes = 24_000
  /// Clients that send what they have recorded do it in one go.
  private static let audioBurst = 30.0

  private var entries: [Entry] = []
  private var head = 0
  private var audio: TokenBucket
  private var messages: TokenBucket

  init(_ limits: LimitSettings, at now: Instant) {
    audio = TokenBucket(rate: limits.audioRate, burst: Self.audioBurst, at: now)
    let rate = Double(limits.messagesPerSecond)
    messages = TokenBucket(rate: rate, burst: rate * 2, at: now)
  }

  mutating func append(_ entry: Entry) {
    entries.append(entry)
  }

  /// The next input, or a piece of it.
  ///
  /// - Parameter encoding: of the session's input audio.
  mutating func next(_ encoding: AudioEncoding, at now: Instant) -> Next {
    guard head < entries.count else { return .empty }
    let entry = entries[head]
    let (piece, isWhole) = piece(of: entry, encoding)
    let seconds = piece.map { Self.seconds(of: $0, encoding) } ?? Self.seconds(of: entry.input)
    // A message counts once, with its first piece.
    let count = entry.taken == 0 ? 1.0 : 0
    let wait = max(audio.wait(for: seconds, at: now), messages.wait(for: count, at: now))
    guard wait == .zero else { return .wait(until: now + wait) }
    audio.spend(seconds, at: now)
    messages.spend(count, at: now)
    if isWhole {
      removeFirst()
    } else {
      entries[head].taken += piece?.count ?? 0
    }
    guard let piece, case .client(var event) = entry.input else {
      return .input(entry.input, isWhole: isWhole, done: entry.done)
    }
    event.body = .inputAudioBufferAppend(audio: piece)
    return .input(.client(event), isWhole: isWhole, done: entry.done)
  }

  /// - Returns: the next audio of an append, nil for other events.
  private func piece(of entry: Entry, _ encoding: AudioEncoding) -> (audio: [UInt8]?, isWhole: Bool) {
    guard case .client(let event) = entry.input, case .inputAudioBufferAppend(let audio) = event.body else {
      return (nil, true)
    }
    // A packet, or what is none, stays in one piece.
    guard encoding != .opus, audio.count - entry.taken > Self.pieceBytes else {
      return (entry.taken == 0 ? audio : Array(audio[entry.taken...]), true)
    }
    return (Array(audio[entry.taken..<entry.taken + Self.pieceBytes]), false)
  }

  private mutating func removeFirst() {
    head += 1
    guard head > 32, head * 2 > entries.count else {
      if head == entries.count {
        entries = []
        head = 0
      }
      return
    }
    entries.removeFirst(head)
    head = 0
  }

  private static func seconds(of audio: [UInt8], _ encoding: AudioEncoding) -> Double {
    if let rate = AudioPayloadDecoder.bytesPerSecond(encoding) { return Double(audio.count) / Double(rate) }
    return Double(OpusPacket.duration(audio, at: 48_000) ?? 0) / 48_000
  }

  private static func seconds(of input: SessionInput) -> Double {
    if case .packet(let packet) = input { seconds(of: packet, .opus) } else { 0 }
  }
}
