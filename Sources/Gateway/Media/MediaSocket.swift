import Media
import Runtime

/// A UDP socket of a port, and what is about to leave by it.
struct MediaSocket: ~Copyable {
  var socket: UDPSocket
  /// With the port.
  let address: TransportAddress
  let isWildcard: Bool
  var outbound = DatagramBatch()

  init(boundTo address: TransportAddress) throws(SystemError) {
    socket = try UDPSocket(boundTo: UDPAddress(address))
    self.address = address.withPort(socket.port)
    isWildcard = address.isWildcard
  }

  /// Whether datagrams from `source`, an address of this machine, leave by it.
  func serves(_ source: TransportAddress) -> Bool {
    isWildcard ? address.isIPv4 == source.isIPv4 : address.high == source.high && address.low == source.low
  }

  /// - Returns: how many datagrams the kernel did not take.
  mutating func flush() -> Int { socket.send(&outbound) }
}
