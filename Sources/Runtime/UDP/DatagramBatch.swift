import CLinux

/// Datagrams on their way between a `UDPSocket` and whoever reads or writes them, in slots of one piece of memory that
/// is used again and again. For one thread.
public struct DatagramBatch: ~Copyable {
  public static let capacity = Int(VIVA_UDP_BATCH)
  /// A longer datagram is not taken. More than any path's MTU that matters.
  public static let slotBytes = Int(VIVA_UDP_SLOT)
  /// Of the slots, so that ciphers read whole words and lines.
  private static let alignment = 64

  let slots: UnsafeMutableRawPointer
  let headers: UnsafeMutablePointer<viva_datagram>
  public internal(set) var count = 0

  public init() {
    slots = .allocate(byteCount: Self.capacity * Self.slotBytes, alignment: Self.alignment)
    slots.initializeMemory(as: UInt8.self, repeating: 0, count: Self.capacity * Self.slotBytes)
    headers = .allocate(capacity: Self.capacity)
    headers.initialize(repeating: viva_datagram(), count: Self.capacity)
  }

  deinit {
    slots.deallocate()
    headers.deallocate()
  }

  public var isEmpty: Bool { count == 0 }
  public var isFull: Bool { count == Self.capacity }

  // MARK: Received

  /// Whom datagram `index` came from.
  public func remote(_ index: Int) -> UDPAddress {
    precondition(index < count)
    let header = headers[index]
    return UDPAddress(high: header.remote.high, low: header.remote.low, port: header.port)
  }

  /// The address that it came to; its port is 0.
  public func local(_ index: Int) -> UDPAddress {
    precondition(index < count)
    let ip = headers[index].local
    return UDPAddress(high: ip.high, low: ip.low, port: 0)
  }

  /// Its bytes, to be read, or decrypted in place. Good until the batch is filled again. Empty for a datagram that was
  /// too long.
  public func bytes(_ index: Int) -> UnsafeMutableRawBufferPointer {
    precondition(index < count)
    return UnsafeMutableRawBufferPointer(
      start: slots + index * Self.slotBytes, count: Int(headers[index].length))
  }

  // MARK: To be sent

  /// The whole slot of the next datagram. The batch must not be full.
  public var nextSlot: UnsafeMutableRawBufferPointer {
    precondition(count < Self.capacity)
    return UnsafeMutableRawBufferPointer(start: slots + count * Self.slotBytes, count: Self.slotBytes)
  }

  /// Takes what was written into `nextSlot` into the batch.
  ///
  /// - Parameters:
  ///   - byteCount: 0...`slotBytes`.
  ///   - local: the address to send from; unspecified leaves that to the kernel.
  public mutating func append(_ byteCount: Int, to remote: UDPAddress, from local: UDPAddress) {
    precondition(count < Self.capacity && byteCount >= 0 && byteCount <= Self.slotBytes)
    headers[count] = viva_datagram(
      remote: viva_ip(high: remote.high, low: remote.low),
      local: local.isUnspecified ? viva_ip() : viva_ip(high: local.high, low: local.low),
      port: remote.port, length: UInt16(byteCount))
    count += 1
  }

  public mutating func removeAll() { count = 0 }
}
