import Checkpoints
import Foundation

extension SessionEvent {
  /// The event as the store keeps it: JSON, so that a reviewer can read a log.
  ///
  /// - Throws: never for the events that exist; `EncodingError` is in the signature of `Encodable`.
  func record() throws -> CheckpointRecord {
    CheckpointRecord(bytes: Array(try JSONEncoder().encode(self)))
  }
}
