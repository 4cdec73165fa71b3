import Foundation
import Realtime
import Runtime
import Synchronization
import VivaTesting

/// Silent callers over WebRTC, who hang up and call again when they are told to.
final class StormCrowd: Sendable {
  let line: CallLine
  private let server: RealtimeBot.Server
  private let count: Int
  private let voice = CallVoice([], format: .opus)
  private let calls = Mutex<[Task<Void, Never>]>([])

  /// - Parameter line: the thread that carries them, and the tally of what they go through.
  init(server: RealtimeBot.Server, count: Int, line: CallLine) {
    self.server = server
    self.count = count
    self.line = line
  }

  /// Returns when all are there.
  func arrive(over ramp: Duration) async { await call(over: ramp) }

  /// All hang up and call anew, at once. Returns when all are there.
  func callAgain() async {
    for call in calls.withLock({ $0 }) { call.cancel() }
    await call(over: .zero)
  }

  /// Returns when all have hung up.
  func leave() async {
    let calls = calls.withLock { calls in
      defer { calls = [] }
      return calls
    }
    for call in calls { call.cancel() }
    for call in calls { await call.value }
  }

  private func call(over ramp: Duration) async {
    let before = calls.withLock { calls in
      defer { calls = [] }
      return calls
    }
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<count {
        // A caller hangs up and dials: one after the other.
        let last = before.indices.contains(index) ? before[index] : nil
        group.addTask { [self] in
          try? await Task.sleep(for: ramp * index / count)
          await last?.value
          await dial()
        }
      }
    }
  }

  /// Returns when the call is there, or has failed.
  private func dial() async {
    let (connected, tell) = AsyncStream.makeStream(of: Void.self)
    let bot = WebRTCBot(server: server, voice: voice, line: line, hearsEvents: false)
    let call = Task {
      await bot.talk(for: .seconds(86_400), whenConnected: { tell.finish() })
      tell.finish()
    }
    calls.withLock { $0.append(call) }
    for await _ in connected {}
  }
}
