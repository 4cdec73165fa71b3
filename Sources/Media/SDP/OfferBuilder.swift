/// Makes offers of one audio section and a data channel: for bots, and for tests of the answering side.
public struct OfferBuilder: Sendable {
  public var local: LocalTransport
  /// Of the `o=` line, below 2^63. The version has to count up.
  public var sessionID: UInt64
  public var version: UInt64 = 1
  public var direction = MediaDirection.sendrecv
  /// Of audio, in the order of preference.
  public var encodings: [AudioCodec.Encoding] = [.opus, .pcmu, .pcma, .telephoneEvent]
  /// What we want to receive.
  public var opus: OpusParameters = {
    var opus = OpusParameters()
    opus.minimumPacketTime = 10
    opus.useInbandFEC = true
    return opus
  }()
  /// Whether lost packets of audio may be asked for (RFC 4585). Browsers do not offer it by themselves.
  public var offersNACK = true
  public var track: MediaTrack?
  /// How many more audio sections there are, which only receive: for further voices in a room.
  public var listeningSections = 0
  public var offersData = true
  /// The largest data channel message that we take, in bytes.
  public var maximumMessageSize = 256 << 10
  public var setup = SetupRole.actpass

  public init(local: LocalTransport, sessionID: UInt64) {
    self.local = local
    self.sessionID = sessionID
  }

  static let extensions = [
    HeaderExtension(.audioLevel, identifier: 1), HeaderExtension(.mid, identifier: 4),
  ]

  var codecs: [AudioCodec] {
    encodings.flatMap { encoding -> [AudioCodec] in
      switch encoding {
      case .opus: [AudioCodec(payloadType: 111, name: "opus", clockRate: 48_000, channels: 2, format: opus.format)]
      case .pcmu: [AudioCodec(payloadType: 0, name: "PCMU", clockRate: 8_000)]
      case .pcma: [AudioCodec(payloadType: 8, name: "PCMA", clockRate: 8_000)]
      case .telephoneEvent:
        [
          AudioCodec(payloadType: 110, name: "telephone-event", clockRate: 48_000, format: "0-15"),
          AudioCodec(payloadType: 126, name: "telephone-event", clockRate: 8_000, format: "0-15"),
        ]
      case .other: []
      }
    }
  }

  /// For the body of the request, `application/sdp`.
  public var text: String { description.text }

  private var description: SessionDescription {
    let count = 1 + max(0, min(listeningSections, SDPLimits.sections - 2)) + (offersData ? 1 : 0)
    var description = SessionDescription()
    description.add("v", "0")
    description.add("o", "- \(sessionID) \(version) \(local.defaultAddress.connection)")
    description.add("s", "-")
    description.add("t", "0 0")
    description.add("group:BUNDLE \((0..<count).map(String.init).joined(separator: " "))")
    description.add("msid-semantic: WMS *")
    for mid in 0..<count {
      let isData = offersData && mid == count - 1
      let audio = audio(mid: mid, direction: mid == 0 ? direction : .recvonly)
      description.sections.append(isData ? data(mid: mid) : audio)
    }
    for candidate in local.candidates { description.sections[0].add(candidate.description) }
    description.sections[0].add("end-of-candidates")
    return description
  }

  private func audio(mid: Int, direction: MediaDirection) -> SessionDescription.Section {
    let codecs = codecs
    var section = SessionDescription.Section(
      media: "audio", port: local.defaultAddress.port, proto: "UDP/TLS/RTP/SAVPF",
      formats: codecs.map { String($0.payloadType) })
    addTransport(&section, mid: mid)
    for known in Self.extensions { section.add("extmap:\(known.text)") }
    section.add(direction.rawValue)
    if direction.sends, let track { section.add("msid:\(track.text)") }
    section.add("rtcp-mux")
    section.add("rtcp-rsize")
    for codec in codecs {
      section.add("rtpmap:\(codec.mapping)")
      if offersNACK, codec.encoding != .telephoneEvent { section.add("rtcp-fb:\(codec.payloadType) nack") }
      if let format = codec.format, !format.isEmpty { section.add("fmtp:\(codec.payloadType) \(format)") }
    }
    return section
  }

  private func data(mid: Int) -> SessionDescription.Section {
    var section = SessionDescription.Section(
      media: "application", port: local.defaultAddress.port, proto: DataChannelTransport.proto,
      formats: [DataChannelTransport.format])
    addTransport(&section, mid: mid)
    section.add("sctp-port:\(DataChannelTransport.usualPort)")
    section.add("max-message-size:\(maximumMessageSize)")
    return section
  }

  private func addTransport(_ section: inout SessionDescription.Section, mid: Int) {
    section.lines.append(SDPLine("c", local.defaultAddress.connection))
    section.add("mid:\(mid)")
    section.add("ice-ufrag:\(local.credentials.ufrag)")
    section.add("ice-pwd:\(local.credentials.password)")
    section.add("ice-options:trickle")
    section.add("fingerprint:\(local.fingerprint)")
    section.add("setup:\(setup.rawValue)")
  }
}
