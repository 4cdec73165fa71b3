import Foundation

@testable import Media

/// The offers of `Offers/`, and what they are answered with.
enum SDPSamples {
  static let names = [
    "chromium-156", "chromium-156-trickle", "chromium-156-listener", "chromium-156-video-first",
    "chromium-156-session-1-audio", "chromium-156-session-2-data-added", "chromium-156-session-3-ice-restart",
    "chromium-156-session-4-hold", "chromium-156-session-5-video-added", "firefox-153", "firefox-153-video-first",
    "aiortc-1.16", "pion-3.1", "gstreamer-1.22-whip", "gstreamer-1.22-whip-candidates", "safari-26", "obs-31-whip",
    "sip-gateway-sdes", "sip-gateway-dtls", "sip-gateway-plain",
  ]

  /// Those that can be answered, SDES being allowed.
  static let answerable = names.filter { $0 != "sip-gateway-plain" }

  static func bytes(_ file: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Offers")
    return Array(try Data(contentsOf: folder.appending(path: file)))
  }

  static func text(_ name: String) throws -> String { String(decoding: try bytes("\(name).sdp"), as: UTF8.self) }

  static func offer(_ name: String) throws -> Offer { try Offer(bytes("\(name).sdp")) }

  static let agent = MediaTrack(stream: "viva", track: "agent")!
  static let human = MediaTrack(stream: "viva", track: "human")!

  static let fingerprint = DTLSFingerprint(algorithm: .sha256, digest: (0..<32).map { UInt8($0 * 8) })!

  static let addresses = ["203.0.113.5", "2001:db8::5"].map { TransportAddress(host: $0, port: 0)! }

  static let local = LocalTransport(
    credentials: IceCredentials(ufrag: "viva", password: "0123456789abcdefghijkl")!, fingerprint: fingerprint,
    candidates: Candidate.hosts(at: addresses, port: 3478))

  /// Both, as they stand in an answer.
  static let candidateLines = local.candidates.map { "a=\($0)" }.joined(separator: "\n")

  static let localWithSDES: LocalTransport = {
    var copy = local
    copy.sdesKeys = SRTPProfile.allCases.map {
      SRTPMasterKey(profile: $0, keyAndSalt: (0..<($0.keyLength + $0.saltLength)).map(UInt8.init))!
    }
    return copy
  }()

  static func answer(_ name: String, _ change: (inout AnswerPolicy) -> Void = { _ in }) throws -> Answer {
    try answer(offer(name), change)
  }

  static func answer(_ offer: Offer, _ change: (inout AnswerPolicy) -> Void = { _ in }) throws -> Answer {
    var policy = AnswerPolicy(tracks: [agent])
    change(&policy)
    return try Answer(to: offer, policy: policy, local: localWithSDES, sessionID: 4711)
  }
}

extension String {
  /// With the ends of lines that SDP has.
  var crlf: String { replacing("\n", with: "\r\n") }

  /// Without the lines that begin so.
  func without(_ prefixes: String...) -> String {
    split(separator: "\r\n").filter { line in !prefixes.contains(where: line.hasPrefix) }
      .map { $0 + "\r\n" }.joined()
  }
}
