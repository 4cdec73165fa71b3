import Foundation
import Synchronization
import VivaTesting

/// Sessions that somebody opened and says nothing in.
final class IdleCrowd: Sendable {
  /// What the ports of one address of this machine are enough for (the kernel has 28,000 for clients).
  private static let connectionsPerAddress = 20_000
  private static let waveMilliseconds = 50

  private struct State {
    var clients: [WebSocketClient] = []
    /// Those that `session.created` has come to.
    var opened = 0
    var isHangingUp = false
  }

  private let server: RealtimeBot.Server
  private let tally: BotTally
  private let state = Mutex(State())

  /// - Parameter tally: what goes wrong is counted there.
  init(server: RealtimeBot.Server, tally: BotTally) {
    self.server = server
    self.tally = tally
  }

  /// Sessions that are open.
  var count: Int { state.withLock { $0.opened } }

  /// Opens `count` sessions, `rate` a second at most, and waits until all are there.
  func arrive(_ count: Int, rate: Int) async throws {
    let wave = max(1, rate * Self.waveMilliseconds / 1000)
    for first in stride(from: 0, to: count, by: wave) {
      let next = ContinuousClock.now + .milliseconds(Self.waveMilliseconds)
      await withTaskGroup(of: Void.self) { group in
        for index in first..<min(count, first + wave) { group.addTask { await self.open(index) } }
      }
      try await Task.sleep(until: next, clock: .continuous)
    }
    for _ in 0..<100 where self.count + tally.errorCount < count { try await Task.sleep(for: .milliseconds(100)) }
  }

  func leave() async {
    let clients = state.withLock { state in
      state.isHangingUp = true
      return state.clients
    }
    for client in clients { await client.close() }
  }

  private func open(_ index: Int) async {
    let block = index / Self.connectionsPerAddress
    do {
      let client = try await WebSocketClient.connect(
        host: server.host, port: server.port, path: server.path, headers: server.headers,
        from: block > 0 ? "127.0.0.\(block + 1)" : nil, listener: heard)
      state.withLock { $0.clients.append(client) }
    } catch {
      tally.failed("idle: could not connect: \(error)")
    }
  }

  private func heard(_ event: WebSocketClient.Event) {
    switch event {
    case .text(let text):
      let isCreated = String(decoding: text, as: UTF8.self).contains(#""session.created""#)
      if isCreated { state.withLock { $0.opened += 1 } }
    case .binary: break
    case .closed(let code, let reason):
      let isUnexpected = state.withLock { state in
        state.opened -= 1
        return !state.isHangingUp
      }
      if isUnexpected { tally.failed("idle: closed: \(code.map { "\($0) \(reason)" } ?? "without a close frame")") }
    }
  }
}
