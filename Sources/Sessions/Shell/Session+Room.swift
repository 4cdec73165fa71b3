import Realtime

/// A session as a room, as `Rooms` sees it. All on the thread of `shard`: elsewhere it traps.
extension Session {
  /// This one is asked about `viva.room.*` from now on.
  public nonisolated func attach(_ room: any RoomHandler) {
    assumeIsolated { $0.room = room }
  }

  /// The room that the session has become; nil while it is none.
  public nonisolated var attachedRoom: (any RoomHandler)? {
    assumeIsolated { $0.room }
  }

  /// Tells everybody.
  public nonisolated func announce(_ event: ServerEvent) {
    assumeIsolated { $0.publish(event) }
  }

  /// Tells one participant.
  public nonisolated func tell(_ event: ServerEvent, to participant: ParticipantID) {
    assumeIsolated { $0.publish(event, to: participant) }
  }

  /// A person speaks in the agent's place from now on: the agent is silent, and does not answer.
  public nonisolated func floorTaken(by participantID: String) {
    assumeIsolated { $0.take(.floorTaken(participantID: participantID)) }
  }

  /// The agent goes on, with what it now knows.
  public nonisolated func floorReturned() {
    assumeIsolated { $0.take(.floorReturned) }
  }

  /// The voice of the person who has the floor, as `voice` of the caller.
  public nonisolated func floorVoice(_ samples: [Int16]) {
    assumeIsolated { $0.take(.floorVoice(samples)) }
  }

  public nonisolated func floorSilence(samples: Int) {
    assumeIsolated { $0.take(.floorSilence(samples: samples)) }
  }
}
