import COpenSSL

/// The network as OpenSSL sees it: every write is a datagram of its own, a read takes one record.
/// (A memory BIO would run the datagrams of a flight together.)
final class DatagramBIO {
  /// Of one flight; a certificate of 16 KB makes about fifteen. What is more is lost, as on a network.
  private static let maximumQueue = 64

  private var outbound: [[UInt8]] = []
  /// The record that is being read.
  var inbound: [UInt8] = []

  func takeOutbound() -> [[UInt8]] {
    defer { outbound = [] }
    return outbound
  }

  /// Nil when OpenSSL cannot allocate. It does not keep this object alive: whoever has the `BIO` does.
  func makeBIO() -> OpaquePointer? {
    guard let method = Self.method, let bio = BIO_new(method) else { return nil }
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(bio, 1)
    return bio
  }

  private static func of(_ bio: OpaquePointer?) -> DatagramBIO? {
    BIO_get_data(bio).map { Unmanaged<DatagramBIO>.fromOpaque($0).takeUnretainedValue() }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) {
    if outbound.count < Self.maximumQueue { outbound.append(Array(bytes)) }
  }

  /// The bytes that were read; what does not fit is lost, as with a socket.
  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, inbound.count)
    inbound.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    inbound = []
    return count
  }

  /// A `BIO_METHOD`. Written once, here, and only read afterwards.
  nonisolated(unsafe) private static let method: OpaquePointer? = {
    guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "viva datagrams") else { return nil }
    BIO_meth_set_write(method) { bio, bytes, count in
      viva_BIO_clear_retry_flags(bio)
      DatagramBIO.of(bio)?.write(UnsafeRawBufferPointer(start: bytes, count: Int(max(0, count))))
      return count
    }
    BIO_meth_set_read(method) { bio, bytes, count in
      viva_BIO_clear_retry_flags(bio)
      guard let datagrams = DatagramBIO.of(bio), !datagrams.inbound.isEmpty else {
        viva_BIO_set_retry_read(bio)
        return -1
      }
      return Int32(datagrams.read(into: UnsafeMutableRawBufferPointer(start: bytes, count: Int(max(0, count)))))
    }
    BIO_meth_set_ctrl(method) { _, command, _, _ in
      // All else that DTLS asks a datagram BIO (its MTU, its timers, what is pending) may be answered by 0.
      command == BIO_CTRL_FLUSH ? 1 : 0
    }
    return method
  }()
}
