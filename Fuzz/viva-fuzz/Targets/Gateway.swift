import Runtime

@testable import Gateway

extension FuzzTarget {
  /// Frames of a WebSocket message: a line with the limit in bytes, then pieces, each behind one byte of flags (final,
  /// binary, length in the other six bits).
  static let webSocketMessage = FuzzTarget("websocket-message") { input in
    let (line, rest) = input.firstLine
    let limit = min(max(Int(line) ?? 100, 0), 1000)
    var assembler = MessageAssembler(limit: limit)
    var sent: [UInt8] = []
    var bytes = rest.bytes[...]
    while let flags = bytes.popFirst() {
      let piece = Array(bytes.prefix(Int(flags & 63)))
      bytes = bytes.dropFirst(piece.count)
      let isFinal = flags & 128 != 0
      // Whatever the peer announces.
      let remaining = isFinal ? 0 : flags & 64 != 0 ? Int.max - sent.count : 0
      sent += piece
      let outcome = piece.withUnsafeBytes {
        assembler.append($0, remaining: remaining, isFinal: isFinal, binary: flags & 64 != 0)
      }
      switch outcome {
      case .incomplete: expect(sent.count <= limit, "\(sent.count) bytes are kept")
      case .message(let message):
        expect(message == sent && sent.count <= limit, "the message is another")
        if flags & 64 == 0 { expect(String(validating: message, as: UTF8.self) != nil, "the text is not UTF-8") }
        sent = []
      case .failure(let code, let reason):
        var queue = OutboundQueue(limit: limit)
        queue.close(.init(code: code, reason: reason + input.text))
        let frame = queue.takeBatch()
        expect(frame.count <= 127 && Int(frame[1]) == frame.count - 2, "the close frame is too long")
        return
      }
    }
  }

  /// A request as libwebsockets hands it over: method and target, header lines, the body behind an empty line.
  static let httpRequest = FuzzTarget("http-request") { input in
    var lines = input.text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    let start = (lines.popFirst() ?? "").split(separator: " ", maxSplits: 1)
    var request = HTTPRequest(
      method: HTTPRequest.Method(rawValue: String(start.first ?? "")) ?? .get, path: String(start.last ?? ""),
      listener: "client", remoteAddress: String(lines.last ?? ""))
    while let line = lines.popFirst(), let colon = line.firstIndex(of: ":") {
      request.headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...])
    }
    let offered = request.headers["sec-websocket-protocol"]
    request.subprotocols = commaSeparated(offered)

    let check = UpgradeCheck(
      connection: request.headers["connection"], key: request.headers["sec-websocket-key"],
      version: request.headers["sec-websocket-version"], offered: offered, supported: ["realtime"])
    let policy = OriginPolicy(allowed: ["https://example.org"])
    let route = Route(path: request.path)
    let answers = [
      check.refusal(of: request), policy.refusal(of: request), policy.preflight(request, route),
      .notFound(request.path),
    ]
    for answer in answers.compactMap({ $0 }) { checkHead(of: policy.marked(answer, for: request)) }
    if check.refusal(of: request) == nil { expect(request.headers["host"] != nil, "an upgrade without a host") }
    if route.methods == nil || route.isCrossOrigin { expect(request.path.hasPrefix("/v1/"), request.path) }
    if let key = PresentedKey.of(request) { expect(input.text.contains(key), "a key that was not sent") }
    _ = ClientNetwork(address: request.remoteAddress)
  }

  /// The body of a `POST` that makes a call, behind a line with its `Content-Type`.
  static let callBody = FuzzTarget("call-body") { input in
    let (type, rest) = input.firstLine
    var request = HTTPRequest(method: .post, path: Route.callsPath, listener: "client", remoteAddress: "")
    request.headers["content-type"] = type
    request.body = rest.bytes
    if let boundary = MultipartForm.boundary(of: type) { checkForm(rest.bytes, boundary) }
    do throws(HTTPResponse) {
      let body = try CallBody(request)
      expect(!body.offer.isEmpty && body.offer.count <= rest.bytes.count, "the offer has \(body.offer.count) bytes")
    } catch {
      expect(error.status == 400 || error.status == 415, "status \(error.status)")
      checkHead(of: error)
    }
  }

  private static func checkForm(_ bytes: [UInt8], _ boundary: String) {
    guard let form = try? MultipartForm(bytes, boundary: boundary) else { return }
    expect(form.parts.count <= MultipartForm.maximumParts, "\(form.parts.count) parts")
    var end = 0
    for part in form.parts {
      expect(part.body.startIndex >= end && part.body.endIndex <= bytes.count, "a part is out of its place")
      end = part.body.endIndex
    }
    // Written as it should be, it is read as the same.
    let written = form.parts.map { part in
      let name = part.name.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
      return Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(String(name))\"\r\n\r\n".utf8) + part.body
        + Array("\r\n".utf8)
    }
    guard form.parts.allSatisfy({ !$0.name.utf8.contains { $0 < 0x20 } }) else { return }
    let again = try? MultipartForm(written.joined() + Array("--\(boundary)--".utf8), boundary: boundary)
    expect(again?.parts.map(\.name) == form.parts.map(\.name), "the names do not come back")
    expect(again?.parts.map(\.body) == form.parts.map(\.body), "the parts do not come back")
  }

  /// What a client sent must not become a header, or a line, of the answer's.
  private static func checkHead(of response: HTTPResponse) {
    let bytes = response.serialized(omittingBody: true, keepAlive: false)
    var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
    expect(lines.popLast() == "" && lines.popLast() == "", "the head does not end with an empty line")
    let own = response.status == 204 ? 2 : 3
    expect(lines.count == response.headers.count + own, "\(lines.count) lines")
    expect(!bytes.contains { $0 < 0x20 && $0 != 0x0D && $0 != 0x0A }, "a control character in the head")
  }
}
