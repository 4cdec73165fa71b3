import VivaConfiguration
import Glibc

extension ListenAddress {
  /// Whether some process listens here. Only tells of this machine's own numeric addresses and `localhost`.
  var isTaken: Bool {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host == "localhost" ? "127.0.0.1" : host, String(port), &hints, &found) == 0,
      let address = found?.pointee
    else { return false }
    defer { freeaddrinfo(found) }

    let descriptor = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // So that only a listener is in the way, and no connection of a process that has ended.
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    return bind(descriptor, address.ai_addr, address.ai_addrlen) != 0 && errno == EADDRINUSE
  }
}
