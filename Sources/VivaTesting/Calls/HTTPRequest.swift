import NIOCore
import NIOHTTP1
import NIOPosix

/// One HTTP request on a connection of its own, for bots.
enum HTTPRequest {
  struct Response: Sendable {
    var status: Int
    var location: String?
    var body: [UInt8]
  }

  /// - Throws: what the connection failed with.
  static func send(
    _ method: HTTPMethod, _ path: String, to server: RealtimeBot.Server, contentType: String? = nil,
    body: [UInt8] = []
  ) async throws -> Response {
    let group = MultiThreadedEventLoopGroup.singleton
    let answered = group.any().makePromise(of: Response.self)
    var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
    head.headers.add(name: "Host", value: "\(server.host):\(server.port)")
    head.headers.add(contentsOf: server.headers)
    head.headers.add(name: "Connection", value: "close")
    head.headers.add(name: "Content-Length", value: "\(body.count)")
    if let contentType { head.headers.add(name: "Content-Type", value: contentType) }
    let request = head
    let bootstrap = ClientBootstrap(group: group)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connectTimeout(.seconds(10))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          try channel.pipeline.syncOperations.addHandler(Exchange(request, body, answered))
        }
      }
    do {
      _ = try await bootstrap.connect(host: server.host, port: server.port).get()
    } catch {
      answered.fail(error)
    }
    return try await answered.futureResult.get()
  }

  private final class Exchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let body: [UInt8]
    private let answered: EventLoopPromise<Response>
    private var response = Response(status: 0, location: nil, body: [])

    init(_ head: HTTPRequestHead, _ body: [UInt8], _ answered: EventLoopPromise<Response>) {
      self.head = head
      self.body = body
      self.answered = answered
    }

    func channelActive(context: ChannelHandlerContext) {
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        response.status = Int(head.status.code)
        response.location = head.headers.first(name: "Location")
      case .body(let part): response.body += part.readableBytesView
      case .end:
        answered.succeed(response)
        context.close(promise: nil)
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      answered.fail(error)
      context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { answered.fail(ChannelError.eof) }
  }
}
