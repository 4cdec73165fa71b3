import Scheduling
import Synchronization

/// How urgent a task's calls to workers are, while they wait for a slot and while they have one. CRITICAL unless the task
/// says otherwise. For any thread.
public final class CallPriority: Sendable {
  /// Nil is CRITICAL.
  @TaskLocal public static var current: CallPriority?

  private struct State {
    var value: Priority
    var follower: (@Sendable (Priority) -> Void)?
  }

  private let state: Mutex<State>

  public init(_ value: Priority) {
    state = Mutex(State(value: value))
  }

  /// Of a session's call.
  ///
  /// - Parameter isAhead: Nobody waits for it yet.
  public convenience init(isAhead: Bool) {
    self.init(isAhead ? .high : .critical)
  }

  public var value: Priority { state.withLock { $0.value } }

  /// The call goes on as this, whether it waits or runs.
  public func change(to value: Priority) {
    let follower = state.withLock { state in
      state.value = value
      return state.follower
    }
    follower?(value)
  }

  /// Somebody waits for it now.
  public func hasten() { change(to: .critical) }

  /// - Parameter changed: Told of changes from now on, in the place of who was told so far.
  func follow(_ changed: @escaping @Sendable (Priority) -> Void) {
    state.withLock { $0.follower = changed }
  }
}

/// What the calls of a task have in common, so that a worker that has seen one does less for the next: a language model
/// keeps the beginning of a session's prompt. 0 is none.
public enum CallAffinity {
  @TaskLocal public static var current: UInt64 = 0

  /// The key of a session, the same in this process only.
  public static func key(ofSession id: String) -> UInt64 { UInt64(bitPattern: Int64(id.hashValue)) | 1 }
}
