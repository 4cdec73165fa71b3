import Glibc
import Synchronization
import Testing

@testable import Runtime

@Suite struct UDPTests {
  private static let loopback4 = UDPAddress(high: 0, low: 0xFFFF_7F00_0001, port: 0)
  private static let loopback6 = UDPAddress(high: 0, low: 1, port: 0)
  private static let any4 = UDPAddress(high: 0, low: 0xFFFF_0000_0000, port: 0)

  private func write(_ text: String, into batch: inout DatagramBatch, to remote: UDPAddress, from local: UDPAddress) {
    let bytes = Array(text.utf8)
    batch.nextSlot.copyBytes(from: bytes)
    batch.append(bytes.count, to: remote, from: local)
  }

  private func text(_ batch: borrowing DatagramBatch, _ index: Int) -> String {
    String(decoding: batch.bytes(index), as: UTF8.self)
  }

  // What cannot be copied cannot stand in an expectation.
  private func count(_ batch: borrowing DatagramBatch) -> Int { batch.count }
  private func remote(_ batch: borrowing DatagramBatch) -> UDPAddress { batch.remote(0) }
  private func local(_ batch: borrowing DatagramBatch) -> UDPAddress { batch.local(0) }

  /// Loopback hands over at once, or a little later on a busy machine.
  private func receive(_ socket: inout UDPSocket, into batch: inout DatagramBatch) {
    for _ in 0..<2000 {
      socket.receive(into: &batch)
      if !batch.isEmpty { return }
      usleep(1000)
    }
  }

  @Test("datagrams come with whom they are from and where they went to, over IPv4 and IPv6")
  func addresses() throws {
    for address in [Self.loopback4, Self.loopback6] {
      var a = try UDPSocket(boundTo: address)
      var b = try UDPSocket(boundTo: address)
      var out = DatagramBatch()
      var batch = DatagramBatch()
      for index in 0..<3 {
        write(
          "hello \(index)", into: &out, to: UDPAddress(high: address.high, low: address.low, port: b.port),
          from: address)
      }
      #expect(a.send(&out) == 0)
      let left = out.count
      #expect(left == 0)
      receive(&b, into: &batch)
      try #require(count(batch) >= 1)
      #expect(text(batch, 0) == "hello 0")
      #expect(remote(batch) == UDPAddress(high: address.high, low: address.low, port: a.port))
      #expect(local(batch) == address)

      // Back to where it came from, from where it went to.
      write("back", into: &out, to: batch.remote(0), from: batch.local(0))
      #expect(b.send(&out) == 0)
      receive(&a, into: &batch)
      try #require(count(batch) == 1)
      #expect(text(batch, 0) == "back")
    }
  }

  @Test("a socket on all addresses answers from the one that was asked")
  func answersFromTheLocalAddress() throws {
    let second = UDPAddress(high: 0, low: 0xFFFF_7F00_0002, port: 0)
    var server = try UDPSocket(boundTo: Self.any4)
    var sender = try UDPSocket(boundTo: Self.loopback4)
    var batch = DatagramBatch()
    write("?", into: &batch, to: UDPAddress(high: 0, low: second.low, port: server.port), from: Self.any4)
    #expect(sender.send(&batch) == 0)
    receive(&server, into: &batch)
    try #require(count(batch) == 1)
    let (client, asked) = (remote(batch), local(batch))
    #expect(asked == second)
    batch.removeAll()
    write("!", into: &batch, to: client, from: asked)
    #expect(server.send(&batch) == 0)
    receive(&sender, into: &batch)
    try #require(count(batch) == 1)
    #expect(remote(batch) == UDPAddress(high: 0, low: second.low, port: server.port))
  }

  @Test("what cannot be sent is left out and counted, and does not stop the rest")
  func unreachable() throws {
    let socket = try UDPSocket(boundTo: Self.loopback4)
    var receiver = try UDPSocket(boundTo: Self.loopback4)
    var batch = DatagramBatch()
    // Port 0 is nobody's, and a socket of IPv4 reaches no IPv6.
    write("lost", into: &batch, to: Self.loopback4, from: Self.any4)
    write("lost", into: &batch, to: UDPAddress(high: 0, low: 1, port: 9), from: Self.any4)
    write("kept", into: &batch, to: UDPAddress(high: 0, low: Self.loopback4.low, port: receiver.port), from: Self.any4)
    #expect(socket.send(&batch) == 2)
    receive(&receiver, into: &batch)
    try #require(count(batch) == 1)
    #expect(text(batch, 0) == "kept")
  }

  @Test("a batch holds no more than its slots, and a datagram beyond a slot is empty")
  func bounds() throws {
    let socket = try UDPSocket(boundTo: Self.loopback4)
    var receiver = try UDPSocket(boundTo: Self.loopback4)
    let target = UDPAddress(high: 0, low: Self.loopback4.low, port: receiver.port)
    var batch = DatagramBatch()
    for _ in 0..<2 {
      while !batch.isFull { write("x", into: &batch, to: target, from: Self.any4) }
      #expect(socket.send(&batch) == 0)
    }
    receive(&receiver, into: &batch)
    #expect(count(batch) <= DatagramBatch.capacity)
    while !batch.isEmpty { receiver.receive(into: &batch) }

    let plain = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(plain) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = receiver.port.bigEndian
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let long = [UInt8](repeating: 1, count: DatagramBatch.slotBytes + 1)
    let sent = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(plain, long, long.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    #expect(sent == long.count)
    receive(&receiver, into: &batch)
    try #require(count(batch) == 1)
    #expect(text(batch, 0) == "")
  }

  @Test("an address that is taken, or not this machine's, is refused with the reason")
  func refusals() throws {
    let socket = try UDPSocket(boundTo: Self.loopback4)
    let taken = UDPAddress(high: 0, low: Self.loopback4.low, port: socket.port)
    #expect(throws: SystemError(code: EADDRINUSE)) { try open(taken) }
    #expect(throws: SystemError(code: EADDRNOTAVAIL)) {
      try open(UDPAddress(high: 0, low: 0xFFFF_C000_0201, port: 0))
    }
  }

  private func open(_ address: UDPAddress) throws { _ = try UDPSocket(boundTo: address) }

  // MARK: On a shard

  @Test("a watched socket is read in bounded pieces, and a flood does not hold up timers")
  func flood() async throws {
    let shard = Shard(index: 0)
    shard.start()
    defer { shard.stop() }
    let port = Atomic<Int>(0)
    let wakes = Atomic<Int>(0)
    let fired = Atomic<Int>(0)
    let stopping = Atomic<Bool>(false)
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      shard.post {
        let reader = Reader()
        port.store(Int(reader.socket.port), ordering: .relaxed)
        let descriptor = reader.socket.descriptor
        nonisolated(unsafe) let confined = reader
        do {
          let watch = try shard.watch(descriptor) {
            // One datagram a wake-up, of many that wait.
            _ = confined.socket.descriptor
            wakes.add(1, ordering: .relaxed)
            confined.readOne()
          }
          @Sendable func tick() {
            fired.add(1, ordering: .relaxed)
            if stopping.load(ordering: .relaxed) {
              shard.unwatch(watch)
            } else {
              _ = shard.schedule(at: .now + .milliseconds(5)) { tick() }
            }
          }
          tick()
        } catch {
          Issue.record(error)
        }
        done.resume()
      }
    }
    let sender = try UDPSocket(boundTo: Self.loopback4)
    var batch = DatagramBatch()
    let target = UDPAddress(high: 0, low: Self.loopback4.low, port: UInt16(port.load(ordering: .relaxed)))
    let end = Instant.now + .milliseconds(500)
    while Instant.now < end {
      while !batch.isFull { write("flood", into: &batch, to: target, from: Self.any4) }
      _ = sender.send(&batch)
    }
    stopping.store(true, ordering: .relaxed)
    #expect(fired.load(ordering: .relaxed) >= 10)
    #expect(wakes.load(ordering: .relaxed) >= 100)
  }

  private final class Reader {
    var socket: UDPSocket
    private var byte: UInt8 = 0

    init() {
      do { socket = try UDPSocket(boundTo: UDPTests.loopback4) } catch { fatalError("no socket: \(error)") }
    }

    func readOne() { _ = recv(socket.descriptor, &byte, 1, 0) }
  }
}
