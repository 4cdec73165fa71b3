import Resilience
import Runtime
import Testing

@testable import Workers

@Suite struct ToolRetriesTests {
  private let start = Instant(nanoseconds: 0)
  private let profile = RetryProfile(maxRetries: 2, firstDelay: .milliseconds(50), maxDelay: .milliseconds(200))
  private var random = SystemRandomNumberGenerator()

  private func refused(_ status: Int, retryAfter: Duration? = nil) -> ToolFailure {
    var failure = ToolFailure(.refused, "no", status: status)
    failure.retryAfter = retryAfter
    return failure
  }

  @Test("What may pass is tried again as often as the profile says, and no more")
  mutating func count() {
    var retries = ToolRetries(profile, deadline: start + .seconds(10))
    let pauses = (0..<4).map { _ in retries.pause(after: refused(503), now: start, using: &random) }
    #expect(pauses.map { $0 != nil } == [true, true, false, false])
    #expect((45...55).contains(pauses[0]?.milliseconds ?? 0))
    #expect((90...110).contains(pauses[1]?.milliseconds ?? 0))
  }

  @Test("What the service will say again is not tried again")
  mutating func final() {
    let failures =
      [400, 401, 403, 404, 409, 422, 301].map { refused($0) } + [
        ToolFailure(.timeout, ""), ToolFailure(.malformed, ""), ToolFailure(.invalidArguments, ""),
        ToolFailure(.cancelled, ""),
      ]
    for failure in failures {
      var retries = ToolRetries(profile, deadline: start + .seconds(10))
      #expect(retries.pause(after: failure, now: start, using: &random) == nil)
    }
    for failure in [408, 429, 500, 502, 503].map({ refused($0) }) + [ToolFailure(.connection, "")] {
      var retries = ToolRetries(profile, deadline: start + .seconds(10))
      #expect(retries.pause(after: failure, now: start, using: &random) != nil)
    }
  }

  @Test("Retry-After is honoured up to the profile's longest delay")
  mutating func retryAfter() {
    var retries = ToolRetries(profile, deadline: start + .seconds(10))
    #expect(
      retries.pause(after: refused(429, retryAfter: .milliseconds(150)), now: start, using: &random)
        == .milliseconds(150))
    #expect(
      retries.pause(after: refused(429, retryAfter: .seconds(3600)), now: start, using: &random)
        == .milliseconds(200))
  }

  @Test("No retry begins when the call's time is over")
  mutating func deadline() {
    var retries = ToolRetries(profile, deadline: start + .milliseconds(40))
    #expect(retries.pause(after: refused(503), now: start, using: &random) == nil)
  }
}
