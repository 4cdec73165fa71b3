import Foundation
import Media
import Runtime

/// A UDP socket on 127.0.0.1, and the wait for it and for orders.
struct SenderSocket: ~Copyable {
  private static let loopback = UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0)

  private var socket: UDPSocket
  private var inbound = DatagramBatch()
  private var outbound = DatagramBatch()

  /// - Parameter port: 0 lets the kernel choose one.
  init(port: UInt16) throws {
    var address = Self.loopback
    address.port = port
    socket = try UDPSocket(boundTo: address)
  }

  var port: UInt16 { socket.port }

  /// Returns when a datagram or an order has come, or at the deadline.
  ///
  /// - Returns: whether there is an order to read.
  func wait(until deadline: Instant) -> Bool {
    let milliseconds = (deadline - .now).nanoseconds.advanced(by: 999_999) / 1_000_000
    var waited = [socket.descriptor, STDIN_FILENO].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    poll(&waited, nfds_t(waited.count), Int32(clamping: max(0, milliseconds)))
    return waited[1].revents != 0
  }

  /// Takes in what has come.
  ///
  /// - Returns: the number of datagrams.
  mutating func receive() -> Int {
    socket.receive(into: &inbound)
    return inbound.count
  }

  /// One of those: its bytes, which may be decrypted in place, where it came from and where it came to.
  func datagram(_ index: Int) -> (UnsafeMutableRawBufferPointer, from: TransportAddress, at: TransportAddress) {
    (
      inbound.bytes(index), TransportAddress(inbound.remote(index)),
      TransportAddress(inbound.local(index)).withPort(port)
    )
  }

  /// Where the next datagram is to be written.
  var buffer: UnsafeMutableRawBufferPointer { outbound.nextSlot }

  /// Sends what is in `buffer`.
  mutating func send(_ transmit: PeerTransmit) {
    outbound.append(transmit.byteCount, to: UDPAddress(transmit.destination), from: Self.loopback)
    _ = socket.send(&outbound)
  }
}
