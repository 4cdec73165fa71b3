/// Walks the packets of a compound (RFC 3550, section 6.1), or of a reduced-size one (RFC 5506), which may begin with
/// any type.
///
/// The same bytes are given to each call, so that nothing is copied and nothing is kept.
public struct RTCPCompound: Sendable {
  private var position = 0

  /// Checks how the packets follow one another: versions, lengths to the last byte, and padding in the last only.
  public init(_ bytes: RawSpan) throws(RTCPError) {
    guard bytes.byteCount >= 4 else { throw .truncated }
    var position = 0
    while position < bytes.byteCount {
      position = try RTCPHeader(bytes, at: position).end
    }
  }

  /// The next packet, checked for what its type needs, or nil after the last. After an error nothing more is read.
  ///
  /// - Parameter bytes: What the compound was made from.
  public mutating func next(in bytes: RawSpan) throws(RTCPError) -> RTCPPacket? {
    guard position < bytes.byteCount else { return nil }
    do throws(RTCPError) {
      let header = try RTCPHeader(bytes, at: position)
      position = header.end
      return try read(header, bytes)
    } catch {
      position = bytes.byteCount
      throw error
    }
  }

  private func read(_ header: RTCPHeader, _ bytes: RawSpan) throws(RTCPError) -> RTCPPacket {
    switch (header.type, header.count) {
    case (RTCPType.senderReport, _): .senderReport(try SenderReport(header, bytes))
    case (RTCPType.receiverReport, _): .receiverReport(try ReceiverReport(header, bytes))
    case (RTCPType.sourceDescription, _): .sourceDescription(try SourceDescription(header, bytes))
    case (RTCPType.goodbye, _): .goodbye(try Goodbye(header, bytes))
    case (RTCPType.transportFeedback, GenericNACK.format): .genericNACK(try GenericNACK(header, bytes))
    case (RTCPType.payloadFeedback, PictureLossIndication.format):
      .pictureLossIndication(try PictureLossIndication(header, bytes))
    case (RTCPType.payloadFeedback, FullIntraRequest.format): .fullIntraRequest(try FullIntraRequest(header, bytes))
    default: .other(type: header.type, format: header.count)
    }
  }
}

/// What every packet begins with.
struct RTCPHeader {
  static let length = 4

  /// How many report blocks, chunks or sources, or the feedback's format: 0 to 31.
  let count: UInt8
  let type: UInt8
  /// After the header, without padding.
  let body: Range<Int>
  /// With padding.
  let end: Int

  init(_ bytes: RawSpan, at start: Int) throws(RTCPError) {
    guard bytes.byteCount - start >= Self.length else { throw .truncated }
    let first = bytes.uint8(at: start)
    guard first >> 6 == 2 else { throw .notVersion2 }
    count = first & 0x1f
    type = bytes.uint8(at: start + 1)
    end = start + 4 * (Int(bytes.uint16(at: start + 2)) + 1)
    guard end <= bytes.byteCount else { throw .truncated }

    var padding = 0
    if first & 0x20 != 0 {
      guard end == bytes.byteCount else { throw .badPadding }
      padding = Int(bytes.uint8(at: end - 1))
      guard padding > 0, padding % 4 == 0, padding <= end - start - Self.length else { throw .badPadding }
    }
    body = start + Self.length..<end - padding
  }
}
