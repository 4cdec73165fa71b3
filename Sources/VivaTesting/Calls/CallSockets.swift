import Media
import Runtime

/// The UDP sockets of a thread's calls.
///
/// A server knows a caller by the address that its datagrams come from. On this machine each call has an address of
/// 127.0.0.0/8 of its own, so that 32 calls share a socket, and a system call takes or gives datagrams of many. To
/// another machine each has a socket.
struct CallSockets: ~Copyable {
  private static let callsPerSocket = 32

  let isLoopback: Bool
  private let callsEach: Int
  private let sockets: UnsafeMutablePointer<UDPSocket?>
  private let capacity: Int
  private var outbound = DatagramBatch()
  /// Whose datagrams are in `outbound`.
  private var outboundSocket = 0
  private(set) var sendDrops = 0

  /// - Parameter calls: at most.
  init(calls: Int, isLoopback: Bool) {
    self.isLoopback = isLoopback
    callsEach = isLoopback ? Self.callsPerSocket : 1
    capacity = (calls + callsEach - 1) / callsEach
    sockets = .allocate(capacity: capacity)
    for index in 0..<capacity { (sockets + index).initialize(to: nil) }
  }

  deinit {
    sockets.deinitialize(count: capacity)
    sockets.deallocate()
  }

  func index(ofCall slot: Int) -> Int { slot / callsEach }

  /// Opens the socket of a call, if it is not open.
  ///
  /// - Returns: its descriptor when it is new.
  mutating func open(forCall slot: Int) throws(SystemError) -> Int32? {
    let index = index(ofCall: slot)
    if sockets[index] != nil { return nil }
    let socket = try UDPSocket(boundTo: UDPAddress(high: 0, low: 0xFFFF_0000_0000, port: 0))
    let descriptor = socket.descriptor
    sockets[index] = consume socket
    return descriptor
  }

  mutating func receive(_ index: Int, into batch: inout DatagramBatch) { sockets[index]!.receive(into: &batch) }

  /// Whom a datagram is for.
  func slot(of local: UDPAddress, by index: Int) -> Int? {
    guard isLoopback else { return index }
    let slot = Int(local.low & 0xFFFFFF) - Self.firstAddress
    return slot >= 0 && self.index(ofCall: slot) == index ? slot : nil
  }

  /// Those of 127.1.0.1 and on.
  private static let firstAddress = 0x01_0001

  private func address(of slot: Int) -> UDPAddress {
    guard isLoopback else { return UDPAddress(high: 0, low: 0, port: 0) }
    return UDPAddress(high: 0, low: 0xFFFF_7F00_0000 | UInt64(Self.firstAddress + slot), port: 0)
  }

  /// Where the next datagram of a call is to be written.
  mutating func nextSlot(forCall slot: Int) -> UnsafeMutableRawBufferPointer {
    let index = index(ofCall: slot)
    if index != outboundSocket || outbound.isFull { flush() }
    outboundSocket = index
    return outbound.nextSlot
  }

  mutating func append(_ transmit: PeerTransmit, ofCall slot: Int) {
    let destination = transmit.destination
    outbound.append(
      transmit.byteCount, to: UDPAddress(destination),
      from: address(of: slot))
  }

  mutating func flush() {
    guard !outbound.isEmpty else { return }
    sendDrops += sockets[outboundSocket]!.send(&outbound)
  }

  /// Datagrams that found a receive buffer full.
  var receiveDrops: Int {
    var drops = 0
    for index in 0..<capacity { drops += Int(sockets[index]?.kernelDrops ?? 0) }
    return drops
  }
}
