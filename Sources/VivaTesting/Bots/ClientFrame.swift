import NIOCore
import NIOWebSocket

/// A message of a client as it goes over the wire: one frame, masked (RFC 6455 §5.2). Made once, it can be sent any
/// number of times by any number of connections.
///
/// The RFC wants a new mask each time, against scripts that attack proxies. There are none between bots and server.
public struct ClientFrame: Sendable {
  public let buffer: ByteBuffer

  public static func text(_ payload: [UInt8]) -> ClientFrame { ClientFrame(.text, payload) }
  public static func binary(_ payload: [UInt8]) -> ClientFrame { ClientFrame(.binary, payload) }
  /// The answer to a ping, whose payload it returns.
  public static func pong(_ payload: [UInt8]) -> ClientFrame { ClientFrame(.pong, payload) }

  public var bytes: [UInt8] { Array(buffer.readableBytesView) }

  init(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
    var frame = ByteBuffer()
    frame.reserveCapacity(payload.count + 14)
    frame.writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
    switch payload.count {
    case ..<126: frame.writeInteger(0x80 | UInt8(payload.count))
    case ..<65_536:
      frame.writeInteger(UInt8(0x80 | 126))
      frame.writeInteger(UInt16(payload.count))
    default:
      frame.writeInteger(UInt8(0x80 | 127))
      frame.writeInteger(UInt64(payload.count))
    }
    let mask = WebSocketMaskingKey.random()
    frame.writeBytes(mask)
    var masked = ByteBuffer(bytes: payload)
    masked.webSocketMask(mask)
    frame.writeBuffer(&masked)
    buffer = frame
  }
}
