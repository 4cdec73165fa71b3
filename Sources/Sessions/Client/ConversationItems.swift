import Audio
import Realtime
import Runtime
import Workers

/// The client edits the conversation.
extension SessionCore {
  /// What the items may hold in all, in bytes of text: far more than any model reads.
  private static let longestConversation = 4 << 20

  mutating func createItem(
    _ item: ConversationItem, after previous: String?, at now: Instant
  ) throws(RealtimeError) {
    greetingDue = nil
    guard state.items.count < limits.items else { throw conversationFull }
    var item = item
    let id = item.id ?? makeID("item")
    guard state.item(id) == nil else {
      throw .invalidRequest(
        code: "item_create_invalid_item_id",
        message: "An item with id '\(id)' is in the conversation already.",
        param: "item.id")
    }
    if case .functionCallOutput(let callID, _) = item.content, !state.hasFunctionCall(callID) {
      throw .invalidRequest(
        code: "invalid_tool_call_id", message: "No function call with call_id '\(callID)' is in the conversation.",
        param: "item.call_id")
    }
    item.id = id
    item.status = .completed
    let position = try self.position(after: previous)
    // The bytes go to the recogniser; the conversation keeps what was said.
    let samples = try item.takeInputAudio().map(decode) ?? []
    let size = state.items.reduce(item.textBytes) { $0 + $1.textBytes }
    guard size <= Self.longestConversation else { throw conversationFull }
    add(item, after: position)
    if !samples.isEmpty { transcribeItem(id, samples, at: now) }
  }

  /// The audio of an item that the client made, at 16 kHz.
  private func decode(_ audio: [UInt8]) throws(RealtimeError) -> [Int16] {
    var decoder = AudioPayloadDecoder(session.inputFormat.encoding, sampleRate: InputAudio.sampleRate)
    do throws(AudioPayloadError) {
      return try decoder.decode(audio)
    } catch {
      throw error.realtimeError(param: "item.content", bytes: audio.count)
    }
  }

  var conversationFull: RealtimeError {
    .invalidRequest(
      code: "conversation_full",
      message:
        "The conversation is full: it holds at most \(limits.items) items, and \(Self.longestConversation >> 20) MiB of text. Delete some items or open a new session.",
      param: nil)
  }

  /// The id of the item that a new one goes behind; nil for the front.
  private func position(after previous: String?) throws(RealtimeError) -> String? {
    guard let previous else { return state.items.last?.id }
    if previous == "root" { return nil }
    guard state.item(previous) != nil else {
      throw unknownItem(previous, code: "item_create_invalid_previous_item_id", param: "previous_item_id")
    }
    return previous
  }

  /// A turn that came as an item: heard like one, answered when the client asks.
  private mutating func transcribeItem(_ id: String, _ samples: [Int16], at now: Instant) {
    var turn = UserTurn(itemID: id, audio: samples, marks: TurnMarks(ended: now))
    turn.isSpeaking = false
    retained.append(samples, at: InputAudio.sampleRate, to: id)
    begin(turn)
  }

  /// A finished item joins the conversation.
  mutating func add(_ item: ConversationItem, after previous: String?) {
    record(
      .itemAdded(item, previousItemID: previous),
      then: [
        .conversationItemAdded(item, previousItemID: previous),
        .conversationItemDone(item, previousItemID: previous),
      ])
  }

  mutating func retrieveItem(_ id: String) throws(RealtimeError) {
    guard let item = state.item(id) else { throw unknownItem(id, code: "item_retrieve_invalid_item_id") }
    act(.reply(.conversationItemRetrieved(retained.pcm(of: id).map(item.withAudio) ?? item)))
  }

  mutating func deleteItem(_ id: String) throws(RealtimeError) {
    guard state.item(id) != nil else { throw unknownItem(id, code: "item_delete_invalid_item_id") }
    guard response?.owns(itemID: id) != true else {
      throw .invalidRequest(
        code: "item_delete_in_progress",
        message: "Item '\(id)' is being made by the active response. Cancel the response first.",
        param: "item_id")
    }
    spoken[id] = nil
    retained.remove(id)
    if let index = turns.firstIndex(where: { $0.itemID == id && !$0.isSpeaking }) {
      if let call = turns.remove(at: index).call { act(.cancel(call)) }
    }
    record(.itemDeleted(itemID: id), then: [.conversationItemDeleted(itemID: id)])
  }

  mutating func truncateItem(
    _ id: String, contentIndex: Int, audioEndMilliseconds end: Int
  ) throws(RealtimeError) {
    guard let item = state.item(id) else { throw unknownItem(id, code: "item_truncate_invalid_item_id") }
    guard item.isAssistantMessage, let message = spokenMessage(id) else {
      throw .invalidRequest(
        code: "item_truncate_invalid_item_id",
        message: "Only assistant messages with audio can be truncated; item '\(id)' is none.",
        param: "item_id")
    }
    guard contentIndex == message.address.contentIndex else {
      throw .invalidRequest(
        code: "invalid_value", message: "The item has one content part: content_index must be 0.",
        param: "content_index")
    }
    let sent = message.sentSamples * 1000 / SpokenText.sampleRate
    // Players count whole buffers; a little beyond the end is the end.
    guard end >= 0, end <= sent + 100 else {
      throw .invalidRequest(
        code: "invalid_value", message: "Audio content of \(sent)ms is already shorter than \(end)ms.",
        param: "audio_end_ms")
    }
    let position = min(message.sentSamples, end * SpokenText.sampleRate / 1000)
    if response?.owns(itemID: id) == true {
      response?.message?.truncatedAt = position
      send(
        .conversationItemTruncated(
          itemID: id, contentIndex: contentIndex, audioEndMilliseconds: end,
          heard: message.spoken.heard(at: position)))
    } else {
      truncate(itemID: id, message: message, to: position)
    }
  }

  /// A message with audio, made or in the making.
  private func spokenMessage(_ id: String) -> MessageOutput? {
    if let message = spoken[id] { return message }
    guard let response, response.modality == .audio, response.message?.address.itemID == id else { return nil }
    return response.message
  }

  func unknownItem(_ id: String, code: String, param: String = "item_id") -> RealtimeError {
    .invalidRequest(code: code, message: "Item with id '\(id)' is not in the conversation.", param: param)
  }
}

extension ConversationItem {
  /// What it holds, in bytes of UTF-8.
  fileprivate var textBytes: Int {
    switch content {
    case .message(_, let parts): parts.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) }
    case .functionCall(let name, _, let arguments): name.utf8.count + arguments.utf8.count
    case .functionCallOutput(_, let output): output.utf8.count
    }
  }
}
