import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// How many, at a scripted server.
public struct ScriptedCounts: Sendable, Equatable {
  /// Accepted since the start.
  public var connections = 0
  /// Open now.
  public var live = 0
  public var requests = 0
  /// Answered to the end of their script, faults included.
  public var completed = 0
  /// Left by the client before the end.
  public var cancelled = 0
}

/// A server on 127.0.0.1 that a test can make vanish and come back at the same port.
public final class ScriptedListener: Sendable {
  private struct State {
    var server: (any Channel)?
    var live: [ObjectIdentifier: any Channel] = [:]
    var counts = ScriptedCounts()
  }

  private let handle: @Sendable (ScriptedListener, any Channel) throws -> Void
  private let state = Mutex(State())
  /// Else another test might be given the port while this server is away.
  private let reserved: ReservedPort

  init(_ handle: @Sendable @escaping (ScriptedListener, any Channel) throws -> Void) async throws {
    self.handle = handle
    guard let reserved = ReservedPort() else { throw IOError(errnoCode: EADDRNOTAVAIL, reason: "no free port") }
    self.reserved = reserved
    try await acceptConnections()
  }

  public var port: Int { reserved.number }

  public var counts: ScriptedCounts { state.withLock { $0.counts } }

  /// Connects are refused from now on; open connections live on.
  public func refuseConnections() async {
    let server = state.withLock { state in
      defer { state.server = nil }
      return state.server
    }
    try? await server?.close()
  }

  /// Undoes `refuseConnections`.
  public func acceptConnections() async throws {
    guard state.withLock({ $0.server == nil }) else { return }
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { [self] channel in
        channel.eventLoop.makeCompletedFuture {
          opened(channel)
          try handle(self, channel)
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    state.withLock { $0.server = server }
  }

  /// Closes all open connections, as a killed server does.
  public func dropConnections() async {
    for channel in state.withLock({ Array($0.live.values) }) { try? await channel.close() }
  }

  public func shutdown() async {
    await refuseConnections()
    await dropConnections()
  }

  /// - Returns: The number of the request, from 0.
  func requestBegan() -> Int {
    state.withLock { state in
      state.counts.requests += 1
      return state.counts.requests - 1
    }
  }

  func requestEnded(cancelled: Bool) {
    state.withLock { state in
      if cancelled { state.counts.cancelled += 1 } else { state.counts.completed += 1 }
    }
  }

  private func opened(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    state.withLock { state in
      state.live[id] = channel
      state.counts.connections += 1
      state.counts.live += 1
    }
    channel.closeFuture.whenComplete { [self] _ in
      state.withLock { state in
        state.live[id] = nil
        state.counts.live -= 1
      }
    }
  }
}
