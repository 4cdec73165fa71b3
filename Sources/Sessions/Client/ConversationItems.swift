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
    guard state.items.count < limits.items else { throw conversationFull }
    var item = item
    let id = item.id ?? makeID("item")
    guard id != "root", state.item(id) == nil, !turns.contains(where: { $0.itemID == id }) else {
      throw .invalidRequest(
        code: "item_create_invalid_item_id",
        message: "The id '\(id)' is taken, by an item of the conversation or by the protocol.",
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
    guard samples.count <= limits.inputBufferSeconds * InputAudio.sampleRate else {
      throw .invalidRequest(
        code: "invalid_value",
        message: "An item holds at most \(limits.inputBufferSeconds) s of audio: send it in turns.",
        param: "item.content")
    }
    try checkRoom(for: item.textBytes)
    greetingDue = nil
    add(item, after: position)
    if case .message(.user, _) = item.content, !item.isWordless { noteAnswer(id) }
    if !samples.isEmpty { transcribeItem(id, samples, at: now) }
  }

  /// - Parameter bytes: of text that is to come in addition.
  func checkRoom(for bytes: Int) throws(RealtimeError) {
    let size = state.items.reduce(bytes) { $0 + $1.textBytes }
    guard size <= Self.longestConversation else { throw conversationFull }
  }

  /// The audio of an item that the client made, at 16 kHz.
  private func decode(_ audio: [UInt8]) throws(RealtimeError) -> [Int16] {
    // In one go, while other sessions wait: no longer than what may wait for a commit.
    if let rate = AudioPayloadDecoder.bytesPerSecond(session.inputFormat.encoding),
      audio.count > rate * limits.inputBufferSeconds
    {
      throw .invalidRequest(
        code: "invalid_value",
        message: "The audio of an item lasts at most \(limits.inputBufferSeconds) s. Make several items of it.",
        param: "item.content")
    }
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
    let format = item.isAssistantMessage ? session.outputFormat : session.inputFormat
    // Opus packets have no length of their own: one after the other they could not be told apart.
    let encoding = format == .opus ? .pcm : format.encoding
    act(.reply(.conversationItemRetrieved(retained.audio(of: id, as: encoding).map(item.withAudio) ?? item)))
  }

  mutating func deleteItem(_ id: String) throws(RealtimeError) {
    guard state.item(id) != nil else { throw unknownItem(id, code: "item_delete_invalid_item_id") }
    guard response?.owns(itemID: id) != true else {
      throw .invalidRequest(
        code: "item_delete_in_progress",
        message: "Item '\(id)' is being made by the active response. Cancel the response first.",
        param: "item_id")
    }
    spoken.remove(id)
    retained.remove(id)
    if cutOff?.holds(id) == true { cutOff = nil }
    if let index = turns.firstIndex(where: { $0.itemID == id && !$0.isSpeaking }) {
      cutOff = nil
      if let call = turns.remove(at: index).call { act(.cancel(call)) }
    }
    record(.itemDeleted(itemID: id), then: [.conversationItemDeleted(itemID: id)])
  }

  mutating func truncateItem(
    _ id: String, contentIndex: Int, audioEndMilliseconds end: Int, at now: Instant
  ) throws(RealtimeError) {
    guard let item = state.item(id) else { throw unknownItem(id, code: "item_truncate_invalid_item_id") }
    guard item.isAssistantMessage, let message = spokenMessage(id, saying: item) else {
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
    if playout.isServed { return truncatePlayed(id, toMilliseconds: end, at: now) }
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
      retained.limit(id, toSample: position)
      send(
        .conversationItemTruncated(
          itemID: id, contentIndex: contentIndex, audioEndMilliseconds: end,
          heard: message.spoken.heard(at: position)))
    } else {
      truncate(itemID: id, message: message, to: position)
    }
  }

  /// A message with audio, made or in the making.
  private func spokenMessage(_ id: String, saying item: ConversationItem) -> MessageOutput? {
    if let message = spoken.message(id, text: item.spokenText) { return message }
    guard let response, response.modality == .audio, response.message?.address.itemID == id else { return nil }
    return response.message
  }

  func unknownItem(_ id: String, code: String, param: String = "item_id") -> RealtimeError {
    .invalidRequest(code: code, message: "Item with id '\(id)' is not in the conversation.", param: param)
  }
}

extension ConversationItem {
  /// What its audio says.
  var spokenText: String {
    guard case .message(_, let parts) = content else { return "" }
    return parts.compactMap(\.text).joined()
  }

  /// What it holds, in bytes of UTF-8.
  fileprivate var textBytes: Int {
    switch content {
    case .message(_, let parts): parts.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) }
    case .functionCall(let name, _, let arguments): name.utf8.count + arguments.utf8.count
    case .functionCallOutput(_, let output): output.utf8.count
    }
  }
}
