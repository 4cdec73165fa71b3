import Runtime
import Synchronization
import VivaTesting

/// Clients that misbehave side by side, on a thread's worth of one task.
final class HostileCrowd: Sendable {
  /// How one kind of them fared.
  struct Outcome: Encodable {
    var kind: HostileKind
    var count: Int
    /// How they ended, and how often.
    var endings: [String: Int] = [:]
    var stillOpen = 0
    /// Until the server gave them up, in seconds.
    var shortest: Double?
    var median: Double?
    var longest: Double?
  }

  /// How often the kernel is asked which connections the server still has, in steps: its answer takes tens of
  /// milliseconds.
  private static let stepsBetweenLooks = 25

  private let open = Mutex(0)

  /// Those that the server has not given up.
  var count: Int { open.withLock { $0 } }

  /// Connects one client for each of `kinds` and lets them misbehave for `duration`.
  ///
  /// - Throws: when one cannot connect.
  func run(
    _ kinds: [HostileKind], server: RealtimeBot.Server, voice: BotVoice, for duration: Duration
  ) async throws -> [Outcome] {
    var clients: [HostileClient] = []
    for (index, kind) in kinds.enumerated() {
      clients.append(try HostileClient(kind, server: server, voice: voice, index: index))
      open.withLock { $0 += 1 }
      // Each connects while the others go on.
      if index % 10 == 9 { step(clients, at: .now) }
    }
    let end = Instant.now + duration
    var due = Instant.now
    var steps = 0
    while due < end, clients.contains(where: { $0.ending == nil }) {
      let now = Instant.now
      step(clients, at: now)
      steps += 1
      if steps % Self.stepsBetweenLooks == 0 { look(after: clients, of: server, at: now) }
      due = due + HostileClient.stepDuration
      try await Task.sleep(for: max(.zero, due - .now))
    }
    for client in clients { client.leave() }
    open.withLock { $0 = 0 }
    return HostileKind.allCases.compactMap { Outcome($0, clients) }
  }

  private func step(_ clients: [HostileClient], at now: Instant) {
    for client in clients { client.step(at: now) }
  }

  private func look(after clients: [HostileClient], of server: RealtimeBot.Server, at now: Instant) {
    let peers = SocketTable.openPeers(ofLocalPort: server.port)
    for client in clients where !peers.contains(client.localPort) { client.serverGaveUp(at: now) }
    open.withLock { $0 = clients.count { $0.ending == nil } }
  }
}

extension HostileCrowd.Outcome {
  /// nil when there are none of the kind.
  fileprivate init?(_ kind: HostileKind, _ clients: [HostileClient]) {
    let ours = clients.filter { $0.kind == kind }
    guard !ours.isEmpty else { return nil }
    self.init(kind: kind, count: ours.count)
    stillOpen = ours.count { $0.ending == nil }
    let ended = ours.compactMap(\.ending)
    for ending in ended { endings[ending.how, default: 0] += 1 }
    let times = ended.map(\.after.inSeconds).sorted()
    shortest = times.first
    median = times.isEmpty ? nil : times[times.count / 2]
    longest = times.last
  }

  var line: String {
    var parts = endings.sorted { $0.value > $1.value }.map { "\($0.value) \($0.key)" }
    if stillOpen > 0 { parts.append("\(stillOpen) STILL OPEN") }
    if let shortest, let median, let longest {
      parts.append(String(format: "after %.1f, %.1f, %.1f s (least, median, most)", shortest, median, longest))
    }
    return row("\(count) \(kind.rawValue)", parts.joined(separator: ", "))
  }
}
