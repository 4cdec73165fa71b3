import Realtime

/// Names one who takes part in a session, within that session.
public struct ParticipantID: Hashable, Sendable {
  /// 0 for the caller, and counted from 1 for those who joined.
  public let value: Int

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
      // The room knows who may.
      case .roomTakeover, .roomHandback, .roomMute: true
      case .transcriptCorrect, .conversationItemCreate, .conversationItemTruncate, .conversationItemDelete,
        .responseCreate,
        .responseCancel:
        self != .listener
      case .callbackChoose, .sessionUpdate, .inputAudioBufferCommit, .inputAudioBufferClear, .outputAudioBufferClear:
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
  /// nil while there is none: a data channel is opened some time after the session.
  private(set) var channel: (any ClientChannel)?
  /// nil for the caller.
  var role: SidebandRole?
  /// What waits for the first channel; nil when that has become too much, and once there was one.
  private var held: [OutgoingMessage]?
  private var heldBytes = 0

  /// A data channel is open within a few round trips; a WHIP client never has one.
  private static let mostHeldBytes = 128 << 10

  init(channel: (any ClientChannel)?, role: SidebandRole? = nil) {
    self.channel = channel
    self.role = role
    held = channel == nil ? [] : nil
  }

  /// - Returns: what was held for the channel, in order; nil when the start of it is gone.
  mutating func open(_ channel: any ClientChannel) -> [OutgoingMessage]? {
    self.channel = channel
    defer { held = nil }
    return held
  }

  func receives(_ message: OutgoingMessage) -> Bool { message.kind == .event || role == nil }

  mutating func send(_ message: OutgoingMessage) {
    guard let channel else { return hold(message) }
    switch message.kind {
    case .event, .audio: channel.send(message.bytes)
    case .packet: channel.send(packet: message.bytes)
    }
  }

  private mutating func hold(_ message: OutgoingMessage) {
    heldBytes += message.bytes.count
    guard heldBytes <= Self.mostHeldBytes else {
      held = nil
      return
    }
    held?.append(message)
  }
}
