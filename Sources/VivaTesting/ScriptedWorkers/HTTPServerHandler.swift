import NIOCore
import NIOHTTP1

/// A request to a scripted HTTP server.
struct ScriptedHTTPRequest {
  /// From 0.
  var number: Int
  var authorization: String?
  var contentType: String?
  var body: ByteBuffer
}

typealias HTTPStep = ScriptStep<HTTPServerResponsePart>

/// A connection of a scripted OpenAI-compatible server, which has one endpoint and a list of models.
final class HTTPServerHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let path: String
  private let answer: (ScriptedHTTPRequest) -> [HTTPStep]
  private let player: ScriptPlayer<HTTPServerResponsePart>
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()

  /// - Parameters:
  ///   - path: Of the endpoint, which takes POST.
  ///   - answer: The steps of the answer, `.done` among them.
  init(_ listener: ScriptedListener, path: String, answer: @escaping (ScriptedHTTPRequest) -> [HTTPStep]) {
    self.path = path
    self.answer = answer
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
      player.play(steps(head), context) { context.write(self.wrapOutboundOut($0), promise: nil) }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    player.channelClosed()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func steps(_ head: HTTPRequestHead) -> [HTTPStep] {
    switch (head.method, head.uri) {
    case (.POST, path):
      answer(
        ScriptedHTTPRequest(
          number: player.begin(), authorization: head.headers.first(name: "Authorization"),
          contentType: head.headers.first(name: "Content-Type"), body: body))
    case (.GET, "/v1/models"):
      .json(200, #"{"object":"list","data":[{"id":"scripted","object":"model"}]}"#)
    default:
      .json(404, #"{"error":{"message":"no such path"}}"#)
    }
  }
}

extension [HTTPStep] {
  static func json(_ status: Int, _ text: String) -> Self {
    let headers: HTTPHeaders = ["Content-Type": "application/json", "Content-Length": "\(text.utf8.count)"]
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
    return [.send(.head(head)), .send(.body(text)), .send(.end(nil))]
  }

  /// The answer to a request that fails as told.
  static func error(_ message: String, status: Int, after delay: Duration) -> Self {
    [.wait(delay)] + json(status, #"{"error":{"message":"\#(message)"}}"#) + [.done]
  }

  /// A body of `parts` in chunks, as `ScriptedFault` has it.
  static func stream(
    _ contentType: String, _ parts: [HTTPServerResponsePart], after delay: Duration, every interval: Duration,
    ending: [HTTPServerResponsePart] = [], garbage: HTTPServerResponsePart, fault: ScriptedFault?
  ) -> Self {
    let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Type": contentType])
    var steps: Self = [.wait(delay), .send(.head(head))]
    steps.play(parts, every: interval, end: ending + [.end(nil)], garbage: garbage, fault: fault)
    return steps
  }
}

extension HTTPServerResponsePart {
  static func body(_ text: String) -> Self { .body(.byteBuffer(ByteBuffer(string: text))) }

  /// A server-sent event.
  static func event(_ data: String) -> Self { .body("data: \(data)\n\n") }
}
