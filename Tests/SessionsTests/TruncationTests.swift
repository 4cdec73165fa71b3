import Realtime
import Testing
import VivaConfiguration
import Workers

@testable import Sessions

/// How much of a long conversation the model is shown.
@Suite("truncation")
struct TruncationTests {
  /// What the model was shown after each of so many messages of 100 characters, with a limit of 1,000.
  private func shown(_ truncation: String, messages: Int = 40, size: Int = 100) -> [[ChatMessage]] {
    var agent = Agent.forTests
    agent.instructions = ""
    agent.historyCharacters = 1000
    let conversation = Conversation(agent: agent)
    conversation.client(
      .sessionUpdate(.json(#"{"type":"realtime","output_modalities":["text"],"truncation":\#(truncation)}"#)))
    var shown: [[ChatMessage]] = []
    for number in 0..<messages {
      let text = "\(number) " + String(repeating: "x", count: size - "\(number) ".count)
      conversation.client(
        .conversationItemCreate(item: .message(id: nil, role: .user, parts: [.inputText(text)]), previousItemID: nil))
      conversation.client(.responseCreate(ResponseParameters()))
      shown.append(conversation.completions.last?.request.messages ?? [])
      conversation.client(.responseCancel(responseID: nil))
    }
    return shown
  }

  private func isNewest(_ messages: [ChatMessage], of number: Int) -> Bool {
    guard case .user(let text)? = messages.last else { return false }
    return text.hasPrefix("\(number) ")
  }

  @Test("auto shows the newest that fit")
  func auto() {
    let shown = shown(#""auto""#)
    #expect(shown.map(\.count) == (1...40).map { min($0, 10) })
    #expect(shown.indices.allSatisfy { isNewest(shown[$0], of: $0) })
  }

  @Test("disabled shows all")
  func disabled() {
    #expect(shown(#""disabled""#).map(\.count) == Array(1...40))
  }

  @Test(
    "retention_ratio cuts down to a part of the limit at once, and then leaves the beginning as it is for a while",
    arguments: [(0.8, 2), (0.5, 5), (0.2, 8)])
  func retention(ratio: Double, step: Int) {
    let shown = shown(#"{"type":"retention_ratio","retention_ratio":\#(ratio)}"#)
    var cuts = 0
    for (before, after) in zip(shown, shown.dropFirst()) {
      #expect(after.count <= 10)
      if after.first == before.first { continue }
      cuts += 1
      // Not a message at a time: that would cost the model its cache in each turn.
      #expect(before.count == 10 && after.count == 10 - step + 1)
    }
    #expect(cuts == (30 + step - 1) / step)
    #expect(shown.indices.allSatisfy { isNewest(shown[$0], of: $0) })
  }

  @Test("the ends of the ratio are no special case", arguments: ["0", "0.0", "1", "1.0", "1e-308"])
  func extremes(ratio: String) {
    let shown = shown(#"{"type":"retention_ratio","retention_ratio":\#(ratio)}"#, messages: 25)
    #expect(shown.allSatisfy { (1...10).contains($0.count) })
    #expect(shown.indices.allSatisfy { isNewest(shown[$0], of: $0) })
  }

  @Test(
    "token_limits make the limit smaller, never larger", arguments: [(50, 2), (1, 1), (9_223_372_036_854_775_807, 10)])
  func tokenLimit(tokens: Int, most: Int) {
    let limit = #"{"post_instructions":\#(tokens)}"#
    let shown = shown(#"{"type":"retention_ratio","retention_ratio":1,"token_limits":\#(limit)}"#, messages: 25)
    #expect(shown.last?.count == most)
    #expect(shown.indices.allSatisfy { isNewest(shown[$0], of: $0) })
  }

  @Test("what is larger than the limit by itself is shown all the same: it is the question")
  func hugeMessage() {
    for truncation in [#""auto""#, #"{"type":"retention_ratio","retention_ratio":0.5}"#] {
      #expect(shown(truncation, messages: 3, size: 5000).map(\.count) == [1, 1, 1])
    }
  }
}
