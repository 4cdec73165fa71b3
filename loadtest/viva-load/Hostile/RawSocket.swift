import Glibc

/// A TCP connection under full control, for clients that misbehave: it reads and writes only when told, and never waits.
final class RawSocket {
  enum Received {
    case bytes([UInt8])
    case nothing
    /// The server has closed its side.
    case end
    /// The server has reset the connection.
    case reset
  }

  struct Failure: Error, CustomStringConvertible { var description: String }

  private var descriptor: Int32
  /// The port of this end.
  let localPort: Int

  /// Connects to an IPv4 address.
  ///
  /// - Parameter receiveBuffer: bytes that the kernel keeps for a reader that does not read (it doubles them).
  init(host: String, port: Int, receiveBuffer: Int32 = 4096) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(description: "no socket: errno \(errno)") }
    var size = receiveBuffer
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
      Glibc.close(descriptor)
      throw Failure(description: "not an IPv4 address: \(host)")
    }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let connected = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
    }
    guard connected == 0 else {
      Glibc.close(descriptor)
      throw Failure(description: "could not connect: errno \(errno)")
    }
    var own = sockaddr_in()
    withUnsafeMutablePointer(to: &own) { own in
      own.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
    }
    self.descriptor = descriptor
    localPort = Int(UInt16(bigEndian: own.sin_port))
  }

  deinit { close() }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// - Returns: how many of the bytes the kernel took: fewer when the server does not read.
  @discardableResult
  func send(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.withUnsafeBytes {
      max(0, Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)))
    }
  }

  @discardableResult
  func send(_ bytes: [UInt8]) -> Int { send(bytes[...]) }

  func receive(_ maximum: Int = 65_536) -> Received {
    var bytes = [UInt8](repeating: 0, count: maximum)
    let count = bytes.withUnsafeMutableBytes {
      recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
    }
    switch count {
    case 0: return .end
    case 1...: return .bytes(Array(bytes.prefix(count)))
    default: return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? .nothing : .reset
    }
  }
}
