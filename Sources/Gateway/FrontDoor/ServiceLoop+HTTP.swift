import CWebSockets

/// Requests, bodies and upgrades. Each function returns what the callback of libwebsockets has to.
extension ServiceLoop {
  private static let goOn: Int32 = 0
  private static let hangUp: Int32 = -1

  func requestArrived(_ wsi: OpaquePointer) -> Int32 {
    guard let request = reader.request(wsi) else { return Self.hangUp }
    guard lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) == 0 else {
      return reply(
        wsi, to: request,
        .invalidRequest(
          status: 411, code: "length_required", message: "Send the body with Content-Length, not in chunks."))
    }
    guard let announced = request.headers["content-length"] else {
      return reply(wsi, to: request, handler.respond(to: request), keepAlive: mayKeepAlive(wsi, request))
    }
    guard !announced.isEmpty, announced.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let length = Int(announced)
    else {
      return reply(
        wsi, to: request,
        .invalidRequest(status: 400, code: "invalid_content_length", message: "Content-Length is not a number."))
    }
    guard length <= configuration.maximumBodyBytes else {
      return reply(
        wsi, to: request,
        .invalidRequest(status: 413, code: "body_too_large", message: "The request body is too large."))
    }
    // After a POST that announces 0, libwebsockets tells of an empty body; after another method it does not.
    guard length > 0 || request.method == .post else {
      return reply(wsi, to: request, handler.respond(to: request))
    }
    Attachment.of(wsi).stage = .receivingBody(
      request, deadline: .now + .seconds(configuration.bodyTimeoutSeconds))
    return Self.goOn
  }

  func bodyArrived(_ wsi: OpaquePointer, _ piece: UnsafeRawBufferPointer) -> Int32 {
    let attachment = Attachment.of(wsi)
    guard case .receivingBody(var request, let deadline) = attachment.stage,
      // libwebsockets gives each piece the whole time-out again.
      .now < deadline, request.body.count + piece.count <= configuration.maximumBodyBytes
    else { return Self.hangUp }
    attachment.stage = .idle  // so that the array is not copied
    request.body.append(contentsOf: piece)
    attachment.stage = .receivingBody(request, deadline: deadline)
    return Self.goOn
  }

  func bodyCompleted(_ wsi: OpaquePointer) -> Int32 {
    let attachment = Attachment.of(wsi)
    guard case .receivingBody(let request, _) = attachment.stage else { return Self.hangUp }
    attachment.stage = .idle
    return reply(wsi, to: request, handler.respond(to: request))
  }

  func upgradeRequested(_ wsi: OpaquePointer) -> Int32 {
    // Read anew: the pointer in the callback dangles if libwebsockets has already answered 403.
    guard let upgrade = reader.header(wsi, WSI_TOKEN_UPGRADE)?.lowercased(),
      let request = reader.request(wsi)
    else { return Self.hangUp }
    guard upgrade == "websocket" else {
      // An offer to speak HTTP/2 may be ignored (RFC 9110 §7.8), but its body would not reach us.
      guard request.headers["content-length"] == nil else { return Self.hangUp }
      return reply(wsi, to: request, handler.respond(to: request))
    }
    let check = UpgradeCheck(
      connection: reader.header(wsi, WSI_TOKEN_CONNECTION), key: reader.header(wsi, WSI_TOKEN_KEY),
      version: reader.header(wsi, WSI_TOKEN_VERSION), offered: request.headers["sec-websocket-protocol"],
      supported: configuration.subprotocols)
    if let refusal = check.refusal(of: request) { return reply(wsi, to: request, refusal) }
    guard stop == nil else {
      return reply(
        wsi, to: request,
        .invalidRequest(
          status: 503, code: "server_stopping", message: "The server is stopping.", headers: [("Retry-After", "1")]))
    }
    switch handler.admit(request) {
    case .refuse(let response): return reply(wsi, to: request, response)
    case .accept(let webSocketHandler):
      Attachment.of(wsi).stage = .upgrading(webSocketHandler)
      return Self.goOn
    }
  }

  func webSocketOpened(_ wsi: OpaquePointer) -> Int32 {
    let attachment = Attachment.of(wsi)
    guard case .upgrading(let handler) = attachment.stage else { return Self.hangUp }
    nextConnectionID += 1
    let connection = WebSocketConnection(
      id: nextConnectionID, mailbox: mailbox, maximumSendQueueBytes: configuration.maximumSendQueueBytes)
    let session = WebSocketSession(
      wsi: wsi, connection: connection, handler: handler, maximumMessageBytes: configuration.maximumMessageBytes)
    attachment.stage = .open(session)
    began(session)
    handler.opened(connection)
    return Self.goOn
  }

  /// Only a bodiless HTTP/1.1 request leaves its connection open: with a body, libwebsockets takes the head
  /// of a pipelined next request for it.
  private func mayKeepAlive(_ wsi: OpaquePointer, _ request: HTTPRequest) -> Bool {
    guard reader.header(wsi, WSI_TOKEN_HTTP) == "HTTP/1.1" else { return false }
    guard [.get, .head, .options, .delete].contains(request.method) else { return false }
    return !commaSeparated(reader.header(wsi, WSI_TOKEN_CONNECTION)?.lowercased()).contains("close")
  }

  private func reply(
    _ wsi: OpaquePointer, to request: HTTPRequest, _ response: HTTPResponse, keepAlive: Bool = false
  ) -> Int32 {
    var bytes = response.serialized(omittingBody: request.method == .head, keepAlive: keepAlive)
    let written = bytes.withUnsafeMutableBufferPointer {
      lws_write(wsi, $0.baseAddress, $0.count, LWS_WRITE_HTTP_FINAL)
    }
    guard written >= 0, keepAlive else { return Self.hangUp }
    return lws_http_transaction_completed(wsi) == 0 ? Self.goOn : Self.hangUp
  }
}
