import Foundation
import Testing

@testable import Workers

@Suite struct ToolReplyTests {
  private func reply(_ status: Int, _ body: String) -> ToolReply {
    ToolReply(status: status, body: Array(body.utf8))
  }

  @Test("A good answer is passed on as it is, JSON or not", arguments: [#"{ "slots": [1, 2] }"#, "Free at ten.", "[]"])
  func output(body: String) throws {
    #expect(try reply(200, body).output() == body)
  }

  @Test("An empty answer is an empty object")
  func empty() throws {
    #expect(try reply(204, "").output() == "{}")
    #expect(try reply(200, "").output() == "{}")
  }

  @Test("Neither endless answers nor bytes that are no text reach the model")
  func malformed() {
    for reply in [ToolReply(status: 200, body: nil), ToolReply(status: 200, body: [0xff, 0xfe, 0x00, 0xd8])] {
      let error = #expect(throws: ToolFailure.self) { try reply.output() }
      #expect(error?.kind == .malformed)
    }
  }

  @Test(
    "An error carries the service's own words",
    arguments: [
      #"{"error":{"message":"no such day"}}"#, #"{"error":"no such day"}"#, #"{"message":"no such day"}"#,
      #"{"detail":"no such day","error":null}"#,
    ])
  func words(body: String) {
    let error = #expect(throws: ToolFailure.self) { try reply(422, body).output() }
    #expect(error?.outcome == .failure(#"{"error":{"message":"no such day","status":422,"type":"http_error"}}"#))
  }

  @Test("At most 500 characters of them; a page in HTML is not passed on")
  func bounds() {
    let long = #expect(throws: ToolFailure.self) {
      try reply(500, #"{"error":"\#(String(repeating: "ü", count: 5000))"}"#).output()
    }
    #expect(long?.message.count == 500)
    let page = #expect(throws: ToolFailure.self) { try reply(502, "<html>Bad gateway at 10.0.0.7</html>").output() }
    #expect(page?.message == "The service answered with HTTP 502.")
    let none = #expect(throws: ToolFailure.self) { try ToolReply(status: 503, body: nil).output() }
    #expect(none?.status == 503)
  }

  @Test("Retry-After that is no number of seconds is ignored; a huge one is bounded")
  func retryAfter() {
    func seconds(_ text: String) -> Duration? {
      let error = #expect(throws: ToolFailure.self) { try ToolReply(status: 429, retryAfter: text, body: []).output() }
      return error?.retryAfter
    }
    #expect(seconds("3") == .seconds(3))
    #expect(seconds("-3") == .zero)
    #expect(seconds("9999999999999") == .seconds(86_400))
    #expect(seconds("Wed, 21 Oct 2015 07:28:00 GMT") == nil)
  }
}
