import Testing

@testable import Sessions

/// Runs each test twice: with a client whose sound travels in events, and with one on a media leg.
struct BothLegs: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    for leg in ClientLeg.allCases {
      try await Conversation.$leg.withValue(leg) { try await function() }
    }
  }
}

extension Trait where Self == BothLegs {
  static var onBothLegs: Self { Self() }
}
