import Glibc

/// Whom failed logins are counted against: an IPv4 address, or the 64-bit network of an IPv6 address, of which one
/// customer of a provider has 2^64.
struct ClientNetwork: Hashable, Sendable {
  let name: String

  init(address: String) {
    var bytes = in6_addr()
    guard inet_pton(AF_INET6, address, &bytes) == 1 else {
      name = address
      return
    }
    name = withUnsafeBytes(of: bytes) { $0.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") } + "::/64"
  }
}
