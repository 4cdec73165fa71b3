import Media
import Runtime

/// What a telephony gateway offers that has SRTP with keys in the SDP (RFC 4568), and neither ICE nor DTLS.
public struct SDESOffer: Sendable {
  /// Of what it sends.
  public var key: SRTPMasterKey
  public var ssrc: UInt32
  /// Opus or G.711.
  public var encoding = AudioCodec.Encoding.opus
  public var direction = MediaDirection.sendrecv

  public init(key: SRTPMasterKey, ssrc: UInt32) {
    self.key = key
    self.ssrc = ssrc
  }

  private var codec: (payloadType: UInt8, clockRate: UInt32, mapping: String) {
    switch encoding {
    case .pcmu: (0, 8000, "PCMU/8000")
    case .pcma: (8, 8000, "PCMA/8000")
    case .opus, .telephoneEvent, .other: (111, 48_000, "opus/48000/2")
    }
  }

  public var text: String {
    let codec = codec
    let lines = [
      "v=0", "o=gateway 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
      "m=audio 9 RTP/SAVP \(codec.payloadType)", "a=rtpmap:\(codec.payloadType) \(codec.mapping)",
      "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", "a=\(direction.rawValue)", "a=rtcp-mux",
      "a=ssrc:\(ssrc) cname:bot", "a=crypto:\(SDESCrypto(tag: 1, key: key).attribute)",
    ]
    return lines.map { $0 + "\r\n" }.joined()
  }

  /// The gateway's side of the call.
  ///
  /// - Returns: nil when the answer has no key of the suite, or no address.
  /// - Throws: `SDPError` when it cannot be read.
  public func configuration(_ answer: String) throws -> PeerConfiguration? {
    guard let section = try Offer(answer).sections.first, let theirs = section.transport.crypto.first?.key,
      let address = section.connectionAddress.flatMap({ TransportAddress(host: $0, port: section.port) }),
      let keys = SRTPKeyingMaterial(local: key, remote: theirs)
    else { return nil }
    var audio = PeerAudio(payloadType: codec.payloadType, clockRate: codec.clockRate)
    audio.audioLevelID = 1
    return PeerConfiguration(
      connectivity: .fixed(address), keying: .sdes(keys), audio: [audio], ssrc: ssrc, canonicalName: "bot",
      wallClock: .now)
  }
}
