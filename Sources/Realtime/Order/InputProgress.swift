/// How far the user's side of the conversation has come.
struct InputProgress: Sendable {
  private enum Stage {
    case speaking, stopped, committed, added, done
  }

  /// By item id; items are forgotten when they are deleted.
  private var items: [String: Stage] = [:]
  /// The turn that was announced and is not committed.
  private var announced: String?

  func knows(_ itemID: String) -> Bool { items[itemID] != nil }

  mutating func take(_ message: ServerMessage) throws(OrderError) {
    switch message.type {
    case "input_audio_buffer.cleared":
      if let announced { items[announced] = nil }
      announced = nil
      return
    case "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped",
      "input_audio_buffer.timeout_triggered", "input_audio_buffer.committed", "conversation.item.added",
      "conversation.item.done", "conversation.item.deleted":
      break
    case let type where type.hasPrefix("conversation.item.input_audio_transcription."):
      break
    default:
      return
    }
    guard let id = message.itemID else { throw OrderError("has no item_id") }
    try take(message.type, id)
  }

  private mutating func take(_ type: String, _ id: String) throws(OrderError) {
    let stage = items[id]
    switch type {
    case "input_audio_buffer.speech_started", "input_audio_buffer.timeout_triggered":
      guard stage == nil else { throw OrderError("\(id) was announced before") }
      if let announced { throw OrderError("before input_audio_buffer.committed of \(announced)") }
      announced = id
      items[id] = type.hasSuffix("speech_started") ? .speaking : .stopped
    case "input_audio_buffer.speech_stopped":
      guard stage == .speaking else { throw OrderError("before speech_started of \(id)") }
      items[id] = .stopped
    case "input_audio_buffer.committed":
      guard stage == nil || stage == .stopped else {
        throw OrderError(stage == .speaking ? "before speech_stopped of \(id)" : "\(id) was committed before")
      }
      if announced == id { announced = nil }
      items[id] = .committed
    case "conversation.item.added":
      guard stage == nil || stage == .committed else { throw OrderError("\(id) is not committed, or was added before") }
      items[id] = .added
    case "conversation.item.done":
      guard stage == .added else { throw OrderError("before conversation.item.added of \(id), or twice") }
      items[id] = .done
    case "conversation.item.deleted":
      items[id] = nil
    default:
      guard stage != nil, stage != .speaking, stage != .stopped else {
        // A recogniser that streams may speak of the turn while it lasts; it may not speak of one unknown.
        guard stage != nil, type.hasSuffix(".delta") else { throw OrderError("before committed of \(id)") }
        return
      }
    }
  }
}
