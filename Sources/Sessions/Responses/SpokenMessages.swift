import Audio
import Realtime

/// The messages that were spoken, for truncation.
///
/// Of the last few it is known where in their audio each clause lies. Of older ones, which nobody plays any more, only
/// the length is kept: a conversation may last for hours.
struct SpokenMessages {
  /// More than may wait at a client to be played.
  private static let detailed = 8

  /// The latest, oldest first.
  private var latest: [MessageOutput] = []
  /// Samples of audio by item id.
  private var older: [String: Int] = [:]

  mutating func append(_ message: MessageOutput) {
    latest.append(message)
    guard latest.count > Self.detailed else { return }
    let oldest = latest.removeFirst()
    older[oldest.address.itemID] = oldest.truncatedAt ?? oldest.sentSamples
  }

  mutating func remove(_ itemID: String) {
    latest.removeAll { $0.address.itemID == itemID }
    older[itemID] = nil
  }

  mutating func truncate(_ itemID: String, to position: Int) {
    if let index = index(of: itemID) {
      latest[index].truncatedAt = position
    } else if older[itemID] != nil {
      older[itemID] = position
    }
  }

  /// Changes one of the latest.
  mutating func change(_ itemID: String, _ change: (inout MessageOutput) -> Void) {
    if let index = index(of: itemID) { change(&latest[index]) }
  }

  /// - Parameter text: what the item says, in case nothing but its length is known any more.
  func message(_ itemID: String, text: String) -> MessageOutput? {
    if let index = index(of: itemID) { return latest[index] }
    guard let samples = older[itemID] else { return nil }
    var message = MessageOutput(
      address: ContentAddress(responseID: "", itemID: itemID, outputIndex: 0, contentIndex: 0), format: .pcm,
      voice: nil)
    message.text = text
    message.isTextWhole = true
    message.sentSamples = samples
    message.spoken = SpokenText(whole: text, samples: samples)
    return message
  }

  /// Those that were not cut and have not been played to their end, in the order of their playing.
  func unplayed(after position: Int) -> [MessageOutput] {
    latest.filter { $0.truncatedAt == nil && $0.playoutEnd > position }.sorted { $0.playoutEnd < $1.playoutEnd }
  }

  private func index(of itemID: String) -> Int? {
    latest.lastIndex { $0.address.itemID == itemID }
  }
}
