/// How loud a packet's audio is, told by its sender in clear (RFC 6464), so that silence need not be decoded.
public struct AudioLevel: Sendable, Hashable {
  public static let silence = AudioLevel(decibelsBelowOverload: 127, isVoice: false)

  /// 0 is the loudest, 127 is silence. In −dBov, root mean square.
  public let decibelsBelowOverload: UInt8
  /// Whether the sender takes it for a voice. A sender which does not know says no.
  public let isVoice: Bool

  /// - Parameter decibelsBelowOverload: Above 127 counts as 127.
  public init(decibelsBelowOverload: UInt8, isVoice: Bool) {
    self.decibelsBelowOverload = min(decibelsBelowOverload, 127)
    self.isVoice = isVoice
  }

  init(byte: UInt8) {
    self.init(decibelsBelowOverload: byte & 0x7f, isVoice: byte & 0x80 != 0)
  }

  var byte: UInt8 { decibelsBelowOverload | (isVoice ? 0x80 : 0) }
}

extension RTPHeader {
  /// The level that the sender declares, or nil.
  ///
  /// - Parameter id: What `urn:ietf:params:rtp-hdrext:ssrc-audio-level` was mapped to.
  /// - Parameter packet: The bytes that the header was read from.
  public func audioLevel(id: UInt8, in packet: RawSpan) -> AudioLevel? {
    guard let value = extensionValue(id, in: packet), !value.isEmpty else { return nil }
    return AudioLevel(byte: packet.uint8(at: value.lowerBound))
  }
}
