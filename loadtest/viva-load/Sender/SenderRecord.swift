import Foundation
import Media

/// What the next process needs to go on with a call.
struct SenderRecord: Codable {
  /// What was negotiated follows from it.
  var offer: String
  var canonicalName: String
  var checkpoint: PeerCheckpoint

  init(offer: String, canonicalName: String, checkpoint: PeerCheckpoint) {
    self.offer = offer
    self.canonicalName = canonicalName
    self.checkpoint = checkpoint
  }

  init(from path: String) throws {
    self = try JSONDecoder().decode(SenderRecord.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// When it returns, the file outlives the process. (Not the machine: that would need fsync.)
  func write(to path: String) throws {
    try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}
