import Foundation
import Testing

@testable import Workers

@Suite struct RetryAfterTests {
  private let now = Date(timeIntervalSince1970: 784_111_777)  // Sun, 06 Nov 1994 08:49:37 GMT

  @Test(
    "seconds, and dates in all three forms",
    arguments: [
      ("7", 7), (" 120 ", 120), ("0", 0), ("99999999999999999999", 86_400),
      ("Sun, 06 Nov 1994 08:50:37 GMT", 60), ("Sunday, 06-Nov-94 08:49:47 GMT", 10), ("Sun Nov  6 08:49:38 1994", 1),
      ("Tue, 08 Nov 1994 08:49:37 GMT", 86_400), ("Sun, 06 Nov 1994 08:49:00 GMT", 0),
      ("Thu, 29 Feb 2024 00:00:00 GMT", 86_400),
    ])
  func parses(_ value: String, _ seconds: Int) {
    #expect(RetryAfter.parse(value, now: now) == .seconds(seconds))
  }

  @Test(
    "anything else says nothing",
    arguments: [
      "", "soon", "-1", "1.5", "Sun, 06 Nov 1994 08:49:37", "Sun, 99 Nov 1994 08:49:37 GMT", ", , , , ,", "a b c d e",
    ])
  func refuses(_ value: String) {
    #expect(RetryAfter.parse(value, now: now) == nil)
  }
}
