/// What the agent says and has not been sent yet, in order. Holds the pieces as they came; nothing is copied.
struct PlayoutQueue {
  enum Piece {
    /// At 24 kHz.
    case pcm([Int16])
    /// With its audio, in samples at 24 kHz.
    case packet([UInt8], Int)
    case phrase(EncodedPhrase)
    case phraseBegins(PhraseRecorder)
    case phraseEnds

    /// At 24 kHz.
    var samples: Int {
      switch self {
      case .pcm(let samples): samples.count
      case .packet(_, let samples): samples
      case .phrase(let phrase): phrase.samples
      case .phraseBegins, .phraseEnds: 0
      }
    }

    var bytes: Int {
      switch self {
      case .pcm(let samples): samples.count * 2 + 64
      case .packet(let bytes, _): bytes.count + 64
      case .phrase, .phraseBegins, .phraseEnds: 64
      }
    }
  }

  let maximumBytes: Int

  /// Those before `head` are gone.
  private var pieces: ContiguousArray<Piece?> = []
  private var head = 0
  private var bytes = 0
  /// Of the first piece, what is gone: samples, or packets of a phrase.
  private(set) var offset = 0
  /// Audio, at 24 kHz.
  private(set) var samples = 0

  init(maximumBytes: Int) {
    self.maximumBytes = maximumBytes
  }

  var isEmpty: Bool { head == pieces.count }

  var first: Piece? { isEmpty ? nil : pieces[head] }

  /// - Returns: False when there is no room.
  mutating func append(_ piece: Piece) -> Bool {
    guard bytes <= maximumBytes - piece.bytes else { return false }
    pieces.append(piece)
    bytes += piece.bytes
    samples += piece.samples
    return true
  }

  /// The next samples, until there is another kind of piece or `frame` is full.
  /// - Returns: How many.
  mutating func takeSamples(into frame: UnsafeMutableBufferPointer<Int16>) -> Int {
    var taken = 0
    while taken < frame.count, case .pcm(let piece)? = first {
      let count = min(piece.count - offset, frame.count - taken)
      piece.withUnsafeBufferPointer { piece in
        guard count > 0 else { return }
        (frame.baseAddress! + taken).update(from: piece.baseAddress! + offset, count: count)
      }
      taken += count
      offset += count
      samples -= count
      if offset == piece.count { removeFirst() }
    }
    return taken
  }

  /// The next packet of the phrase that is first.
  mutating func takePacket(of phrase: EncodedPhrase) -> EncodedPhrase.Packet? {
    guard offset < phrase.packets.count else {
      removeFirst()
      return nil
    }
    let packet = phrase.packets[offset]
    offset += 1
    samples -= packet.samples
    if offset == phrase.packets.count { removeFirst() }
    return packet
  }

  /// The first piece is gone; of `samples`, those that were not taken yet.
  mutating func removeFirst(samples: Int = 0) {
    guard let piece = first else { return }
    self.samples -= samples
    bytes -= piece.bytes
    offset = 0
    pieces[head] = nil
    head += 1
    if isEmpty {
      pieces.removeAll(keepingCapacity: pieces.capacity <= 64)
      head = 0
    } else if head >= 64, head * 2 >= pieces.count {
      pieces.removeFirst(head)
      head = 0
    }
  }

  mutating func removeAll() {
    self = PlayoutQueue(maximumBytes: maximumBytes)
  }
}
