import Checkpoints
import Foundation

extension SessionEvent {
  /// Of the form that events are kept in.
  private static let version = 1

  /// The event as the store keeps it: JSON, so that a reviewer can read a log.
  ///
  /// - Throws: never for the events that exist; `EncodingError` is in the signature of `Encodable`.
  func record() throws -> CheckpointRecord {
    CheckpointRecord(version: Self.version, bytes: Array(try JSONEncoder().encode(self)))
  }

  /// Reads what `record` has written.
  ///
  /// - Throws: `DecodingError`, also for a record of a later version.
  public init(_ record: CheckpointRecord) throws {
    guard record.version == Self.version else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "version \(record.version) is of a later Viva"))
    }
    self = try JSONDecoder().decode(SessionEvent.self, from: Data(record.bytes))
  }
}
