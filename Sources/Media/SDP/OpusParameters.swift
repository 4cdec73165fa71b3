/// What a side wants to receive, and says of what it sends, in Opus (RFC 7587, section 6.1). What is absent, or out of
/// range, has its default.
public struct OpusParameters: Sendable, Hashable {
  /// Prefers to receive stereo.
  public var stereo = false
  /// Probably sends stereo.
  public var spropStereo = false
  /// Can use in-band forward error correction.
  public var useInbandFEC = false
  /// Prefers discontinuous transmission.
  public var useDTX = false
  /// Prefers a constant bit rate.
  public var constantBitRate = false
  /// The shortest packet worth receiving, in milliseconds, 3 to 120.
  public var minimumPacketTime: Int?
  /// In bits per second, 6,000 to 510,000.
  public var maximumAverageBitrate: Int?
  /// The highest sampling rate worth receiving, in Hz, 8,000 to 48,000.
  public var maximumPlaybackRate: Int?
  /// The highest sampling rate that is likely to be sent, in Hz, 8,000 to 48,000.
  public var maximumCaptureRate: Int?

  public init() {}

  /// - Parameter format: The value of `a=fmtp` without the payload type.
  public init(format: String) {
    for part in Substring(format).parts(";") {
      guard case (let name, let value?) = part.cut(at: "=") else { continue }
      let text = value.trimmed
      switch name.trimmed.lowercased() {
      case "stereo": stereo = text == "1"
      case "sprop-stereo": spropStereo = text == "1"
      case "useinbandfec": useInbandFEC = text == "1"
      case "usedtx": useDTX = text == "1"
      case "cbr": constantBitRate = text == "1"
      case "minptime": minimumPacketTime = text.decimal(in: 3...120)
      case "maxaveragebitrate": maximumAverageBitrate = text.decimal(in: 6_000...510_000)
      case "maxplaybackrate": maximumPlaybackRate = text.decimal(in: 8_000...48_000)
      case "sprop-maxcapturerate": maximumCaptureRate = text.decimal(in: 8_000...48_000)
      default: continue
      }
    }
  }

  /// The value of `a=fmtp` without the payload type; empty when all is default.
  public var format: String {
    var parts: [String] = []
    if let minimumPacketTime { parts.append("minptime=\(minimumPacketTime)") }
    if useInbandFEC { parts.append("useinbandfec=1") }
    if useDTX { parts.append("usedtx=1") }
    if stereo { parts.append("stereo=1") }
    if spropStereo { parts.append("sprop-stereo=1") }
    if constantBitRate { parts.append("cbr=1") }
    if let maximumAverageBitrate { parts.append("maxaveragebitrate=\(maximumAverageBitrate)") }
    if let maximumPlaybackRate { parts.append("maxplaybackrate=\(maximumPlaybackRate)") }
    if let maximumCaptureRate { parts.append("sprop-maxcapturerate=\(maximumCaptureRate)") }
    return parts.joined(separator: ";")
  }
}
