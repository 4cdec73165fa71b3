import Realtime
import Resilience
import Runtime
import VivaConfiguration

/// The agent's question bank: what it asks while there is no model to think of something.
extension SessionCore {
  /// What is said instead of the model's answer; nil while the model answers.
  ///
  /// Without a bank the model is asked all the same: it may be back.
  mutating func substitute(at now: Instant) -> String? {
    if ladder.ladder.level == .fallback { return ladder.notices.fallback }
    guard ladder.ladder.questions == .bank, !agent.questions.isEmpty else { return nil }
    guard let question = nextQuestion(at: now) else { return agent.questions.closing }
    if ladder.topic?.name != question.topic { ladder.topic = (question.topic, now) }
    record(.questionAsked(question), then: [])
    return question.text
  }

  /// The first one that was not asked, of a topic whose time is not over.
  private func nextQuestion(at now: Instant) -> AskedQuestion? {
    for topic in agent.questions.topics {
      if let current = ladder.topic, current.name == topic.name, let box = topic.timeBoxSeconds,
        now - current.began >= .seconds(box)
      {
        continue
      }
      if let next = topic.plan(for: session.id).first(where: { !state.hasAsked($0) }) {
        // Topics that came before had their time.
        if isPast(topic) { continue }
        return next
      }
    }
    return nil
  }

  private func isPast(_ topic: QuestionTopic) -> Bool {
    guard let last = state.questions.last?.topic, last != topic.name else { return false }
    let names = agent.questions.topics.map(\.name)
    guard let here = names.firstIndex(of: topic.name), let there = names.firstIndex(of: last) else { return false }
    return here < there
  }

  /// The user has said or typed something: the answer to the current question, if one was asked.
  mutating func noteAnswer(_ itemID: String) {
    guard ladder.ladder.questions == .bank, !state.questions.isEmpty else { return }
    record(.questionAnswered(itemID: itemID), then: [])
  }
}

/// A question of the bank that was asked, and what was answered.
public struct AskedQuestion: Codable, Sendable, Equatable {
  public var topic: String
  public var text: String
  public var isFollowUp: Bool
  /// The user's items until the next question.
  public var answers: [String] = []

  public init(topic: String, text: String, isFollowUp: Bool = false) {
    self.topic = topic
    self.text = text
    self.isFollowUp = isFollowUp
  }
}

extension SessionState {
  fileprivate func hasAsked(_ question: AskedQuestion) -> Bool {
    questions.contains { $0.topic == question.topic && $0.text == question.text }
  }
}

extension QuestionTopic {
  /// All that may be asked, in its order for this session, which is the same each time.
  fileprivate func plan(for sessionID: String) -> [AskedQuestion] {
    var ordered = questions
    if order == .shuffled {
      var generator = SessionOrder(sessionID)
      ordered.shuffle(using: &generator)
    }
    return ordered.flatMap { question in
      [AskedQuestion(topic: name, text: question.text)]
        + question.followUps.prefix(followUpLimit).map { AskedQuestion(topic: name, text: $0, isFollowUp: true) }
    }
  }
}

/// FNV-1a of the session's id, then SplitMix64: an order of its own for each session, without a state to keep.
private struct SessionOrder: RandomNumberGenerator {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  init(_ sessionID: String) {
    for byte in sessionID.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
