import NIOCore
import NIOPosix
import NIOWebSocket

/// A WebSocket client for bots and tests: RFC 6455 over plain TCP, without extensions.
public final class WebSocketClient: Sendable {
  public enum Event: Sendable {
    case text([UInt8])
    case binary([UInt8])
    /// The last event. The code is nil when the connection broke without a close frame.
    case closed(code: UInt16?, reason: String)
  }

  /// The server answered the upgrade with something else than 101.
  public struct Refused: Error, Equatable {
    public var status: Int
    public var body: String
  }

  /// What the server sends, ending with `.closed`; nothing when a listener hears it. For one reader.
  public let events: AsyncStream<Event>
  private let channel: any Channel
  /// Where frames that are bytes already enter the pipeline, behind the encoder.
  private let encoder: NIOLoopBound<ChannelHandlerContext>

  private init(channel: any Channel, encoder: NIOLoopBound<ChannelHandlerContext>, events: AsyncStream<Event>) {
    self.channel = channel
    self.encoder = encoder
    self.events = events
  }

  /// Connects to `ws://host:port/path`.
  ///
  /// - Parameters:
  ///   - localAddress: an IP address of this machine to connect from.
  ///   - listener: hears the events in place of `events`, on the connection's thread, perhaps before this returns: it
  ///     must be quick.
  /// - Throws: `Refused`, or what the connection failed with.
  public static func connect(
    host: String, port: Int, path: String, headers: [(String, String)] = [], from localAddress: String? = nil,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    listener: (@Sendable (Event) -> Void)? = nil
  ) async throws -> WebSocketClient {
    let (events, continuation) = AsyncStream.makeStream(of: Event.self)
    if listener != nil { continuation.finish() }
    let pipeline = WebSocketPipeline(
      host: "\(host):\(port)", path: path, headers: headers,
      listener: listener ?? { event in
        continuation.yield(event)
        if case .closed = event { continuation.finish() }
      }, upgraded: group.any().makePromise())
    var bootstrap = ClientBootstrap(group: group)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connectTimeout(.seconds(10))
      .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try pipeline.addHandlers(to: channel) } }
    let channel: any Channel
    do {
      if let localAddress { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: localAddress, port: 0)) }
      channel = try await bootstrap.connect(host: host, port: port).get()
    } catch {
      pipeline.upgraded.fail(error)
      throw error
    }
    do {
      return WebSocketClient(channel: channel, encoder: try await pipeline.upgraded.futureResult.get(), events: events)
    } catch {
      try? await channel.close()
      throw error
    }
  }

  /// Queues one text message.
  public func send(_ text: [UInt8]) { send(.text(text)) }

  /// Queues one binary message.
  public func send(binary: [UInt8]) { send(.binary(binary)) }

  public func send(_ frame: ClientFrame) {
    onLoop { [channel, encoder] in
      guard channel.isActive else { return }
      encoder.value.writeAndFlush(NIOAny(frame.buffer), promise: nil)
    }
  }

  /// Says goodbye and closes.
  public func close(code: UInt16 = 1000) async {
    var data = channel.allocator.buffer(capacity: 2)
    data.writeInteger(code)
    try? await channel.writeAndFlush(
      WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: data))
    try? await channel.close()
  }

  /// Drops the connection without a word, as a killed client does.
  public func drop() {
    channel.close(promise: nil)
  }

  /// Runs `body` on the connection's thread.
  func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
    channel.eventLoop.scheduleTask(in: .nanoseconds(max(0, delay.nanoseconds)), body)
  }

  private func onLoop(_ body: @escaping @Sendable () -> Void) {
    if channel.eventLoop.inEventLoop { body() } else { channel.eventLoop.execute(body) }
  }
}
