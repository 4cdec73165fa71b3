import NIOCore
import NIOHTTP1

/// A connection of a `ScriptedHTTPService`.
final class HTTPServiceHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart
  private typealias Service = ScriptedHTTPService
  private typealias Step = ScriptStep<HTTPServerResponsePart>

  private let recorder: Recorder<ScriptedHTTPService.Request>
  private let reply: @Sendable (ScriptedHTTPService.Request) -> ScriptedHTTPService.Reply
  private let player: ScriptPlayer<HTTPServerResponsePart>
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()

  init(
    _ listener: ScriptedListener, _ recorder: Recorder<ScriptedHTTPService.Request>,
    _ reply: @Sendable @escaping (ScriptedHTTPService.Request) -> ScriptedHTTPService.Reply
  ) {
    self.recorder = recorder
    self.reply = reply
    player = ScriptPlayer(listener)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
    case .body(let part):
      body.writeImmutableBuffer(part)
    case .end:
      guard let head else { return }
      let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { $1 }
      let request = Service.Request(
        number: player.begin(), method: head.method.rawValue, path: head.uri, headers: headers,
        body: String(buffer: body))
      recorder.append(request)
      player.play(Self.steps(reply(request)), context) { context.write(self.wrapOutboundOut($0), promise: nil) }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    player.channelClosed()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private static func steps(_ reply: Service.Reply) -> [Step] {
    var headers = HTTPHeaders(reply.headers.map { ($0.key, $0.value) })
    if reply.status != 204 { headers.replaceOrAdd(name: "Content-Length", value: "\(reply.body.count)") }
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: reply.status), headers: headers)
    let half = reply.body.prefix(reply.body.count / 2)
    let start: [Step] = [.wait(reply.delay), .send(.head(head))]
    switch reply.fault {
    case nil: return start + [.send(bytes(reply.body[...])), .send(.end(nil)), .done]
    case .silent: return [.stall]
    case .hangUp: return [.wait(reply.delay), .close]
    case .stalled: return start + [.send(bytes(half)), .stall]
    case .cutOff: return start + [.send(bytes(half)), .close]
    }
  }

  private static func bytes(_ bytes: ArraySlice<UInt8>) -> HTTPServerResponsePart {
    .body(.byteBuffer(ByteBuffer(bytes: bytes)))
  }
}
