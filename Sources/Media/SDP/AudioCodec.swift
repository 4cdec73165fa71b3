/// A payload type of an audio section, with its `a=rtpmap`, `a=fmtp` and `a=rtcp-fb` lines.
public struct AudioCodec: Sendable, Hashable {
  public enum Encoding: String, Sendable {
    /// RFC 7587.
    case opus
    /// G.711 mu-law (RFC 3551).
    case pcmu
    /// G.711 A-law (RFC 3551).
    case pcma
    /// RFC 4733.
    case telephoneEvent = "telephone-event"
    /// Any other, which is not taken.
    case other
  }

  /// 0 to 127.
  public let payloadType: UInt8
  /// As written: `opus` or `OPUS`.
  public let name: String
  /// In Hz.
  public let clockRate: UInt32
  public let channels: UInt8
  /// The value of `a=fmtp` without the payload type.
  public var format: String?
  /// Whether `a=rtcp-fb` has a generic NACK (RFC 4585, section 6.2.1).
  public var nack = false

  public init(
    payloadType: UInt8, name: String, clockRate: UInt32, channels: UInt8 = 1, format: String? = nil, nack: Bool = false
  ) {
    self.payloadType = payloadType
    self.name = name
    self.clockRate = clockRate
    self.channels = channels
    self.format = format
    self.nack = nack
  }

  /// `other` too where the clock rate is not the one that the name has.
  public var encoding: Encoding {
    switch (Encoding(rawValue: name.lowercased()) ?? .other, clockRate) {
    case (.opus, 48_000): .opus
    case (.pcmu, 8_000): .pcmu
    case (.pcma, 8_000): .pcma
    case (.telephoneEvent, _): .telephoneEvent
    default: .other
    }
  }

  /// Whether RTP of this payload type cannot be taken for RTCP on the same port, whatever its marker bit
  /// (RFC 5761, section 4).
  public var isSafeBesideRTCP: Bool { !(64...95).contains(payloadType) }

  /// The value of `a=rtpmap`.
  var mapping: String { "\(payloadType) \(name)/\(clockRate)" + (channels > 1 ? "/\(channels)" : "") }

  /// What an `a=rtpmap` may leave out (RFC 3551, section 6).
  static func assigned(_ payloadType: UInt8) -> AudioCodec? {
    switch payloadType {
    case 0: AudioCodec(payloadType: 0, name: "PCMU", clockRate: 8_000)
    case 8: AudioCodec(payloadType: 8, name: "PCMA", clockRate: 8_000)
    default: nil
    }
  }
}

extension AudioCodec {
  /// The codecs of an audio section in its order, which is the order of preference. A payload type that is neither
  /// mapped nor assigned is left out.
  static func all(_ section: SessionDescription.Section) throws(SDPError) -> [AudioCodec] {
    var mappings: [UInt8: AudioCodec] = [:]
    for (line, value) in section.lines.attributes("rtpmap") {
      let codec = try mapping(line, value)
      if mappings[codec.payloadType] == nil { mappings[codec.payloadType] = codec }
    }
    var formats: [UInt8: String] = [:]
    for (_, value) in section.lines.attributes("fmtp") {
      guard let (payloadType, format) = parameter(value) else { continue }
      if formats[payloadType] == nil { formats[payloadType] = String(format) }
    }
    // An asterisk stands for all payload types.
    let nacks = Set(
      section.lines.attributes("rtcp-fb").map(\.value.fields)
        .filter { $0.count == 2 && $0[1] == "nack" }.map { $0[0] })

    var codecs: [AudioCodec] = []
    for text in section.formats {
      guard let payloadType = Substring(text).decimal(in: UInt8.min...127) else {
        throw SDPError(section.heading, expected: "payload types of 0 to 127")
      }
      guard var codec = mappings[payloadType] ?? assigned(payloadType) else { continue }
      guard !codecs.contains(where: { $0.payloadType == payloadType }) else { continue }
      codec.format = formats[payloadType]
      codec.nack = nacks.contains("*") || nacks.contains(text[...])
      codecs.append(codec)
    }
    return codecs
  }

  private static func mapping(_ line: SDPLine, _ value: Substring) throws(SDPError) -> AudioCodec {
    let fields = value.fields
    let parts = fields.count == 2 ? fields[1].parts("/") : []
    guard (2...3).contains(parts.count), let payloadType = fields[0].decimal(in: UInt8.min...127),
      parts[0].isVisible(length: 1...64), let clockRate = parts[1].decimal(in: 1...UInt32.max),
      let channels = parts.count == 3 ? parts[2].decimal(in: 1...UInt8.max) : 1
    else {
      throw SDPError(line, expected: "a=rtpmap:<payload type 0 to 127> <name>/<clock rate>[/<channels>]")
    }
    return AudioCodec(payloadType: payloadType, name: String(parts[0]), clockRate: clockRate, channels: channels)
  }

  /// Splits `111 minptime=10`.
  private static func parameter(_ value: Substring) -> (UInt8, Substring)? {
    guard let number = value.fields.first, let payloadType = number.decimal(in: UInt8.min...127) else { return nil }
    return (payloadType, Substring(value.utf8.dropFirst(number.utf8.count)).trimmed)
  }
}
