import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A WebSocket client for bots and tests: RFC 6455 over plain TCP, text messages, no extensions.
public final class WebSocketClient: Sendable {
  public enum Event: Sendable {
    case text([UInt8])
    /// The last event. The code is nil when the connection broke without a close frame.
    case closed(code: UInt16?, reason: String)
  }

  /// The server answered the upgrade with something else than 101.
  public struct Refused: Error, Equatable {
    public var status: Int
    public var body: String
  }

  /// What the server sends, ending with `.closed`. For one reader.
  public let events: AsyncStream<Event>
  private let channel: any Channel

  private init(channel: any Channel, events: AsyncStream<Event>) {
    self.channel = channel
    self.events = events
  }

  /// Connects to `ws://host:port/path`.
  ///
  /// - Throws: `Refused`, or what the connection failed with.
  public static func connect(
    host: String, port: Int, path: String, headers: [(String, String)] = [],
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) async throws -> WebSocketClient {
    let (events, continuation) = AsyncStream.makeStream(of: Event.self)
    let upgraded = group.any().makePromise(of: Void.self)
    let channel = try await ClientBootstrap(group: group)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connectTimeout(.seconds(10))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try addHandlers(
            to: channel, host: "\(host):\(port)", path: path, headers: headers, events: continuation,
            upgraded: upgraded)
        }
      }
      .connect(host: host, port: port).get()
    do {
      try await upgraded.futureResult.get()
    } catch {
      try? await channel.close()
      throw error
    }
    return WebSocketClient(channel: channel, events: events)
  }

  private static func addHandlers(
    to channel: any Channel, host: String, path: String, headers: [(String, String)],
    events: AsyncStream<Event>.Continuation, upgraded: EventLoopPromise<Void>
  ) throws {
    let request = UpgradeRequest(host: host, path: path, headers: headers, upgraded: upgraded)
    let upgrader = NIOWebSocketClientUpgrader(maxFrameSize: 32 << 20) { channel, _ in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandlers(
          NIOWebSocketFrameAggregator(
            minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 10_000, maxAccumulatedFrameSize: 32 << 20),
          FrameHandler(events: events))
        upgraded.succeed()
      }
    }
    try channel.pipeline.syncOperations.addHTTPClientHandlers(
      // The first frames may come with the 101.
      leftOverBytesStrategy: .forwardBytes,
      withClientUpgrade: (
        upgraders: [upgrader],
        completionHandler: { context in context.pipeline.syncOperations.removeHandler(name: "upgrade", promise: nil) }
      ))
    try channel.pipeline.syncOperations.addHandler(request, name: "upgrade")
  }

  /// Queues one text message.
  public func send(_ text: [UInt8]) {
    channel.eventLoop.execute { [channel] in
      channel.writeAndFlush(
        WebSocketFrame(
          fin: true, opcode: .text, maskKey: .random(), data: channel.allocator.buffer(bytes: text)),
        promise: nil)
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
}

/// Asks for the upgrade; sees the answer only when it is not one.
private final class UpgradeRequest: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let host: String
  private let path: String
  private let headers: [(String, String)]
  private let upgraded: EventLoopPromise<Void>
  private var status = 0
  private var body = ""

  init(host: String, path: String, headers: [(String, String)], upgraded: EventLoopPromise<Void>) {
    self.host = host
    self.path = path
    self.headers = headers
    self.upgraded = upgraded
  }

  func channelActive(context: ChannelHandlerContext) {
    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path)
    head.headers.add(name: "Host", value: host)
    head.headers.add(contentsOf: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): status = Int(head.status.code)
    case .body(let part): body += String(buffer: part)
    case .end: upgraded.fail(WebSocketClient.Refused(status: status, body: body))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    upgraded.fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    upgraded.fail(ChannelError.eof)
    context.fireChannelInactive()
  }
}

private final class FrameHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let events: AsyncStream<WebSocketClient.Event>.Continuation
  private var code: UInt16?
  private var reason = ""

  init(events: AsyncStream<WebSocketClient.Event>.Continuation) {
    self.events = events
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    var payload = frame.unmaskedData
    switch frame.opcode {
    case .text:
      events.yield(.text(Array(payload.readableBytesView)))
    case .ping:
      context.writeAndFlush(
        wrapOutboundOut(WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: payload)),
        promise: nil)
    case .connectionClose:
      code = payload.readInteger()
      reason = payload.readString(length: payload.readableBytes) ?? ""
      let echo = WebSocketFrame(
        fin: true, opcode: .connectionClose, maskKey: .random(), data: frame.unmaskedData)
      context.writeAndFlush(wrapOutboundOut(echo)).whenComplete {
        [context = NIOLoopBound(context, eventLoop: context.eventLoop)] _ in
        context.value.close(promise: nil)
      }
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    events.yield(.closed(code: code, reason: reason))
    events.finish()
    context.fireChannelInactive()
  }
}
