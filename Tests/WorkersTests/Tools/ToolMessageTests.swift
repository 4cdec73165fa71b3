import Foundation
import Runtime
import Testing
import VivaConfiguration

@testable import Workers

@Suite struct ToolMessageTests {
  private func request(_ arguments: String, call: String = "call_1", session: String = "sess_1") -> ToolRequest {
    ToolRequest(
      tool: HTTPTool(name: "book", url: "http://127.0.0.1"), callID: call, arguments: arguments, sessionID: session,
      agent: "interviewer")
  }

  private func message(_ arguments: String) throws -> ToolMessage {
    try ToolMessage(request(arguments), createdAt: 1_750_000_000)
  }

  @Test("The body says who calls what, with the arguments as JSON")
  func body() throws {
    let message = try message(#" {"day":"Monday","seats":2,"code":"a\"\u0000/ü"} "#)
    let body = try JSONDecoder().decode(JSONValue.self, from: Data(message.body))
    #expect(
      body == [
        "type": "tool.call", "id": .string(message.id), "created_at": .integer(1_750_000_000), "tool": "book",
        "call_id": "call_1", "session_id": "sess_1", "agent": "interviewer",
        "arguments": ["day": "Monday", "seats": .integer(2), "code": "a\"\u{0}/ü"],
      ])
  }

  @Test("Arguments are passed on as the model wrote them, without what stands around them")
  func verbatim() throws {
    let text = #"{ "account" : 12345678901234567890123, "price": 10.50, "price": 1e2 }"#
    let body = String(decoding: try message("\u{FEFF}\n" + text + "\t").body, as: UTF8.self)
    #expect(body.hasSuffix(#","arguments":\#(text)}"#))
  }

  @Test("No arguments at all are an empty object", arguments: ["", " \n", "{}"])
  func noArguments(text: String) throws {
    let body = String(decoding: try message(text).body, as: UTF8.self)
    #expect(body.contains(#""arguments":{}"#))
  }

  @Test(
    "Arguments that are no JSON object are the model's mistake",
    arguments: [
      "null", "[]", "\"text\"", "12", "{", "{\"a\":}", "{\"a\":1}{\"b\":2}", "{'a': 1}", "day = Monday", "{\"a\":NaN}",
      String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 40_000), "{\"a\":\"\u{1}\"}",
      "{\u{0}\"\u{0}a\u{0}\"\u{0}:\u{0}1\u{0}}\u{0}", "\u{0}{\u{0}}",
      "{\"a\":\"" + String(repeating: "x", count: 256 << 10) + "\"}",
    ])
  func noObject(text: String) {
    let error = #expect(throws: ToolFailure.self) { try message(text) }
    #expect(error?.kind == .invalidArguments)
    #expect(error?.isRetryable == false)
  }

  @Test("Deep but balanced arguments neither crash nor pass for something else")
  func deep() throws {
    for depth in [10, 100, 400, 600, 20_000] {
      let text = #"{"a":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
      if let message = try? message(text) {
        #expect(String(decoding: message.body, as: UTF8.self).contains(text))
      } else {
        #expect(depth > 100)
      }
    }
  }

  @Test("Much that is nested deep costs no more than as much that is not")
  func wide() throws {
    let many = [String](repeating: "1", count: 100_000).joined(separator: ",")
    let text = #"{"a":"# + String(repeating: "[", count: 400) + many + String(repeating: "]", count: 400) + "}"
    let began = Instant.now
    _ = try message(text)
    #expect(Instant.now - began < .seconds(30))
  }

  @Test("The id is the call's own, and fit for a header whatever the model's server made up")
  func id() throws {
    func id(_ call: String, _ session: String = "sess_1") throws -> String {
      try ToolMessage(request("{}", call: call, session: session), createdAt: 1).id
    }
    #expect(try id("call_0") == id("call_0"))
    #expect(try id("call_0") != id("call_1"))
    #expect(try id("call_0") != id("call_0", "sess_2"))
    let strange = try id("a\r\nHost: evil.ü" + String(repeating: "x", count: 100_000))
    #expect(strange.count == 37)
    #expect(strange.utf8.allSatisfy { $0 == UInt8(ascii: "_") || ("0"..."z").contains(Character(UnicodeScalar($0))) })
  }
}
