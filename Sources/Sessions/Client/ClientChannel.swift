/// The way to one participant. Implemented by the gateway; all calls are thread-safe and never block.
public protocol ClientChannel: AnyObject, Sendable {
  /// Queues one JSON event.
  func send(_ event: [UInt8])

  /// Queues one packet of audio, as a binary message.
  func send(packet: [UInt8])

  /// Sends what is queued, then closes. `code` is a WebSocket close code (RFC 6455 §7.4).
  func close(code: UInt16, reason: String)
}
