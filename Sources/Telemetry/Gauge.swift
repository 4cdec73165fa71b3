/// A value that goes up and down. Any thread, no lock.
public final class Gauge: Sendable {
  private let current = AtomicDouble()

  init() {}

  public func set(_ value: Double) {
    current.set(value)
  }

  public func increment(by amount: Double = 1) {
    current.add(amount)
  }

  public func decrement(by amount: Double = 1) {
    current.add(-amount)
  }

  public var value: Double { current.value }
}
