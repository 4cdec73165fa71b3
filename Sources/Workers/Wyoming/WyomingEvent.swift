import Foundation
import NIOCore

/// One event of the Wyoming protocol, the peer-to-peer protocol of voice services by Rhasspy and Home Assistant.
public struct WyomingEvent: Sendable, Equatable {
  public var type: String
  /// A JSON object as UTF-8 text; empty when the event has no data.
  public var data: ByteBuffer
  /// Raw bytes, PCM in an `audio-chunk`.
  public var payload: ByteBuffer

  public init(_ type: String, data: ByteBuffer = ByteBuffer(), payload: ByteBuffer = ByteBuffer()) {
    self.type = type
    self.data = data
    self.payload = payload
  }

  public init(_ type: String, _ data: JSONValue) {
    // A JSONValue has no number that JSON cannot write unless Viva itself put it there.
    self.init(type, data: ByteBuffer(bytes: (try? JSONEncoder().encode(data)) ?? Data()))
  }

  /// The data as a value of `type`; an event without data decodes as an empty object.
  ///
  /// - Throws: `DecodingError`.
  public func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let json = data.readableBytes == 0 ? Data("{}".utf8) : Data(data.readableBytesView)
    return try JSONDecoder().decode(type, from: json)
  }

  /// Appends the event as it goes over the wire: header line, data block, payload.
  public func write(into out: inout ByteBuffer) {
    out.writeString("{\"type\":\"\(type)\"")
    if data.readableBytes > 0 { out.writeString(",\"data_length\":\(data.readableBytes)") }
    if payload.readableBytes > 0 { out.writeString(",\"payload_length\":\(payload.readableBytes)") }
    out.writeString("}\n")
    out.writeImmutableBuffer(data)
    out.writeImmutableBuffer(payload)
  }
}
