import Testing

/// Tests that measure the heap of the process do not run at the same time as those that let it grow.
struct HeapTrait: TestTrait, SuiteTrait, TestScoping {
  enum Use {
    case grows, isMeasured
  }

  let use: Use
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    guard testCase != nil else { return try await function() }
    await HeapGate.shared.enter(use)
    do {
      try await function()
    } catch {
      await HeapGate.shared.leave(use)
      throw error
    }
    await HeapGate.shared.leave(use)
  }
}

extension Trait where Self == HeapTrait {
  static func heap(_ use: HeapTrait.Use) -> HeapTrait { HeapTrait(use: use) }
}

/// Lets in either one that measures, or any number of others.
private actor HeapGate {
  static let shared = HeapGate()

  private var growing = 0
  private var isMeasured = false
  private var waiting: [(use: HeapTrait.Use, go: CheckedContinuation<Void, Never>)] = []

  func enter(_ use: HeapTrait.Use) async {
    await withCheckedContinuation { go in
      waiting.append((use, go))
      letIn()
    }
  }

  func leave(_ use: HeapTrait.Use) {
    switch use {
    case .grows: growing -= 1
    case .isMeasured: isMeasured = false
    }
    letIn()
  }

  /// In the order in which they came.
  private func letIn() {
    while let next = waiting.first, !isMeasured {
      switch next.use {
      case .grows: growing += 1
      case .isMeasured:
        guard growing == 0 else { return }
        isMeasured = true
      }
      waiting.removeFirst()
      next.go.resume()
    }
  }
}
