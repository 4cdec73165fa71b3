import Workers

/// The worker calls of one session that are under way.
struct WorkerCalls {
  private struct Call {
    var task: Task<Void, Never>
    var priority: CallPriority?
    /// Where a recognition gets its audio from.
    var audio: AsyncStream<[Int16]>.Continuation?
  }

  private var calls: [CallID: Call] = [:]

  init() {}

  mutating func began(
    _ id: CallID, task: Task<Void, Never>, priority: CallPriority? = nil,
    audio: AsyncStream<[Int16]>.Continuation? = nil
  ) {
    calls[id] = Call(task: task, priority: priority, audio: audio)
  }

  func hasten(_ id: CallID) {
    calls[id]?.priority?.hasten()
  }

  mutating func ended(_ id: CallID) {
    calls[id] = nil
  }

  func feed(_ id: CallID, _ audio: [Int16]) {
    calls[id]?.audio?.yield(audio)
  }

  func endAudio(_ id: CallID) {
    calls[id]?.audio?.finish()
  }

  /// Cancelling the reading task closes the connection to the worker.
  mutating func cancel(_ id: CallID) {
    guard let call = calls.removeValue(forKey: id) else { return }
    call.audio?.finish()
    call.task.cancel()
  }

  mutating func cancelAll() {
    for id in calls.keys { cancel(id) }
  }
}
