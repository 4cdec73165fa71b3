import Realtime
import Resilience
import VivaConfiguration
import Workers

@testable import Sessions

extension Conversation {
  var ladderChanges: [LadderStatus] {
    events.compactMap { if case .vivaLadderChanged(let status) = $0 { status } else { nil } }
  }

  /// The output modalities that the client was told, in order.
  var modalities: [Realtime.Modality] {
    events.compactMap { if case .sessionUpdated(let session) = $0 { session.modality } else { nil } }
  }

  func lose(_ capabilities: Ladder.Capability...) {
    for capability in capabilities { give(.ladder(.fails(capability))) }
  }

  /// As many probes as it takes, and the time for all the steps up.
  func restore(_ capabilities: Ladder.Capability..., milliseconds: Int = 20_000) {
    for _ in 0..<2 {
      for capability in capabilities { give(.ladder(.works(capability))) }
      advance(milliseconds: 1000)
    }
    advance(milliseconds: milliseconds)
  }

  /// The user types, and asks for an answer.
  func type(_ text: String) {
    client(
      .conversationItemCreate(item: .message(id: nil, role: .user, parts: [.inputText(text)]), previousItemID: nil))
    client(.responseCreate(ResponseParameters()))
  }

  /// The newest thing that is to be spoken is spoken and played.
  func sayAll() {
    for _ in 0..<8 where core.response?.speech != nil {
      speak(milliseconds: 400)
      advance(milliseconds: 600)
    }
  }

  static let refused = WorkerError(.connection, worker: "test", message: "connection refused")
}

extension Agent {
  static var withBank: Agent {
    var agent = Agent.forTests
    var topic = QuestionTopic(name: "Work")
    topic.questions = [
      BankQuestion("What do you do?", followUps: ["Since when?", "Never asked?"]), BankQuestion("Why?"),
    ]
    topic.timeBoxSeconds = 60
    var other = QuestionTopic(name: "Life")
    other.questions = [BankQuestion("Where do you live?")]
    agent.questions.topics = [topic, other]
    agent.questions.closing = "That was all."
    return agent
  }
}
