import Foundation
import Testing

@testable import Webhooks

@Suite struct WebhookEventTests {
  private func body(_ data: String, session: String = "sess_1") throws -> NSDictionary {
    let event = WebhookEvent(
      type: "turn.committed", sessionID: session, createdAt: 1_750_000_000, data: Array(data.utf8))
    let object = try JSONSerialization.jsonObject(with: Data(event.body(id: "evt_1")))
    return try #require(object as? NSDictionary)
  }

  @Test("The body is OpenAI's: id, object, type, time, and data with the session's id")
  func body() throws {
    #expect(
      try body(#" {"transcript":"Is it \"ü\"?}","turn":2} "#) == [
        "id": "evt_1", "object": "event", "type": "turn.committed", "created_at": 1_750_000_000,
        "data": ["session_id": "sess_1", "transcript": "Is it \"ü\"?}", "turn": 2],
      ])
  }

  @Test(
    "Data that is empty or no object is left out", arguments: ["{}", " { } ", "", "[1]", "null", "{\"a\":1", "{}{}"])
  func noData(data: String) throws {
    #expect(try body(data)["data"] as? NSDictionary == ["session_id": "sess_1"])
  }

  @Test("A strange session id cannot break out of its text")
  func strange() throws {
    let session = "x\",\"type\":\"y\u{0}\n"
    #expect(try body("{}", session: session)["data"] as? NSDictionary == ["session_id": session])
  }

  @Test("Ids are different each time and fit for a header")
  func ids() {
    let ids = (0..<100).map { _ in WebhookEvent.makeID() }
    #expect(Set(ids).count == 100)
    #expect(ids.allSatisfy { $0.hasPrefix("evt_") && $0.count == 36 && !$0.contains(".") })
  }
}
