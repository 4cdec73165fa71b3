import Foundation
import NIOCore

/// Reads Wyoming events from a byte stream that arrives in pieces of any size.
///
/// An event is a header line (a JSON object), then `data_length` bytes of JSON that are merged over the header's own
/// `data`, then `payload_length` raw bytes. After an error the stream cannot be read on.
public struct WyomingParser {
  /// Of the header line. Python's `readline` allows a sender no more.
  public static let maximumHeader = 64 << 10
  /// Of the data block and of the payload, each.
  public static let maximumBlock = 1 << 20

  private struct Header: Decodable {
    var type: String
    var data: JSONValue?
    var dataLength: Int?
    var payloadLength: Int?

    enum CodingKeys: String, CodingKey {
      case type, data
      case dataLength = "data_length"
      case payloadLength = "payload_length"
    }
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
    let dataLength = current.dataLength ?? 0
    let payloadLength = current.payloadLength ?? 0
    guard buffer.readableBytes >= dataLength + payloadLength,
      let block = buffer.readSlice(length: dataLength), let payload = buffer.readSlice(length: payloadLength)
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

    guard let header = try? JSONDecoder().decode(Header.self, from: Data(line.readableBytesView)) else {
      throw malformed("header line is no JSON object with a type")
    }
    let allowed = 0...Self.maximumBlock
    guard allowed.contains(header.dataLength ?? 0), allowed.contains(header.payloadLength ?? 0) else {
      throw malformed("\(header.type) announces a block of more than \(Self.maximumBlock) bytes")
    }
    lastLine = line
    lastHeader = header
    return header
  }

  private func merge(_ inline: JSONValue?, _ block: ByteBuffer) throws -> ByteBuffer {
    guard case .object(var merged) = inline ?? .null else {
      guard inline == nil || inline == .null else { throw malformed("data is no object") }
      return block
    }
    if block.readableBytes > 0 {
      guard
        let over = try? JSONDecoder().decode([String: JSONValue].self, from: Data(block.readableBytesView))
      else { throw malformed("data block is no JSON object") }
      merged.merge(over) { _, new in new }
    }
    guard let json = try? JSONEncoder().encode(merged) else { throw malformed("data is no JSON") }
    return ByteBuffer(bytes: json)
  }

  private func malformed(_ message: String) -> WorkerError {
    WorkerError(.malformed, worker: worker, message: message)
  }
}
