import Resilience
import Runtime
import Testing

@Suite("Overload of the node")
struct OverloadPolicyTests {
  /// Gives a sample a second; returns each change with its second.
  private func run(
    _ policy: inout OverloadPolicy, from start: Int = 0, _ lags: [Int]
  ) -> [String] {
    lags.enumerated().compactMap { second, lag in
      policy.sampled(lag: .milliseconds(lag), at: Instant(nanoseconds: Int64(start + second) * 1_000_000_000))
        .map { "\(start + second): \($0.rawValue)" }
    }
  }

  @Test("takes a level at a time while it lasts, to the worst that it may")
  func down() {
    var policy = OverloadPolicy()
    #expect(run(&policy, Array(repeating: 150, count: 30)) == ["5: 2", "10: 3"])
  }

  @Test("is not believed in one bad second, nor in several with a better one between")
  func hiccups() {
    var policy = OverloadPolicy()
    #expect(run(&policy, (0..<100).map { $0 % 5 == 0 ? 50 : 900 }) == [])
  }

  @Test("gives a level back after each calm while, and between the limits nothing changes")
  func up() {
    var policy = OverloadPolicy()
    _ = run(&policy, Array(repeating: 150, count: 11))
    #expect(policy.floor == .predefined)
    #expect(run(&policy, from: 11, Array(repeating: 50, count: 100)) == [])
    #expect(run(&policy, from: 111, Array(repeating: 1, count: 60)) == ["126: 2", "141: 1"])
  }

  @Test("is off where no level may be taken")
  func off() {
    var settings = OverloadPolicy.Settings()
    settings.worst = .full
    var policy = OverloadPolicy(settings)
    #expect(run(&policy, Array(repeating: 10_000, count: 100)) == [])
  }
}
