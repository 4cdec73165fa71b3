/// The header of an RTP packet (RFC 3550, section 5.1), read in place: extensions and payload stay where they are, and
/// are given as byte ranges of the packet. Contributing sources are stepped over.
///
/// SRTP leaves the header in clear and encrypts the padding, so `payload(in:)` is for decrypted packets only.
public struct RTPHeader: Sendable, Hashable {
  /// Of the fixed part, in bytes.
  public static let fixedLength = 12

  public let marker: Bool
  /// 0 to 127.
  public let payloadType: UInt8
  public let sequenceNumber: SequenceNumber
  public let timestamp: UInt32
  public let ssrc: UInt32
  /// With contributing sources and extensions, in bytes.
  public let length: Int

  /// "Defined by profile": which form the extension elements have. 0 without extensions.
  let extensionProfile: UInt16
  /// Zero without extensions.
  let extensionLength: Int
  private let hasPadding: Bool

  /// Reads and checks everything before the payload.
  public init(_ packet: RawSpan) throws(RTPError) {
    guard packet.byteCount >= Self.fixedLength else { throw .truncated }
    let first = packet.uint8(at: 0)
    guard first >> 6 == 2 else { throw .notVersion2 }
    let second = packet.uint8(at: 1)
    hasPadding = first & 0x20 != 0
    marker = second & 0x80 != 0
    payloadType = second & 0x7f
    sequenceNumber = SequenceNumber(packet.uint16(at: 2))
    timestamp = packet.uint32(at: 4)
    ssrc = packet.uint32(at: 8)

    var end = Self.fixedLength + 4 * Int(first & 0x0f)
    if first & 0x10 != 0 {
      guard packet.byteCount >= end + 4 else { throw .truncated }
      extensionProfile = packet.uint16(at: end)
      extensionLength = 4 * Int(packet.uint16(at: end + 2))
      end += 4 + extensionLength
    } else {
      extensionProfile = 0
      extensionLength = 0
    }
    guard packet.byteCount >= end else { throw .truncated }
    length = end
  }

  /// The payload without its padding.
  ///
  /// - Parameter packet: The bytes that the header was read from, decrypted.
  public func payload(in packet: RawSpan) throws(RTPError) -> Range<Int> {
    let end = packet.byteCount
    guard end >= length else { throw .truncated }
    guard hasPadding else { return length..<end }
    // A packet of nothing but padding, which probes the bandwidth, has an empty payload.
    let padding = Int(packet.uint8(at: end - 1))
    guard padding > 0, padding <= end - length else { throw .badPadding }
    return length..<end - padding
  }

  /// Where the extension elements are.
  var extensions: Range<Int> { length - extensionLength..<length }
}
