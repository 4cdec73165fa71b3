import Realtime

/// A conversation as far as it is decided: a fold over `SessionEvent`s.
public struct SessionState: Sendable, Equatable {
  public private(set) var sessionID = ""
  public private(set) var agent = ""
  /// In conversation order.
  public private(set) var items: [ConversationItem] = []
  public private(set) var responses = 0
  /// Who speaks in the agent's place; nil for the agent.
  public private(set) var floorHolder: String?
  /// Where on the ladder it is; level 1, by voice, at the start.
  public private(set) var ladder = LadderStatus()
  /// Those of the agent's bank that were asked; the last is the current one.
  public private(set) var questions: [AskedQuestion] = []
  /// When the user comes back, if they have chosen.
  public private(set) var callback: CallbackSlot?
  public private(set) var isEnded = false

  public init() {}

  /// The state that `events` lead to.
  public init(replaying events: some Sequence<SessionEvent>) {
    for event in events { apply(event) }
  }

  public func item(_ id: String) -> ConversationItem? {
    items.last { $0.id == id }
  }

  /// The id of the item in front of `id`; nil for the first one and for an unknown one.
  public func itemID(before id: String) -> String? {
    guard let index = items.firstIndex(where: { $0.id == id }), index > 0 else { return nil }
    return items[index - 1].id
  }

  /// Whether the model asked for this call.
  public func hasFunctionCall(_ callID: String) -> Bool {
    items.contains { if case .functionCall(_, callID, _) = $0.content { true } else { false } }
  }

  public mutating func apply(_ event: SessionEvent) {
    switch event {
    case .started(let sessionID, let agent):
      self.sessionID = sessionID
      self.agent = agent
    case .itemAdded(let item, let previous):
      let index = previous.flatMap { id in items.lastIndex { $0.id == id } }.map { $0 + 1 } ?? 0
      items.insert(item, at: index)
    case .itemTranscribed(let id, let transcript, _):
      update(id) { $0.setInputTranscript(transcript) }
    case .itemCorrected(let id, let transcript):
      update(id) { $0.setInputTranscript(transcript) }
    case .itemCompleted(let item):
      update(item.id) { $0 = item }
    case .itemTruncated(let id, let heard, _):
      update(id) { $0.setOutputTranscript(heard) }
    case .itemDeleted(let id):
      items.removeAll { $0.id == id }
    case .floorTaken(let participantID):
      floorHolder = participantID
    case .floorReturned:
      floorHolder = nil
    case .responseDone:
      responses += 1
    case .ladderChanged(let status):
      ladder = status
    case .questionAsked(let question):
      questions.append(question)
    case .questionAnswered(let id):
      if !questions.isEmpty { questions[questions.count - 1].answers.append(id) }
    case .callbackChosen(let slot):
      callback = slot
    case .ended:
      isEnded = true
    }
  }

  private mutating func update(_ id: String?, _ change: (inout ConversationItem) -> Void) {
    guard let index = items.lastIndex(where: { $0.id == id }) else { return }
    change(&items[index])
  }
}
