import Runtime

extension TransportAddress {
  /// Of a datagram that a socket has received.
  public init(_ address: UDPAddress) {
    self.init(high: address.high, low: address.low, port: address.port)
  }
}

extension UDPAddress {
  /// For a datagram that a socket shall send.
  public init(_ address: TransportAddress) {
    self.init(high: address.high, low: address.low, port: address.port)
  }
}
