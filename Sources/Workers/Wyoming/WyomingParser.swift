import Foundation
import NIOCore

/// Reads Wyoming events from a byte stream that arrives in pieces of any size.
///
/// An event is a header line (a JSON object), then `data_length` bytes of JSON that are merged over the header's own
/// `data`, then `payload_length` raw bytes. After an error the stream cannot be read on.
public struct WyomingParser {
  /// Of the header line. Python's `readline` allows a sender no more.
  public static let maximumHeader = 64 << 10
  /// Of the data block: JSON costs far more to read than to write.
  public static let maximumData = 256 << 10
  /// Of the payload.
  public static let maximumPayload = 1 << 20

  private struct Header {
    var type: String
    var data: [String: Any]?
    var dataLength: Int
    var payloadLength: Int
  }

  private let worker: String
  private var buffer = ByteBuffer()
  /// Bytes of the unfinished header line that are known to hold no line feed.
  private var searched = 0
  /// Set between a header line and the end of its event.
  private var header: Header?
  /// The chunks of one reply have one and the same header line, which is parsed once.
  private var lastLine = ByteBuffer()
  private var lastHeader: Header?

  /// - Parameter worker: The provider's name, for errors.
  public init(worker: String) {
    self.worker = worker
  }

  public mutating func append(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      buffer.discardReadBytes()
      buffer.writeImmutableBuffer(bytes)
    }
  }

  /// The next whole event, or nil when more bytes are needed. To be called until nil after each `append`.
  ///
  /// - Throws: `WorkerError` of kind `.malformed`.
  public mutating func next() throws -> WyomingEvent? {
    if header == nil { header = try readHeader() }
    guard let current = header else { return nil }
    guard buffer.readableBytes >= current.dataLength + current.payloadLength,
      let block = buffer.readSlice(length: current.dataLength),
      let payload = buffer.readSlice(length: current.payloadLength)
    else { return nil }
    header = nil
    return WyomingEvent(current.type, data: try merge(current.data, block), payload: payload)
  }

  private mutating func readHeader() throws -> Header? {
    let unread = buffer.readableBytesView
    guard let end = unread.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) else {
      searched = unread.count
      guard searched <= Self.maximumHeader else { throw malformed("endless header line") }
      return nil
    }
    searched = 0
    guard end - unread.startIndex <= Self.maximumHeader, let line = buffer.readSlice(length: end - unread.startIndex)
    else { throw malformed("header line too long") }
    buffer.moveReaderIndex(forwardBy: 1)
    if let lastHeader, line == lastLine { return lastHeader }

    let header = try parse(line)
    lastLine = line
    lastHeader = header
    return header
  }

  private func parse(_ line: ByteBuffer) throws -> Header {
    guard let fields = object(line), let type = fields["type"] as? String else {
      throw malformed("header line is no JSON object with a type")
    }
    let data = fields["data"] ?? NSNull()
    guard data is NSNull || data is [String: Any] else { throw malformed("data is no object") }
    return Header(
      type: type, data: data as? [String: Any],
      dataLength: try length(fields["data_length"], upTo: Self.maximumData, type),
      payloadLength: try length(fields["payload_length"], upTo: Self.maximumPayload, type))
  }

  private func length(_ value: Any?, upTo limit: Int, _ type: String) throws -> Int {
    guard let value, !(value is NSNull) else { return 0 }
    guard let length = value as? Int, (0...limit).contains(length) else {
      throw malformed("\(type) announces a block of more than \(limit) bytes")
    }
    return length
  }

  private func merge(_ inline: [String: Any]?, _ block: ByteBuffer) throws -> ByteBuffer {
    guard var merged = inline else { return block }
    if block.readableBytes > 0 {
      guard let over = object(block) else { throw malformed("data block is no JSON object") }
      merged.merge(over) { _, new in new }
    }
    guard let json = try? JSONSerialization.data(withJSONObject: merged) else {
      throw malformed("data is no JSON")
    }
    return ByteBuffer(bytes: json)
  }

  /// Not by `JSONDecoder`: it can only try one type after the other on a value that may have any, which takes a minute
  /// for a block of numbers.
  private func object(_ json: ByteBuffer) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(json.readableBytesView))) as? [String: Any]
  }

  private func malformed(_ message: String) -> WorkerError {
    WorkerError(.malformed, worker: worker, message: message)
  }
}
