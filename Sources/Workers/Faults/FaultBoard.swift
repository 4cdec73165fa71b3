import Synchronization

/// Which provider has which fault. A call has the fault of its beginning to its end. For any thread.
public final class FaultBoard: Sendable {
  /// How late the first result of `slowFirstByte` is.
  let slowness: Duration
  private let faults = Mutex<[String: Fault]>([:])

  public init(slowness: Duration = .seconds(10)) {
    self.slowness = slowness
  }

  /// - Parameter fault: nil: it is well again.
  public func set(_ fault: Fault?, on provider: String) {
    faults.withLock { $0[provider] = fault }
  }

  public func fault(of provider: String) -> Fault? {
    faults.withLock { $0[provider] }
  }
}
