import Glibc
import Media
import VivaConfiguration

/// Which addresses clients are told to send to.
enum LocalAddresses {
  /// Most wanted first, without a port.
  static func advertised(_ settings: WebRTCSettings) -> [TransportAddress] {
    if !settings.advertise.isEmpty { return addresses(settings.advertise) }
    return addresses(settings.listen).flatMap { $0.isWildcard ? ofMachine(isIPv4: $0.isIPv4) : [$0] }
  }

  static func bound(_ settings: WebRTCSettings) -> [TransportAddress] { addresses(settings.listen) }

  private static func addresses(_ texts: [String]) -> [TransportAddress] {
    texts.compactMap { TransportAddress(host: $0, port: 0) }
  }

  /// Those of the interfaces that are up. Loopback only where there is nothing else: other machines have one, too.
  static func ofMachine(isIPv4: Bool) -> [TransportAddress] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var found: [TransportAddress] = []
    var loopback: [TransportAddress] = []
    var next = first
    while let interface = next?.pointee {
      next = interface.ifa_next
      guard interface.ifa_flags & UInt32(IFF_UP) != 0, let address = address(interface.ifa_addr),
        address.isIPv4 == isIPv4, !address.isLinkLocal
      else { continue }
      if interface.ifa_flags & UInt32(IFF_LOOPBACK) != 0 {
        loopback.append(address)
      } else {
        found.append(address)
      }
    }
    return found.isEmpty ? loopback : found
  }

  private static func address(_ name: UnsafeMutablePointer<sockaddr>?) -> TransportAddress? {
    guard let name else { return nil }
    let raw = UnsafeRawPointer(name)
    switch Int32(name.pointee.sa_family) {
    case AF_INET:
      let ipv4 = raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr
      return TransportAddress(ipv4: UInt32(bigEndian: ipv4), port: 0)
    case AF_INET6: return TransportAddress(raw.loadUnaligned(as: sockaddr_in6.self)).withPort(0)
    default: return nil
    }
  }
}

extension TransportAddress {
  /// `0.0.0.0` or `::`.
  var isWildcard: Bool { high == 0 && (low == 0 || low == 0xFFFF << 32) }

  /// `169.254.0.0/16` (RFC 3927), `fe80::/10`.
  fileprivate var isLinkLocal: Bool {
    ipv4.map { $0 >> 16 == 0xA9FE } ?? (high >> 54 == 0x3FA)
  }
}
