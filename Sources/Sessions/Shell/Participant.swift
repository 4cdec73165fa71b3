import Realtime

/// Names one who takes part in a session, within that session.
public struct ParticipantID: Hashable, Sendable {
  let value: Int

  /// The caller: who opened the session, and whose leaving ends it.
  public static let client = ParticipantID(value: 0)
}

/// What one may do who joined a session with `?call_id=`.
public enum SidebandRole: String, Sendable, CaseIterable {
  /// Sees every event but the audio, and sends none.
  case listener
  /// A person at the agent's side: writes into the conversation, and starts and stops the agent's answers.
  case human
  /// A program at the agent's side: may send every event but the caller's audio.
  case sideband

  /// Why an event may not be sent; nil when it may.
  func refusal(of body: ClientEvent.Body) -> RealtimeError? {
    let isAllowed =
      switch body {
      case .inputAudioBufferAppend: false
      case .conversationItemRetrieve: self != .listener
      case .conversationItemCreate, .conversationItemTruncate, .conversationItemDelete, .responseCreate,
        .responseCancel:
        self != .listener
      case .sessionUpdate, .inputAudioBufferCommit, .inputAudioBufferClear, .outputAudioBufferClear:
        self == .sideband
      }
    guard !isAllowed else { return nil }
    if case .inputAudioBufferAppend = body {
      return .invalidRequest(
        code: "insufficient_scope", message: "Only the caller's own connection can send the caller's audio.",
        param: "type")
    }
    return .invalidRequest(
      code: "insufficient_scope",
      message:
        "A connection with the scope '\(rawValue)' may not send this event. Join with a key of the scope 'sideband'.",
      param: "type")
  }
}

struct Participant {
  let channel: any ClientChannel
  /// nil for the caller.
  var role: SidebandRole?

  func receives(_ message: OutgoingMessage) -> Bool { message.kind == .event || role == nil }

  func send(_ message: OutgoingMessage) {
    switch message.kind {
    case .event, .audio: channel.send(message.bytes)
    case .packet: channel.send(packet: message.bytes)
    }
  }
}
