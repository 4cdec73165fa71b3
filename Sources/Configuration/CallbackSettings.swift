/// `callbacks:`, what a session offers its user when it cannot go on.
public struct CallbackSettings: Sendable, Equatable {
  /// Where choices are kept, a line of JSON each. The loader resolves a relative path, the default's too.
  public var file = "../.viva/callbacks.jsonl"
  /// Empty offers none.
  public var slots: [CallbackSlotSettings] = []

  public init() {}
}

public struct CallbackSlotSettings: Sendable, Equatable {
  public var id: String
  /// As the user reads it.
  public var text: String

  public init(id: String, text: String) {
    self.id = id
    self.text = text
  }
}
