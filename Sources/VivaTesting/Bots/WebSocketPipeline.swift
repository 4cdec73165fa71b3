import NIOCore
import NIOHTTP1
import NIOWebSocket

/// What a `WebSocketClient`'s bytes go through: HTTP until the upgrade, frames from then on.
struct WebSocketPipeline: Sendable {
  let host: String
  let path: String
  let headers: [(String, String)]
  let listener: @Sendable (WebSocketClient.Event) -> Void
  /// With the place to write bytes to; fails when the server refuses.
  let upgraded: EventLoopPromise<NIOLoopBound<ChannelHandlerContext>>

  func addHandlers(to channel: any Channel) throws {
    let request = UpgradeRequest(self)
    let upgrader = NIOWebSocketClientUpgrader(maxFrameSize: 32 << 20) { channel, _ in
      channel.eventLoop.makeCompletedFuture {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers(
          NIOWebSocketFrameAggregator(
            minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 10_000, maxAccumulatedFrameSize: 32 << 20),
          FrameHandler(listener))
        let encoder = try pipeline.context(handlerType: WebSocketFrameEncoder.self)
        upgraded.succeed(NIOLoopBound(encoder, eventLoop: channel.eventLoop))
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
}

/// Asks for the upgrade; sees the answer only when it is not one.
private final class UpgradeRequest: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let wanted: WebSocketPipeline
  private var status = 0
  private var body = ""

  init(_ wanted: WebSocketPipeline) {
    self.wanted = wanted
  }

  func channelActive(context: ChannelHandlerContext) {
    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: wanted.path)
    head.headers.add(name: "Host", value: wanted.host)
    head.headers.add(contentsOf: wanted.headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): status = Int(head.status.code)
    case .body(let part): body += String(buffer: part)
    case .end: wanted.upgraded.fail(WebSocketClient.Refused(status: status, body: body))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    wanted.upgraded.fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    wanted.upgraded.fail(ChannelError.eof)
    context.fireChannelInactive()
  }
}

private final class FrameHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let listener: @Sendable (WebSocketClient.Event) -> Void
  private var code: UInt16?
  private var reason = ""

  init(_ listener: @escaping @Sendable (WebSocketClient.Event) -> Void) {
    self.listener = listener
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    var payload = frame.unmaskedData
    switch frame.opcode {
    case .text:
      listener(.text(Array(payload.readableBytesView)))
    case .binary:
      listener(.binary(Array(payload.readableBytesView)))
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
    listener(.closed(code: code, reason: reason))
    context.fireChannelInactive()
  }
}
