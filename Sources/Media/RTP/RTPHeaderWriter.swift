/// Writes the headers of one outgoing stream, with the extensions that were negotiated: audio level (RFC 6464) and mid
/// (RFC 8843), in the one-byte form (RFC 8285).
public struct RTPHeaderWriter: Sendable {
  /// The longest mid that the one-byte form can carry, in bytes.
  public static let longestMid = 16

  public var ssrc: UInt32
  /// 0 to 127.
  public var payloadType: UInt8

  /// 0 when the extension is not negotiated.
  private var audioLevelID: UInt8 = 0
  private var midID: UInt8 = 0
  private var midLength = 0
  private var mid = InlineArray<16, UInt8>(repeating: 0)

  /// - Parameter payloadType: The lower seven bits count.
  public init(ssrc: UInt32, payloadType: UInt8) {
    self.ssrc = ssrc
    self.payloadType = payloadType & 0x7f
  }

  /// - Parameter id: What `urn:ietf:params:rtp-hdrext:ssrc-audio-level` was mapped to, 1 to 14.
  /// - Returns: False when there is no such id in the one-byte form; the level is left out then.
  @discardableResult
  public mutating func sendAudioLevel(id: UInt8) -> Bool {
    guard (1...14).contains(id) else { return false }
    audioLevelID = id
    return true
  }

  /// - Parameter id: What `urn:ietf:params:rtp-hdrext:sdes:mid` was mapped to, 1 to 14.
  /// - Parameter mid: 1 to 16 bytes of UTF-8.
  /// - Returns: False when the one-byte form cannot carry them; the mid is left out then.
  @discardableResult
  public mutating func sendMid(_ mid: String, id: UInt8) -> Bool {
    let bytes = mid.utf8
    guard (1...14).contains(id), (1...Self.longestMid).contains(bytes.count) else { return false }
    midID = id
    midLength = bytes.count
    for (index, byte) in bytes.enumerated() { self.mid[index] = byte }
    return true
  }

  /// Of the header, in bytes.
  public func length(withAudioLevel: Bool) -> Int {
    let elements = elementsLength(withAudioLevel: withAudioLevel)
    return RTPHeader.fixedLength + (elements == 0 ? 0 : 4 + (elements + 3) / 4 * 4)
  }

  private func elementsLength(withAudioLevel: Bool) -> Int {
    (withAudioLevel && audioLevelID != 0 ? 2 : 0) + (midID != 0 ? 1 + midLength : 0)
  }

  /// Writes a header at the start of `packet`.
  ///
  /// - Parameter audioLevel: Left out when the extension is not negotiated.
  /// - Returns: Where the payload begins, or nil when `packet` is too small; nothing is written then.
  public func write(
    to packet: inout MutableRawSpan, marker: Bool, sequenceNumber: SequenceNumber, timestamp: UInt32,
    audioLevel: AudioLevel? = nil
  ) -> Int? {
    let elements = elementsLength(withAudioLevel: audioLevel != nil)
    let length = length(withAudioLevel: audioLevel != nil)
    guard packet.byteCount >= length else { return nil }
    packet.store(UInt8(elements == 0 ? 0x80 : 0x90), at: 0)
    packet.store(payloadType | (marker ? 0x80 : 0), at: 1)
    packet.store(sequenceNumber.rawValue, at: 2)
    packet.store(timestamp, at: 4)
    packet.store(ssrc, at: 8)
    guard elements > 0 else { return length }

    packet.store(UInt16(0xbede), at: 12)
    packet.store(UInt16(truncatingIfNeeded: (length - 16) / 4), at: 14)
    var position = 16
    if let audioLevel, audioLevelID != 0 {
      packet.store(audioLevelID << 4, at: position)
      packet.store(audioLevel.byte, at: position + 1)
      position += 2
    }
    if midID != 0 {
      packet.store(midID << 4 | UInt8(truncatingIfNeeded: midLength - 1), at: position)
      for index in 0..<midLength { packet.store(mid[index], at: position + 1 + index) }
      position += 1 + midLength
    }
    packet.fill(position..<length)
    return length
  }
}
