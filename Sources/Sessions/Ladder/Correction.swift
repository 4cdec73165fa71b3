import Realtime
import Runtime

/// The user reads what was heard of them, and puts it right.
extension SessionCore {
  mutating func correctTranscript(_ id: String, _ transcript: String, at now: Instant) throws(RealtimeError) {
    guard let item = state.item(id) else { throw unknownItem(id, code: "transcript_correct_invalid_item_id") }
    guard item.isSpokenByUser else {
      throw .invalidRequest(
        code: "transcript_correct_invalid_item_id",
        message: "Only what the user has spoken has a transcript to correct; item '\(id)' was not.", param: "item_id")
    }
    try checkRoom(for: transcript.utf8.count)
    // What the user says it is needs no recogniser any more.
    if let index = turns.firstIndex(where: { $0.itemID == id && !$0.isSpeaking }) {
      let turn = turns.remove(at: index)
      cutOff = nil
      if let call = turn.call { act(.cancel(call)) }
      if turn.responds, owed == nil { owed = OwedAnswer(source: .model, turn: turn.marks) }
    }
    record(
      .itemCorrected(itemID: id, transcript: transcript),
      then: [.vivaTranscriptCorrected(itemID: id, transcript: transcript)])
  }
}

extension ConversationItem {
  fileprivate var isSpokenByUser: Bool {
    guard case .message(.user, let parts) = content else { return false }
    return parts.contains { if case .inputAudio = $0 { true } else { false } }
  }
}
