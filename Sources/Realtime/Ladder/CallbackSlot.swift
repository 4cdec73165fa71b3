/// A time at which the user may come back, as `viva.callback.offered` shows it.
public struct CallbackSlot: Codable, Sendable, Equatable {
  public var id: String
  /// As the user reads it.
  public var text: String

  public init(id: String, text: String) {
    self.id = id
    self.text = text
  }
}
