import Audio

/// What was said lately, for `conversation.item.retrieve`: kept as 8 bits a sample (G.711 µ-law at the rate that it
/// came in), or as the Opus packets that were sent. The oldest item's is forgotten first, and always whole: a part of
/// it would only mislead.
///
/// Its memory is made of pages that are used again and again until the session ends: audio that comes and goes beside
/// the few bytes of text that stay would leave the heap full of holes.
struct RetainedAudio {
  private struct Recording {
    let itemID: String
    let sampleRate: Int
    var companded = PagedBytes()
    /// Opus packets, one behind the other.
    var packets = PagedBytes()
    var packetLengths: [UInt16] = []
    /// Where the item was truncated, in 24 kHz samples.
    var end: Int?

    var bytes: Int { companded.count + packets.count }
  }

  /// What `seconds` of 24 kHz audio take.
  private let capacity: Int
  private var recordings: [Recording] = []
  private(set) var bytes = 0
  private var pages = PagePool()
  /// Items that were forgotten lately: there may be more to come of one of them.
  private var forgotten: [String] = []

  /// - Parameter seconds: how much is kept at least, in all; 0 keeps nothing.
  init(seconds: Int) {
    capacity = seconds * SpokenText.sampleRate
  }

  mutating func append(_ samples: [Int16], at sampleRate: Int, to itemID: String) {
    guard !samples.isEmpty, let index = recording(of: itemID, at: sampleRate) else { return }
    recordings[index].companded.append(G711.encode(samples, .mu), from: &pages)
    bytes += samples.count
    forgetSurplus()
  }

  mutating func append(packet: [UInt8], to itemID: String) {
    guard let length = UInt16(exactly: packet.count), length > 0,
      let index = recording(of: itemID, at: SpokenText.sampleRate)
    else { return }
    recordings[index].packets.append(packet, from: &pages)
    recordings[index].packetLengths.append(length)
    bytes += packet.count
    forgetSurplus()
  }

  /// The item ends here, in 24 kHz samples; a later word counts, be it more or less.
  mutating func limit(_ itemID: String, toSample end: Int) {
    guard let index = recordings.lastIndex(where: { $0.itemID == itemID }) else { return }
    recordings[index].end = end
  }

  mutating func remove(_ itemID: String) {
    if let index = recordings.firstIndex(where: { $0.itemID == itemID }) { removeRecording(at: index) }
  }

  /// The audio of an item, up to where it was truncated; nil when it is not there any more.
  ///
  /// - Parameter encoding: not Opus, of which only a packet at a time can be read.
  func audio(of itemID: String, as encoding: AudioEncoding) -> [UInt8]? {
    guard let recording = recordings.first(where: { $0.itemID == itemID }) else { return nil }
    var samples: [Int16] = []
    if !recording.packetLengths.isEmpty, let decoder = try? OpusDecoder(sampleRate: SpokenText.sampleRate) {
      let packets = recording.packets.bytes
      var start = 0
      for length in recording.packetLengths {
        samples += (try? decoder.decode(Array(packets[start..<start + Int(length)]))) ?? []
        start += Int(length)
      }
    }
    samples += G711.decode(recording.companded.bytes, .mu)
    if let end = recording.end { samples = Array(samples.prefix(end * recording.sampleRate / SpokenText.sampleRate)) }
    var encoder = AudioPayloadEncoder(encoding, sampleRate: recording.sampleRate)
    return Array((encoder.encode(samples) + encoder.finish()).joined())
  }

  /// - Returns: nil when nothing is kept of the item.
  private mutating func recording(of itemID: String, at sampleRate: Int) -> Int? {
    if let index = recordings.lastIndex(where: { $0.itemID == itemID }) { return index }
    guard capacity > 0, !forgotten.contains(itemID) else { return nil }
    recordings.append(Recording(itemID: itemID, sampleRate: sampleRate))
    return recordings.count - 1
  }

  private mutating func forgetSurplus() {
    while bytes > capacity, let oldest = recordings.first {
      forgotten.append(oldest.itemID)
      removeRecording(at: 0)
    }
    // No more than one answer and one turn grow at a time.
    if forgotten.count > 4 { forgotten.removeFirst(forgotten.count - 4) }
  }

  private mutating func removeRecording(at index: Int) {
    var recording = recordings.remove(at: index)
    bytes -= recording.bytes
    recording.companded.giveBack(to: &pages)
    recording.packets.giveBack(to: &pages)
  }
}
