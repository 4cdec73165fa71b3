/// `webrtc:`, calls whose audio goes over UDP.
struct WebRTCReader {
  /// Each is a socket of each shard, or a line in each answer.
  static let maximumAddresses = 8

  let server: ServerSettings

  func read(_ section: Section?, into webRTC: inout WebRTCSettings) {
    webRTC.listen = defaultListen
    guard let section else { return }
    section.boolean("enabled", into: &webRTC.enabled)
    section.integer("port", 0...65535, into: &webRTC.port)
    addresses("listen", of: section, into: &webRTC.listen)
    addresses("advertise", of: section, into: &webRTC.advertise)
    section.integer("half_open_handshakes", 1...100_000, into: &webRTC.halfOpenHandshakes)
    section.integer("handshake_timeout_s", 1...120, into: &webRTC.handshakeTimeoutSeconds)
    section.integer("connect_timeout_s", 1...300, into: &webRTC.connectTimeoutSeconds)
    section.integer("grace_s", 0...3600, into: &webRTC.graceSeconds)
    check(webRTC, in: section)
  }

  /// As reachable as the rest of the server.
  private var defaultListen: [String] {
    server.listen.host == "localhost" ? ["127.0.0.1"] : [server.listen.host]
  }

  private func addresses(_ key: String, of section: Section, into target: inout [String]) {
    guard let list = section.present(key) else { return }
    guard let values = list.list() else { return }
    if values.count > Self.maximumAddresses { list.report("has more than \(Self.maximumAddresses) addresses") }
    if values.isEmpty, key == "listen" { return list.report("is empty", allowed: "at least one IP address") }
    var seen: [NetworkAddress] = []
    target = []
    for value in values {
      guard let text = value.text() else { continue }
      guard let address = NetworkAddress(text) else {
        value.report(
          "\(value.shown) is not an IP address", allowed: "such as 192.0.2.1 or 2001:db8::1, without port or brackets")
        continue
      }
      if seen.contains(address) {
        value.report("\(value.shown) is named twice")
      } else if key == "advertise", address.isUnspecified {
        value.report("\(value.shown) is nowhere to send to", allowed: "addresses that clients can reach")
      } else {
        seen.append(address)
        target.append(text)
      }
    }
  }

  private func check(_ webRTC: WebRTCSettings, in section: Section) {
    let last = webRTC.port + max(1, server.shards) - 1
    if webRTC.port != 0, last > 65535 {
      section.report(
        "port", "\(server.shards) shards need the ports up to \(last)", allowed: "0 to \(65536 - server.shards)")
    }
    let bound = Set(webRTC.listen.map(Self.isIPv4))
    for text in webRTC.advertise where !bound.contains(Self.isIPv4(text)) {
      let family = Self.isIPv4(text) ? "IPv4" : "IPv6"
      section.report(
        "advertise", "\(text) is \(family), and webrtc.listen has no address of that kind",
        allowed: "addresses of the kinds in webrtc.listen, which takes 0.0.0.0 and \"::\" too")
    }
  }

  private static func isIPv4(_ text: String) -> Bool { NetworkAddress(text)?.bytes.count == 4 }
}

extension NetworkAddress {
  fileprivate var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }
}
