/// Judges from the sound of a turn, its melody above all, whether the speaker is done or only pauses.
public protocol EndOfTurnDetector: Sendable {
  var name: String { get }

  /// Safe from any task, several at a time. Cancelling the task ends the request.
  ///
  /// - Parameter audio: The turn so far with the pause at its end, 16 kHz mono. A detector may use only the last
  ///   seconds of it.
  /// - Returns: 0...1, how likely it is that the speaker is done.
  /// - Throws: `WorkerError`, or `CancellationError` when the task is cancelled.
  func probability(of audio: [Int16]) async throws -> Double
}
