/// Checks that a stream of server events keeps the protocol's order, for tests and bots.
///
/// Feed it every event of one session; it answers with what the event violates, if anything.
///
/// A response: `response.created`; for each item `output_item.added`, `conversation.item.added`, for each part
/// `content_part.added`, deltas, their `*.done`, `content_part.done`; `output_item.done`, `conversation.item.done`;
/// `response.done`, once and last. A turn of the user: `speech_started`, `speech_stopped`, `committed`,
/// `conversation.item.added`, `conversation.item.done`. What a server plays: `output_audio_buffer.started`, then `cleared`
/// or, after `response.done`, `stopped`. The items of a response outside the conversation are announced by that response
/// only. `rate_limits.updated` and vendor events may stand anywhere.
public struct ResponseOrder: Sendable {
  /// What is wrong with an event.
  public struct Violation: Error, Sendable, Equatable, CustomStringConvertible {
    public var eventType: String
    public var reason: String

    public var description: String { "\(eventType): \(reason)" }
  }

  private var responses: [String: ResponseProgress] = [:]
  private var finished: Set<String> = []
  /// Items of finished responses outside the conversation: they never enter it.
  private var apart: Set<String> = []
  private var input = InputProgress()
  /// Responses whose sound has begun, and whether it is over.
  private var sounds: [String: Bool] = [:]

  public init() {}

  /// Responses that were created and are not done.
  public var openResponses: [String] { responses.keys.sorted() }

  public mutating func check(_ event: ServerEvent) -> Violation? {
    do throws(RealtimeError) {
      return check(try ServerMessage.decode(event.encoded(eventID: "event_check")))
    } catch {
      return Violation(eventType: event.type, reason: "cannot be read back: \(error.message)")
    }
  }

  public mutating func check(_ message: ServerMessage) -> Violation? {
    do throws(OrderError) {
      try take(message)
      return nil
    } catch {
      return Violation(eventType: message.type, reason: error.reason)
    }
  }

  private mutating func take(_ message: ServerMessage) throws(OrderError) {
    switch message.type {
    case "response.created":
      try create(message)
    case "conversation.item.added", "conversation.item.done":
      try takeItem(message)
    case let type where type.hasPrefix("response."):
      try takeResponseEvent(message)
    case let type where type.hasPrefix("output_audio_buffer."):
      try takeSound(message)
    default:
      try input.take(message)
    }
  }

  /// What a server plays begins once, and stops once: after `response.done`, since more may come before.
  private mutating func takeSound(_ message: ServerMessage) throws(OrderError) {
    guard let id = message.responseID, responses[id] != nil || finished.contains(id) else {
      throw OrderError("before response.created")
    }
    guard message.type != "output_audio_buffer.started" else {
      guard sounds[id] == nil else { throw OrderError("\(id) was started before") }
      sounds[id] = false
      return
    }
    guard let isOver = sounds[id] else { throw OrderError("before output_audio_buffer.started of \(id)") }
    sounds[id] = true
    // A client may ask to clear what is clear.
    guard message.type == "output_audio_buffer.stopped" else { return }
    guard !isOver else { throw OrderError("\(id) was stopped or cleared before") }
    guard finished.contains(id) else { throw OrderError("before response.done of \(id)") }
  }

  private mutating func create(_ message: ServerMessage) throws(OrderError) {
    guard let response = message.response else { throw OrderError("has no response") }
    guard responses[response.id] == nil, !finished.contains(response.id) else {
      throw OrderError("\(response.id) was created before")
    }
    guard response.status == .inProgress else { throw OrderError("status is \(response.status.rawValue)") }
    let joins = response.conversationID != nil
    if joins, let other = responses.first(where: { $0.value.joinsConversation })?.key {
      throw OrderError("\(other) still writes to the conversation")
    }
    responses[response.id] = ResponseProgress(joinsConversation: joins)
  }

  private mutating func takeResponseEvent(_ message: ServerMessage) throws(OrderError) {
    guard let id = message.responseID else { throw OrderError("has no response_id") }
    guard responses[id] != nil else {
      throw OrderError(finished.contains(id) ? "after response.done of \(id)" : "before response.created of \(id)")
    }
    if message.type == "response.done" {
      try responses[id]?.finish(message)
      if let response = responses[id], !response.joinsConversation { apart.formUnion(response.itemIDs) }
      responses[id] = nil
      finished.insert(id)
    } else {
      if message.type == "response.output_item.added", responses[id]?.joinsConversation == false,
        let item = message.itemID, input.knows(item)
      {
        throw OrderError("\(item) is in the conversation, and \(id) is not")
      }
      try responses[id]?.take(message)
    }
  }

  /// An item belongs to a response that announced it, or else to the user's side.
  private mutating func takeItem(_ message: ServerMessage) throws(OrderError) {
    guard let item = message.item, let id = item.id else { throw OrderError("has no item with an id") }
    guard !apart.contains(id) else { throw OrderError("\(id) is of a response outside the conversation") }
    if let owner = responses.first(where: { $0.value.owns(itemID: id) })?.key {
      try responses[owner]?.takeConversationItem(id, type: message.type)
    } else {
      try input.take(message)
    }
  }
}

/// What one step of the order found wrong.
struct OrderError: Error {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}
