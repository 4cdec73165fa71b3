import NIOCore
import NIOHTTP1
import Workers

/// A connection of a `ScriptedLanguageModelServer`.
final class ChatServerHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart
  private typealias Server = ScriptedLanguageModelServer
  private typealias Step = ScriptStep<HTTPServerResponsePart>

  private let recorder: Recorder<ScriptedLanguageModelServer.Request>
  private let reply: @Sendable (ScriptedLanguageModelServer.Request) -> ScriptedLanguageModelServer.Reply
  private let player: ScriptPlayer<HTTPServerResponsePart>
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()

  init(
    _ listener: ScriptedListener, _ recorder: Recorder<ScriptedLanguageModelServer.Request>,
    _ reply: @Sendable @escaping (ScriptedLanguageModelServer.Request) -> ScriptedLanguageModelServer.Reply
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
      player.play(answer(head), context) { context.write(self.wrapOutboundOut($0), promise: nil) }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    player.channelClosed()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func answer(_ head: HTTPRequestHead) -> [Step] {
    switch (head.method, head.uri) {
    case (.POST, "/v1/chat/completions"):
      let request = Server.Request(
        number: player.begin(), authorization: head.headers.first(name: "Authorization"),
        body: String(buffer: body))
      recorder.append(request)
      return answer(reply(request))
    case (.GET, "/v1/models"):
      return json(200, #"{"object":"list","data":[{"id":"scripted","object":"model"}]}"#)
    default:
      return json(404, #"{"error":{"message":"no such path"}}"#)
    }
  }

  private func answer(_ reply: Server.Reply) -> [Step] {
    if case .error(let text, let status) = reply.fault {
      return [.wait(reply.delay)] + json(status, #"{"error":{"message":"\#(text)"}}"#) + [.done]
    }
    let head = HTTPResponseHead(
      version: .http1_1, status: .ok, headers: ["Content-Type": "text/event-stream"])
    var steps: [Step] = [.wait(reply.delay), .send(.head(head))]
    steps.play(
      reply.chunks.map(Self.event), every: reply.pieceInterval, end: reply.ending.map(Self.event) + [.end(nil)],
      garbage: Self.event("{not json"), fault: reply.fault)
    return steps
  }

  private func json(_ status: Int, _ text: String) -> [Step] {
    let headers: HTTPHeaders = ["Content-Type": "application/json", "Content-Length": "\(text.utf8.count)"]
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
    return [.send(.head(head)), .send(.body(.byteBuffer(ByteBuffer(string: text)))), .send(.end(nil))]
  }

  private static func event(_ data: String) -> HTTPServerResponsePart {
    .body(.byteBuffer(ByteBuffer(string: "data: \(data)\n\n")))
  }
}
