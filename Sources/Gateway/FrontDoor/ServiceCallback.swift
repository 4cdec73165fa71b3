import CWebSockets

/// What hangs on one TCP connection, from its first request to its end; released in WSI_DESTROY.
final class Attachment {
  enum Stage {
    case idle
    case receivingBody(HTTPRequest, deadline: ContinuousClock.Instant)
    case upgrading(any WebSocketHandler)
    case open(WebSocketSession)
  }

  var stage = Stage.idle

  /// The connection's own, made at the first call. libwebsockets frees its per-session data when it changes
  /// protocols on the way from HTTP to WebSocket; the opaque pointer stays.
  static func of(_ wsi: OpaquePointer) -> Attachment {
    if let existing = existing(wsi) { return existing }
    let new = Attachment()
    lws_set_opaque_user_data(wsi, Unmanaged.passRetained(new).toOpaque())
    return new
  }

  static func existing(_ wsi: OpaquePointer) -> Attachment? {
    lws_get_opaque_user_data(wsi).map { Unmanaged<Attachment>.fromOpaque($0).takeUnretainedValue() }
  }

  static func release(_ wsi: OpaquePointer) {
    guard let raw = lws_get_opaque_user_data(wsi) else { return }
    lws_set_opaque_user_data(wsi, nil)
    Unmanaged<Attachment>.fromOpaque(raw).release()
  }

  var session: WebSocketSession? {
    if case .open(let session) = stage { session } else { nil }
  }
}

/// Where libwebsockets enters Swift. A result other than 0 ends the connection.
func serviceCallback(
  _ wsi: OpaquePointer?, _ reason: lws_callback_reasons, _ user: UnsafeMutableRawPointer?,
  _ input: UnsafeMutableRawPointer?, _ length: Int
) -> Int32 {
  guard let wsi, let context = lws_get_context(wsi), let raw = lws_context_user(context) else { return 0 }
  let loop = Unmanaged<ServiceLoop>.fromOpaque(raw).takeUnretainedValue()
  let bytes = UnsafeRawBufferPointer(start: input, count: input == nil ? 0 : length)
  var result: Int32 = 0

  switch reason {
  case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
    // While a listener is made; `user` is its SSL_CTX.
    loop.listenerHasTLS(lws_get_vhost(wsi), context: OpaquePointer(user))
    return 0
  case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
    // The descriptor comes as a pointer.
    return loop.hasRoom(forFile: Int(bitPattern: input)) ? 0 : -1
  case LWS_CALLBACK_HTTP: result = loop.requestArrived(wsi)
  case LWS_CALLBACK_HTTP_BODY: result = loop.bodyArrived(wsi, bytes)
  case LWS_CALLBACK_HTTP_BODY_COMPLETION: result = loop.bodyCompleted(wsi)
  case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: result = loop.upgradeRequested(wsi)
  case LWS_CALLBACK_ESTABLISHED: result = loop.webSocketOpened(wsi)
  case LWS_CALLBACK_RECEIVE: Attachment.existing(wsi)?.session?.receive(bytes)
  case LWS_CALLBACK_RECEIVE_PONG: Attachment.existing(wsi)?.session.map(loop.pongArrived)
  case LWS_CALLBACK_SERVER_WRITEABLE: result = Attachment.existing(wsi)?.session?.write() ?? true ? 0 : -1
  case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    result = Attachment.existing(wsi)?.session?.peerCloses(bytes) ?? true ? 0 : -1
  case LWS_CALLBACK_CLOSED: Attachment.existing(wsi)?.session.map(loop.end)
  case LWS_CALLBACK_WSI_DESTROY:
    Attachment.release(wsi)
    return 0
  case LWS_CALLBACK_EVENT_WAIT_CANCELLED: break  // the mailbox is not empty
  // CONNECT: libwebsockets would give the client a raw connection without any time-out.
  case LWS_CALLBACK_RAW_ADOPT, LWS_CALLBACK_RAW_RX: return -1
  default: return 0
  }
  loop.emptyMailbox(betweenEvents: reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED)
  return result
}
