import Synchronization
import VivaConfiguration

/// A Wyoming server as its adapters see it: how to reach it, and what it last said of itself.
final class WyomingServer: Sendable {
  let name: String
  let deadlines: Deadlines
  private let address: WyomingAddress?
  private let known = Mutex<WyomingInfo?>(nil)

  init(_ settings: ProviderSettings) {
    name = settings.name
    deadlines = settings.deadlines
    address = settings.url.flatMap(WyomingAddress.init)
  }

  /// Runs one request on a connection of its own.
  func connect<Result: Sendable>(
    _ body: @Sendable (inout WyomingConnection.Events, WyomingConnection.Writer) async throws -> Result
  ) async throws -> Result {
    guard let address else {
      throw WorkerError(.connection, worker: name, message: "url is not tcp://host:port or unix:///path")
    }
    do {
      return try await WyomingConnection.open(
        address, worker: name, connectLimit: deadlines.connect, body)
    } catch {
      // Another program may answer at this address when it is back.
      if (error as? WorkerError)?.kind ?? .connection == .connection { known.withLock { $0 = nil } }
      throw error
    }
  }

  /// Asks the server, in `deadlines.firstResult` at most. Also the probe for its being alive, since usual servers
  /// do not answer `ping`.
  ///
  /// - Throws: `WorkerError`.
  @discardableResult
  func describe() async throws -> WyomingInfo {
    let reply = workerCall(name, limits: deadlines) { (call: WorkerCall<WyomingInfo>) in
      call.watchdog.expect(.firstResultTimeout)
      call.yield(
        try await self.connect { events, writer in
          try await writer.send(WyomingEvent("describe"))
          while let event = try await events.next() {
            guard event.type == "info" else { continue }
            guard let info = try? event.decode(WyomingInfo.self) else {
              throw call.fail(.malformed, "info is not as the protocol has it")
            }
            return info
          }
          throw call.fail(.connection, "connection closed instead of info")
        })
    }
    for try await info in reply {
      known.withLock { $0 = info }
      return info
    }
    throw CancellationError()
  }

  /// What the server said of itself; asked once. Nil if it does not say.
  func info() async -> WyomingInfo? {
    if let info = known.withLock({ $0 }) { return info }
    return try? await describe()
  }
}
