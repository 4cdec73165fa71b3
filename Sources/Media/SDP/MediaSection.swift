/// An `m=` section of an offer or an answer, as far as it has a meaning here.
public struct MediaSection: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case audio
    /// SCTP over DTLS for data channels (RFC 8841).
    case data
    /// Video, or anything else that is not taken.
    case other(String)
  }

  public let kind: Kind
  public let port: UInt16
  /// As written: `UDP/TLS/RTP/SAVPF`.
  public let proto: String
  public let formats: [String]
  /// RFC 5888.
  public let mid: String?
  /// To be taken only as part of a bundle; its port of 0 does not mean that it is off (RFC 8843, section 6).
  public let isBundleOnly: Bool
  public let direction: MediaDirection
  /// Of its `c=` line, or of the session's.
  public let connectionAddress: String?
  /// Of audio, in the order of preference.
  public let codecs: [AudioCodec]
  /// Of audio.
  public let extensions: [HeaderExtension]
  public let rtcpMux: Bool
  /// RFC 5506.
  public let reducedSizeRTCP: Bool
  /// Milliseconds of media that a packet should have (`a=ptime`, RFC 8866, section 6.4).
  public let packetTime: Int?
  public let track: MediaTrack?
  /// The `rtpmap` and `fmtp` attributes of the first format, as written.
  let firstFormat: [String]
  /// SSRCs of `a=ssrc` lines (RFC 5576), each once.
  public let sources: [UInt32]
  public let transport: TransportDescription
  /// Of data (RFC 8841, section 5).
  public let sctpPort: UInt16
  /// The largest message that the other side takes, in bytes (RFC 8841, section 6); nil when there is no limit.
  public let maximumMessageSize: Int?

  /// Whether the section is off: rejected, or stopped.
  public var isRejected: Bool { port == 0 && !isBundleOnly }
}

extension MediaSection {
  /// RFC 8841, section 6.1, on its absence.
  private static let defaultMessageSize = 64 << 10

  init(_ section: SessionDescription.Section, session: [SDPLine]) throws(SDPError) {
    let lines = section.lines
    kind = Kind(section)
    port = section.port
    proto = section.proto
    formats = section.formats
    mid = try Self.mid(lines)
    isBundleOnly = lines.hasAttribute("bundle-only")
    direction = MediaDirection(lines, session: session)
    connectionAddress = Self.connectionAddress(lines) ?? Self.connectionAddress(session)
    codecs = kind == .audio ? try AudioCodec.all(section) : []
    extensions = kind == .audio ? try HeaderExtension.all(lines, session: session) : []
    rtcpMux = lines.hasAttribute("rtcp-mux") || lines.hasAttribute("rtcp-mux-only")
    reducedSizeRTCP = lines.hasAttribute("rtcp-rsize")
    packetTime = lines.attribute("ptime")?.value.decimal(in: 1...200)
    track = lines.attribute("msid").flatMap { MediaTrack($0.value) }
    firstFormat = Self.firstFormat(section)
    sources = kind == .audio ? try Self.sources(lines) : []
    transport = try TransportDescription(lines, session: session)
    sctpPort = kind == .data ? try Self.sctpPort(lines) : DataChannelTransport.usualPort
    let size = kind == .data ? try Self.messageSize(lines) : Self.defaultMessageSize
    maximumMessageSize = size == 0 ? nil : size
  }

  private static func mid(_ lines: [SDPLine]) throws(SDPError) -> String? {
    guard let (line, value) = lines.attribute("mid") else { return nil }
    guard value.isVisible(length: 1...64) else { throw SDPError(line, expected: "a mid of 1 to 64 visible characters") }
    return String(value)
  }

  private static func connectionAddress(_ lines: [SDPLine]) -> String? {
    guard let line = lines.first(where: { $0.type == UInt8(ascii: "c") }) else { return nil }
    let fields = line.value.fields
    return fields.count == 3 ? String(fields[2].cut(at: "/").0) : nil
  }

  private static func firstFormat(_ section: SessionDescription.Section) -> [String] {
    ["rtpmap", "fmtp"].compactMap { name in
      section.lines.attributes(name).first { $0.value.fields.first.map(String.init) == section.formats.first }
        .map { "\(name):\($0.value)" }
    }
  }

  private static func sources(_ lines: [SDPLine]) throws(SDPError) -> [UInt32] {
    var sources: [UInt32] = []
    for (line, value) in lines.attributes("ssrc") where sources.count < SDPLimits.sources {
      guard let source = value.fields.first?.decimal(in: UInt32.min...UInt32.max) else {
        throw SDPError(line, expected: "a=ssrc:<number below 2^32> <attribute>")
      }
      if !sources.contains(source) { sources.append(source) }
    }
    return sources
  }

  private static func sctpPort(_ lines: [SDPLine]) throws(SDPError) -> UInt16 {
    guard let (line, value) = lines.attribute("sctp-port") else { return DataChannelTransport.usualPort }
    guard let port = value.decimal(in: 1...UInt16.max) else {
      throw SDPError(line, expected: "a=sctp-port:<1 to 65535>")
    }
    return port
  }

  private static func messageSize(_ lines: [SDPLine]) throws(SDPError) -> Int {
    guard let (line, value) = lines.attribute("max-message-size") else { return defaultMessageSize }
    guard let size = value.decimal(in: 0...Int.max) else {
      throw SDPError(line, expected: "a=max-message-size:<bytes, or 0 for any size>")
    }
    return size
  }
}

extension MediaSection.Kind {
  init(_ section: SessionDescription.Section) {
    switch section.media {
    case "audio": self = .audio
    case "application" where DataChannelTransport.isDescribed(by: section): self = .data
    default: self = .other(section.media)
    }
  }
}
