import Media
import Runtime
import VivaTesting

/// A gateway's side of SRTP without WebRTC.
final class SRTPBot: Sendable {
  let bot: CallBot
  let ssrc: UInt32

  init() throws {
    bot = try CallBot()
    ssrc = .random(in: .min ... .max)
  }

  static func key(_ profile: SRTPProfile = .aeadAES128GCM) -> SRTPMasterKey {
    var generator = SystemRandomNumberGenerator()
    return SRTPMasterKey(profile: profile, using: &generator)
  }

  func offer(_ key: SRTPMasterKey, direction: MediaDirection = .sendrecv) -> String {
    var offer = SDESOffer(key: key, ssrc: ssrc)
    offer.direction = direction
    return offer.text
  }

  /// - Parameter key: what the bot encrypts with, which may be another one than it has offered.
  func configuration(_ answer: String, key: SRTPMasterKey) throws -> PeerConfiguration {
    guard let configuration = try SDESOffer(key: key, ssrc: ssrc).configuration(answer) else {
      throw FrontDoorTestClient.Failure(what: "no SDES in the answer")
    }
    return configuration
  }
}
