import CLinux
import Glibc
import Synchronization

/// How other threads reach the supervisor's.
final class SupervisionMailbox: Sendable {
  enum Message: Sendable {
    case event(SupervisedProcessState.Event, worker: Int)
    /// To the worker's process group, if it has a process.
    case signal(Int32, worker: Int)
    case stop
  }

  private let messages = Mutex<[Message]>([])
  /// Readable while messages may be waiting.
  let descriptor: Int32

  init() {
    descriptor = viva_eventfd()
    guard descriptor >= 0 else { fatalError("no event descriptor: errno \(-descriptor)") }
  }

  deinit {
    close(descriptor)
  }

  func post(_ message: Message) {
    messages.withLock { $0.append(message) }
    viva_eventfd_poke(descriptor)
  }

  func takeAll() -> [Message] {
    viva_eventfd_drain(descriptor)
    return messages.withLock { messages in
      defer { messages = [] }
      return messages
    }
  }
}
