import Realtime
import Testing
import Workers

@testable import Sessions

/// What is urgent, and what is made before anybody waits for it.
@Suite struct AheadTests {
  private func isAhead(_ conversation: Conversation) -> [Bool] {
    conversation.actions.compactMap {
      switch $0 {
      case .speak(_, let request), .speakPhrase(_, let request): request.isAhead
      case .complete(_, let request): request.isAhead
      default: nil
      }
    }
  }

  @Test("a reply is urgent, an out-of-band response is not", arguments: [ClientLeg.socket, .media])
  func replies(leg: ClientLeg) {
    let conversation = Conversation(leg: leg)
    conversation.say("Hello.")
    conversation.answer("Hello to you.")
    #expect(isAhead(conversation) == [false, false])
    var parameters = ResponseParameters()
    parameters.conversation = ResponseParameters.Conversation.none
    conversation.client(.responseCreate(parameters))
    conversation.answer("A question for later.")
    #expect(isAhead(conversation) == [false, false, true, true])
  }

  @Test("what is made while the caller cannot hear it is hastened when they can")
  func hastened() throws {
    let conversation = Conversation(leg: .media)
    conversation.loseMedia()
    conversation.client(.responseCreate(ResponseParameters()))
    conversation.answer("Are you still there?")
    #expect(isAhead(conversation) == [true, true])
    let call = try #require(conversation.speeches.last?.call)
    conversation.connect()
    let hastened = conversation.actions.compactMap { if case .hasten(let call) = $0 { call } else { nil } }
    #expect(hastened == [call])
  }
}
