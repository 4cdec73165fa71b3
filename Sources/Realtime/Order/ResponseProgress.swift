/// How far one response has come.
struct ResponseProgress: Sendable {
  fileprivate struct Part {
    var kind: Modality
    var isTextDone = false
    var hasAudio = false
    var isAudioDone = false
    var isDone = false
  }

  fileprivate struct Item {
    let id: String
    let isFunctionCall: Bool
    var isInConversation: Bool
    var areArgumentsDone = false
    var parts: [Part] = []
    var isDone = false
    var isDoneInConversation: Bool
  }

  /// False for a response outside the conversation; its items count as announced there from the start.
  let joinsConversation: Bool
  /// By output index.
  private var items: [Item] = []

  init(joinsConversation: Bool) {
    self.joinsConversation = joinsConversation
  }

  var itemIDs: [String] { items.map(\.id) }

  func owns(itemID: String) -> Bool {
    items.contains { $0.id == itemID }
  }

  // MARK: Items

  mutating func take(_ message: ServerMessage) throws(OrderError) {
    switch message.type {
    case "response.output_item.added":
      try addItem(message)
    case "response.output_item.done":
      try change(message) { item throws(OrderError) in try item.finish() }
    case "response.function_call_arguments.delta", "response.function_call_arguments.done":
      let isDone = message.type.hasSuffix(".done")
      try change(message) { item throws(OrderError) in try item.takeArguments(isDone: isDone) }
    case "response.content_part.added":
      try change(message) { item throws(OrderError) in try item.addPart(message) }
    case "response.content_part.done", "response.output_text.delta", "response.output_text.done",
      "response.output_audio_transcript.delta", "response.output_audio_transcript.done",
      "response.output_audio.delta", "response.output_audio.done":
      try change(message) { item throws(OrderError) in try item.takeContent(message) }
    default:
      break
    }
  }

  private mutating func addItem(_ message: ServerMessage) throws(OrderError) {
    guard let item = message.item, let id = item.id else { throw OrderError("has no item with an id") }
    guard !owns(itemID: id) else { throw OrderError("\(id) was added before") }
    guard message.outputIndex == items.count else {
      throw OrderError("output_index is \(message.outputIndex ?? -1), expected \(items.count)")
    }
    var isFunctionCall = false
    if case .functionCall = item.content { isFunctionCall = true }
    items.append(
      Item(
        id: id, isFunctionCall: isFunctionCall, isInConversation: !joinsConversation,
        isDoneInConversation: !joinsConversation))
  }

  private mutating func change(
    _ message: ServerMessage, _ body: (inout Item) throws(OrderError) -> Void
  ) throws(OrderError) {
    guard let id = message.itemID, let index = items.firstIndex(where: { $0.id == id }) else {
      throw OrderError("before output_item.added of its item")
    }
    guard message.outputIndex == index else {
      throw OrderError("output_index is \(message.outputIndex ?? -1), but \(id) is at \(index)")
    }
    guard !items[index].isDone else { throw OrderError("after output_item.done of \(id)") }
    try body(&items[index])
  }

  mutating func takeConversationItem(_ id: String, type: String) throws(OrderError) {
    guard joinsConversation else { throw OrderError("\(id) is of a response outside the conversation") }
    guard let index = items.firstIndex(where: { $0.id == id }) else { return }
    if type == "conversation.item.added" {
      guard !items[index].isInConversation else { throw OrderError("\(id) was added to the conversation before") }
      items[index].isInConversation = true
    } else {
      guard items[index].isDone else { throw OrderError("before output_item.done of \(id)") }
      guard items[index].isInConversation else { throw OrderError("before conversation.item.added of \(id)") }
      guard !items[index].isDoneInConversation else { throw OrderError("\(id) was done before") }
      items[index].isDoneInConversation = true
    }
  }

  mutating func finish(_ message: ServerMessage) throws(OrderError) {
    for item in items {
      guard item.isDone else { throw OrderError("before output_item.done of \(item.id)") }
      guard item.isDoneInConversation else {
        throw OrderError("before conversation.item.done of \(item.id)")
      }
    }
    guard let status = message.response?.status, status != .inProgress else {
      throw OrderError("the response is still in progress")
    }
  }
}

// MARK: Content

extension ResponseProgress.Item {
  fileprivate mutating func takeArguments(isDone: Bool) throws(OrderError) {
    guard isFunctionCall else { throw OrderError("\(id) is no function call") }
    guard isInConversation else { throw OrderError("before conversation.item.added of \(id)") }
    guard !areArgumentsDone else { throw OrderError("after function_call_arguments.done of \(id)") }
    areArgumentsDone = isDone
  }

  fileprivate mutating func addPart(_ message: ServerMessage) throws(OrderError) {
    guard isInConversation else { throw OrderError("before conversation.item.added of \(id)") }
    guard message.contentIndex == parts.count else {
      throw OrderError("content_index is \(message.contentIndex ?? -1), expected \(parts.count)")
    }
    switch message.part {
    case .text: parts.append(ResponseProgress.Part(kind: .text))
    case .audio: parts.append(ResponseProgress.Part(kind: .audio))
    case nil: throw OrderError("has no part")
    }
  }

  fileprivate mutating func takeContent(_ message: ServerMessage) throws(OrderError) {
    guard let index = message.contentIndex, parts.indices.contains(index) else {
      throw OrderError("before content_part.added of \(id)")
    }
    try parts[index].take(message.type)
  }

  fileprivate mutating func finish() throws(OrderError) {
    guard parts.allSatisfy(\.isDone) else { throw OrderError("before content_part.done of \(id)") }
    guard !isFunctionCall || areArgumentsDone else {
      throw OrderError("before function_call_arguments.done of \(id)")
    }
    isDone = true
  }
}

extension ResponseProgress.Part {
  fileprivate mutating func take(_ type: String) throws(OrderError) {
    guard !isDone else { throw OrderError("after content_part.done") }
    switch (type, kind) {
    case ("response.output_text.delta", .text), ("response.output_audio_transcript.delta", .audio):
      guard !isTextDone else { throw OrderError("after its *.done") }
    case ("response.output_text.done", .text), ("response.output_audio_transcript.done", .audio):
      guard !isTextDone else { throw OrderError("came before") }
      isTextDone = true
    case ("response.output_audio.delta", .audio):
      guard !isAudioDone else { throw OrderError("after output_audio.done") }
      hasAudio = true
    case ("response.output_audio.done", .audio):
      guard !isAudioDone else { throw OrderError("came before") }
      isAudioDone = true
    case ("response.content_part.done", _):
      guard isTextDone, isAudioDone || !hasAudio else { throw OrderError("before the *.done of its content") }
      isDone = true
    default:
      throw OrderError("does not belong into a part of type \(kind.rawValue)")
    }
  }
}
