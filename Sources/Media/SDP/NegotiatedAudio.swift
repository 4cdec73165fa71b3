/// An accepted audio section, as offer and answer settled it.
public struct NegotiatedAudio: Sendable, Hashable {
  /// Of the section among all, from 0.
  public let index: Int
  public let mid: String?
  /// What both sides send.
  public let codec: AudioCodec
  /// DTMF digits (RFC 4733), in a payload type of their own.
  public let telephoneEvent: AudioCodec?
  /// Ours.
  public let direction: MediaDirection
  /// With our directions.
  public let extensions: [HeaderExtension]
  /// Whether lost packets may be asked for, by both sides.
  public let nack: Bool
  public let reducedSizeRTCP: Bool
  /// Milliseconds of media in a packet, if the other side has a wish.
  public let packetTime: Int?
  /// What we send here, while `direction` lets us.
  public let track: MediaTrack?
  /// What the other side sends here.
  public let remoteTrack: MediaTrack?
  /// The SSRCs that the other side announced, if any.
  public let remoteSources: [UInt32]

  init?(
    _ section: MediaSection, index: Int, encodings: [AudioCodec.Encoding], extensions: [HeaderExtension.Kind],
    direction: MediaDirection, track: MediaTrack?
  ) {
    guard let codec = section.codec(encodings) else { return nil }
    self.index = index
    mid = section.mid
    self.codec = codec
    telephoneEvent = section.telephoneEvent(clockRate: codec.clockRate)
    self.direction = direction
    self.extensions = section.extensions.filter { extensions.contains($0.kind) }.map {
      HeaderExtension($0.kind, identifier: $0.identifier, direction: $0.direction.reversed)
    }
    nack = codec.nack
    reducedSizeRTCP = section.reducedSizeRTCP
    packetTime = section.packetTime
    self.track = track
    remoteTrack = section.track
    remoteSources = section.sources
  }

  /// What the other side wants to receive, when the codec is Opus.
  public var remoteOpus: OpusParameters { OpusParameters(format: codec.format ?? "") }

  /// The identifier of a header extension, when both sides know it.
  public func identifier(of kind: HeaderExtension.Kind) -> UInt8? {
    extensions.first { $0.kind == kind }?.identifier
  }
}

extension MediaSection {
  /// The first that is offered, in our order of preference.
  func codec(_ encodings: [AudioCodec.Encoding]) -> AudioCodec? {
    for encoding in encodings {
      if let codec = codecs.first(where: { $0.encoding == encoding && $0.isSafeBesideRTCP }) { return codec }
    }
    return nil
  }

  /// The one on the codec's clock (RFC 4733, section 2.1); some have only 8000 Hz beside Opus.
  func telephoneEvent(clockRate: UInt32) -> AudioCodec? {
    let events = codecs.filter { $0.encoding == .telephoneEvent && $0.isSafeBesideRTCP }
    return events.first { $0.clockRate == clockRate } ?? events.first
  }
}
