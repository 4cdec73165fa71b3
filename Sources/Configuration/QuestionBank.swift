/// `questions:` of an agent: what it asks when there is no language model to think of something.
public struct QuestionBank: Sendable, Equatable {
  /// In the order in which they are gone through; empty is no bank.
  public var topics: [QuestionTopic] = []
  /// Said when all was asked.
  public var closing = "Those were all my questions. Thank you for your answers."

  public init() {}

  public var isEmpty: Bool { topics.isEmpty }
}

public struct QuestionTopic: Sendable, Equatable {
  public enum Order: String, Sendable, CaseIterable {
    case asListed = "as_listed"
    /// By the session, so that two candidates get them in different orders.
    case shuffled
  }

  public var name: String
  public var questions: [BankQuestion] = []
  public var order = Order.asListed
  /// How many of a question's follow-ups are asked: 0...20.
  public var followUpLimit = 1
  /// After this long the next topic follows, in seconds: 10...86400; nil is no limit.
  public var timeBoxSeconds: Int?

  public init(name: String) {
    self.name = name
  }
}

public struct BankQuestion: Sendable, Equatable {
  public var text: String
  public var followUps: [String]

  public init(_ text: String, followUps: [String] = []) {
    self.text = text
    self.followUps = followUps
  }
}
