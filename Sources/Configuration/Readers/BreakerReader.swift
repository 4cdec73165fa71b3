/// `breaker:` of a provider, in resilience4j's words.
enum BreakerReader {
  static func read(_ section: Section, into breaker: inout BreakerOptions) {
    section.integer("consecutive_failures", 0...1000, into: &breaker.consecutiveFailures)
    section.integer("successes_to_close", 1...1000, into: &breaker.successesToClose)
    section.integer("wait_duration_in_open_state_s", 1...3600, into: &breaker.waitDurationInOpenState)
    section.integer(
      "permitted_number_of_calls_in_half_open_state", 1...1000, into: &breaker.permittedNumberOfCallsInHalfOpenState)
    section.integer("sliding_window_size", 1...10_000, into: &breaker.slidingWindowSize)
    section.integer("minimum_number_of_calls", 1...10_000, into: &breaker.minimumNumberOfCalls)
    percent(section, "failure_rate_threshold", into: &breaker.failureRateThreshold)
    percent(section, "slow_call_rate_threshold", into: &breaker.slowCallRateThreshold)
    section.integer("slow_call_duration_threshold_ms", 10...300_000, into: &breaker.slowCallDurationThreshold)
  }

  private static func percent(_ section: Section, _ key: String, into target: inout Double?) {
    if let number = section.present(key)?.number(in: 1...100) { target = number }
  }
}
