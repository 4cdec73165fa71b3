import Realtime

/// The room around a session: who else is there, and what they may do. Implemented by `Rooms`.
///
/// Every call comes on the thread of the session's shard. `Sendable` because a session holds it: its state is the
/// shard's.
public protocol RoomHandler: AnyObject, Sendable {
  /// A participant's `viva.room.*` event.
  ///
  /// - Parameter role: nil for the caller.
  /// - Throws: the error that is their answer.
  func perform(_ event: ClientEvent.Body, from sender: ParticipantID, role: SidebandRole?) throws(RealtimeError)

  /// Somebody who had joined the session is gone.
  func left(_ participant: ParticipantID)
}
