import CWebSockets

/// What the service thread keeps for one open WebSocket.
final class WebSocketSession {
  let wsi: OpaquePointer
  let connection: WebSocketConnection
  let handler: any WebSocketHandler
  private var assembler: MessageAssembler
  private var peerClose: (code: UInt16?, reason: String)?
  private(set) var isReadingPaused = false
  /// When the connection is dropped, whatever the client does.
  private(set) var deadline: ContinuousClock.Instant?

  init(
    wsi: OpaquePointer, connection: WebSocketConnection, handler: any WebSocketHandler, maximumMessageBytes: Int
  ) {
    self.wsi = wsi
    self.connection = connection
    self.handler = handler
    assembler = MessageAssembler(limit: maximumMessageBytes)
  }

  func receive(_ piece: UnsafeRawBufferPointer) {
    guard deadline == nil, connection.closing == nil else { return }
    let outcome = assembler.append(
      piece, remaining: lws_remaining_packet_payload(wsi), isFinal: lws_is_final_fragment(wsi) != 0,
      binary: lws_frame_is_binary(wsi) != 0)
    switch outcome {
    case .incomplete: break
    case .message(let message): handler.received(message, binary: lws_frame_is_binary(wsi) != 0)
    case .failure(let code, let reason): connection.close(code: code, reason: reason)
    }
  }

  /// Hands over what is queued, a batch in one write. False if the connection is broken.
  func write() -> Bool {
    guard peerClose == nil else { return true }
    var batch = connection.takeBatch()
    guard !batch.isEmpty else { return true }
    // The batch consists of whole frames; LWS_WRITE_HTTP passes it on as it is. What the kernel does not
    // take is kept by libwebsockets, which calls back again only when all of it is gone.
    let written = batch.withUnsafeMutableBufferPointer {
      lws_write(wsi, $0.baseAddress, $0.count, LWS_WRITE_HTTP)
    }
    guard written >= 0 else { return false }
    if lws_partial_buffered(wsi) == 0 { connection.batchWasWritten() }
    if connection.wantsToWrite { lws_callback_on_writable(wsi) }
    return true
  }

  /// Does what was asked for. Called between two events of the loop, it writes at once. Inside an event of
  /// the connection it waits for the writable callback, so that the answers to all messages of one read
  /// leave together.
  func fulfil(
    _ wishes: WebSocketConnection.Wishes, betweenEvents: Bool, now: ContinuousClock.Instant,
    closeTimeout: Duration
  ) {
    if let closing = wishes.closing, deadline == nil {
      deadline = now + (closing.becauseOfBacklog ? min(.seconds(2), closeTimeout) : closeTimeout)
    }
    // The peer's answer to a close frame has to be read.
    let pause = wishes.isReadingPaused && deadline == nil
    if pause != isReadingPaused {
      isReadingPaused = pause
      lws_rx_flow_control(wsi, pause ? 0 : 1)
    }
    guard wishes.wantsToWrite else { return }
    // libwebsockets may have bytes of its own to send before.
    if betweenEvents, lws_partial_buffered(wsi) == 0, lws_get_close_length(wsi) == 0 {
      if !write() { kill() }
    } else {
      lws_callback_on_writable(wsi)
    }
  }

  /// Drops the connection at the next turn of the loop.
  func kill() { lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC) }

  /// - Parameter payload: of the peer's close frame.
  /// - Returns: false if this answers our own close frame, and there is nothing left to say.
  func peerCloses(_ payload: UnsafeRawBufferPointer) -> Bool {
    guard connection.closing == nil else { return false }
    peerClose = Self.parse(payload)
    connection.end()
    return true
  }

  /// Tells the handler. Nothing follows.
  func end() {
    let end: (code: UInt16?, reason: String)
    if let peerClose {
      end = peerClose
    } else if let closing = connection.closing {
      end = (closing.code, closing.reason)
    } else {
      // libwebsockets itself closes for a violation of the protocol.
      end = Self.parse(
        UnsafeRawBufferPointer(start: lws_get_close_payload(wsi), count: Int(lws_get_close_length(wsi))))
    }
    connection.end()
    handler.closed(code: end.code, reason: end.reason)
  }

  private static func parse(_ payload: UnsafeRawBufferPointer) -> (code: UInt16?, reason: String) {
    guard payload.count >= 2 else { return (nil, "") }
    let reason = UnsafeRawBufferPointer(rebasing: payload[2...])
    return (UInt16(payload[0]) << 8 | UInt16(payload[1]), String(decoding: reason, as: UTF8.self))
  }
}
