import CLinux
import Glibc

/// A UDP socket that never blocks, for the addresses of one family. For one thread.
public struct UDPSocket: ~Copyable {
  /// Enough for the 40 ms of a shard that is held up while 1,000 callers talk, were the kernel to allow it
  /// (net.core.rmem_max).
  private static let bufferBytes: Int32 = 4 << 20

  public let descriptor: Int32
  /// The one it is bound to.
  public let port: UInt16
  public let isIPv4: Bool
  /// Datagrams that found the receive buffer full, since the socket was opened; known once a later one came. Wraps.
  public private(set) var kernelDrops: UInt32 = 0

  /// - Parameter address: its port 0 lets the kernel choose one.
  public init(boundTo address: UDPAddress) throws(SystemError) {
    descriptor = try SystemError.check(
      viva_udp_open(
        viva_ip(high: address.high, low: address.low), address.port, Self.bufferBytes, Self.bufferBytes))
    isIPv4 = address.isIPv4
    port = UInt16(clamping: viva_udp_port(descriptor))
  }

  deinit { close(descriptor) }

  /// Fills `batch` with what has come: nothing, or up to its capacity. Errors are losses like others on the network.
  public mutating func receive(into batch: inout DatagramBatch) {
    let slots = batch.slots.assumingMemoryBound(to: UInt8.self)
    batch.count = Int(
      max(0, viva_udp_receive(descriptor, slots, batch.headers, Int32(DatagramBatch.capacity), &kernelDrops)))
  }

  /// Sends all of `batch` that the kernel takes at once, and empties it. What waits is late: the rest is dropped.
  ///
  /// - Returns: how many were dropped.
  public func send(_ batch: inout DatagramBatch) -> Int {
    guard !batch.isEmpty else { return 0 }
    let slots = batch.slots.assumingMemoryBound(to: UInt8.self)
    let sent = viva_udp_send(descriptor, slots, batch.headers, Int32(batch.count))
    defer { batch.removeAll() }
    return batch.count - Int(sent)
  }
}
