import Synchronization

/// A count of events since the start. Any thread, one atomic add.
public final class Counter: Sendable {
  private let count = Atomic<UInt64>(0)

  init() {}

  public func increment(by amount: UInt64 = 1) {
    count.wrappingAdd(amount, ordering: .relaxed)
  }

  public var value: UInt64 { count.load(ordering: .relaxed) }
}
