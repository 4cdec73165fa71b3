import Audio

/// What was said lately, for `conversation.item.retrieve`: kept as 8 bits a sample (G.711 µ-law at the rate that it
/// came in), or as the Opus packets that were sent. The oldest item's is forgotten first.
struct RetainedAudio {
  private struct Recording {
    let itemID: String
    let sampleRate: Int
    var companded: [UInt8] = []
    var packets: [[UInt8]] = []
    var bytes = 0
  }

  /// What `seconds` of 24 kHz audio take.
  private let capacity: Int
  private var recordings: [Recording] = []
  private var bytes = 0
  /// The item that is longer than all that can be kept: a part of it would only mislead.
  private var tooLong: String?

  /// - Parameter seconds: how much is kept at least, in all; 0 keeps nothing.
  init(seconds: Int) {
    capacity = seconds * SpokenText.sampleRate
  }

  mutating func append(_ samples: [Int16], at sampleRate: Int, to itemID: String) {
    guard capacity > 0, !samples.isEmpty, itemID != tooLong else { return }
    let index = recording(of: itemID, at: sampleRate)
    recordings[index].companded += G711.encode(samples, .mu)
    grow(index, by: samples.count)
  }

  mutating func append(packet: [UInt8], to itemID: String) {
    guard capacity > 0, itemID != tooLong else { return }
    let index = recording(of: itemID, at: SpokenText.sampleRate)
    recordings[index].packets.append(packet)
    grow(index, by: packet.count)
  }

  mutating func remove(_ itemID: String) {
    for recording in recordings where recording.itemID == itemID { bytes -= recording.bytes }
    recordings.removeAll { $0.itemID == itemID }
  }

  /// The audio of an item as `audio/pcm`, 24 kHz; nil when it is not there any more.
  func pcm(of itemID: String) -> [UInt8]? {
    guard let recording = recordings.first(where: { $0.itemID == itemID }) else { return nil }
    var samples: [Int16] = []
    if !recording.packets.isEmpty, let decoder = try? OpusDecoder(sampleRate: SpokenText.sampleRate) {
      for packet in recording.packets { samples += (try? decoder.decode(packet)) ?? [] }
    }
    if !recording.companded.isEmpty {
      let resampler = Resampler.at(recording.sampleRate, to: SpokenText.sampleRate)
      samples += resampler.process(G711.decode(recording.companded, .mu))
      samples += resampler.drain()
    }
    return PCM16.encode(samples)
  }

  private mutating func recording(of itemID: String, at sampleRate: Int) -> Int {
    if let index = recordings.lastIndex(where: { $0.itemID == itemID }) { return index }
    recordings.append(Recording(itemID: itemID, sampleRate: sampleRate))
    return recordings.count - 1
  }

  private mutating func grow(_ index: Int, by count: Int) {
    recordings[index].bytes += count
    bytes += count
    if recordings[index].bytes > capacity { tooLong = recordings[index].itemID }
    while bytes > capacity, let oldest = recordings.first {
      bytes -= oldest.bytes
      recordings.removeFirst()
    }
  }
}
