import NIOCore
import NIOPosix
import VivaConfiguration

/// One connection to a Wyoming server, which serves one request: the protocol has no request ids, no cancel but the
/// closing of the connection, and usual servers close it after the reply themselves.
struct WyomingConnection {
  /// What came from the server; reads no further than its reader does.
  struct Events {
    fileprivate var bytes: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    fileprivate var parser: WyomingParser

    /// - Returns: nil when the server closed the connection.
    mutating func next() async throws -> WyomingEvent? {
      while true {
        if let event = try parser.next() { return event }
        guard let more = try await bytes.next() else { return nil }
        parser.append(more)
      }
    }
  }

  /// Sends; a `send` returns when the socket has room for more.
  struct Writer: Sendable {
    fileprivate let bytes: NIOAsyncChannelOutboundWriter<ByteBuffer>

    func send(_ events: WyomingEvent...) async throws {
      var out = ByteBuffer()
      for event in events { event.write(into: &out) }
      try await bytes.write(out)
    }
  }

  /// Connects, runs `body`, and closes, also when the task is cancelled.
  ///
  /// - Throws: what `body` throws, or the error of connecting.
  static func open<Result: Sendable>(
    _ address: WyomingAddress, worker: String, connectLimit: Int,
    _ body: @Sendable (inout Events, Writer) async throws -> Result
  ) async throws -> Result {
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.milliseconds(Int64(connectLimit)))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
    let setUp: @Sendable (any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> = { channel in
      channel.eventLoop.makeCompletedFuture {
        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
      }
    }
    let channel =
      switch address {
      case .tcp(let host, let port):
        try await bootstrap.connect(host: host, port: port, channelInitializer: setUp)
      case .unix(let path):
        try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: setUp)
      }
    return try await channel.executeThenClose { inbound, outbound in
      var events = Events(bytes: inbound.makeAsyncIterator(), parser: WyomingParser(worker: worker))
      return try await body(&events, Writer(bytes: outbound))
    }
  }
}
