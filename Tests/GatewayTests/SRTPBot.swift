import Media
import Runtime

/// A gateway's side of SRTP without WebRTC: an offer with a key in it, no ICE, no DTLS.
final class SRTPBot: Sendable {
  let bot: CallBot
  let ssrc: UInt32
  let profile: SRTPProfile

  init(_ profile: SRTPProfile = .aeadAES128GCM) throws {
    bot = try CallBot()
    self.profile = profile
    ssrc = .random(in: .min ... .max)
  }

  static func key(_ profile: SRTPProfile) -> SRTPMasterKey {
    var generator = SystemRandomNumberGenerator()
    return SRTPMasterKey(profile: profile, using: &generator)
  }

  /// - Parameter lines: instead of the lines that every offer has to have.
  func offer(
    _ key: SRTPMasterKey, direction: String = "sendrecv", proto: String = "RTP/SAVP", without: String? = nil
  ) -> String {
    let lines = [
      "v=0", "o=gateway 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", "m=audio 9 \(proto) 111",
      "a=rtpmap:111 opus/48000/2", "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", "a=\(direction)",
      "a=rtcp-mux", "a=ssrc:\(ssrc) cname:bot", "a=crypto:\(SDESCrypto(tag: 1, key: key).attribute)",
    ]
    return lines.filter { line in without.map { !line.hasPrefix($0) } ?? true }.map { $0 + "\r\n" }.joined()
  }

  /// - Parameter key: what the bot encrypts with, which may be another one than it has offered.
  func configuration(_ answer: String, key: SRTPMasterKey) throws -> PeerConfiguration {
    let section = try Offer(answer).sections[0]
    guard let theirs = section.transport.crypto.first?.key, theirs.profile == profile,
      let address = section.connectionAddress.flatMap({ TransportAddress(host: $0, port: section.port) }),
      let keys = SRTPKeyingMaterial(local: key, remote: theirs)
    else { throw FrontDoorTestClient.Failure(what: "no SDES in the answer") }
    var audio = PeerAudio(payloadType: 111, clockRate: 48_000)
    audio.audioLevelID = 1
    return PeerConfiguration(
      connectivity: .fixed(address), keying: .sdes(keys), audio: [audio], ssrc: ssrc, canonicalName: "bot",
      wallClock: .now)
  }
}
