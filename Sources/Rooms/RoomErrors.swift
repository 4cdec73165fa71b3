import Realtime

extension RealtimeError {
  static func roomFull(limit: Int) -> RealtimeError {
    .invalidRequest(
      code: "room_full", message: "\(limit) guests are in this room already. Try again when somebody has left.",
      param: nil)
  }

  static func insufficientRole(_ role: RoomRole, allowed: RoomRole) -> RealtimeError {
    .invalidRequest(
      code: "insufficient_scope",
      message:
        "This needs the role '\(role.rawValue)', and '\(allowed.rawValue)' is the highest that your key allows. Join with a key of the scope 'human'.",
      param: "role")
  }

  static let alreadyInRoom = RealtimeError.invalidRequest(
    code: "already_in_room", message: "You are in the room already, with other media: leave it first.", param: nil)

  static let cannotJoinAsTakeover = RealtimeError.invalidRequest(
    code: "invalid_value", message: "Join as 'speak' or 'listen', then send viva.room.takeover.", param: "role")

  static let notInRoom = RealtimeError.invalidRequest(
    code: "not_in_room",
    message: "You are not in the room: join it with media, by POST /v1/realtime/calls?call_id=.", param: "type")

  static let isMuted = RealtimeError.invalidRequest(
    code: "muted", message: "You are muted: nobody would hear you in the agent's place.", param: "type")

  static let mutedByHost = RealtimeError.invalidRequest(
    code: "muted", message: "A host has muted this participant, and only a host can let them be heard again.",
    param: "participant_id")

  static func floorTaken(by id: String) -> RealtimeError {
    .invalidRequest(
      code: "floor_taken", message: "'\(id)' speaks in the agent's place. Take it when they have handed it back.",
      param: "type")
  }

  static let floorNotTaken = RealtimeError.invalidRequest(
    code: "floor_not_taken", message: "The agent has its place; nobody has taken it.", param: "type")

  static let agentCannotBeMuted = RealtimeError.invalidRequest(
    code: "invalid_value", message: "The agent is silenced by viva.room.takeover, not by muting it.",
    param: "participant_id")

  static func unknownParticipant(_ id: String) -> RealtimeError {
    .invalidRequest(
      code: "unknown_participant", message: "Nobody in the room has the id '\(id)'.", param: "participant_id")
  }
}
