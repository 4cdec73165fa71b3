import COpenSSL
import Glibc

/// A TLS client on a socket to 127.0.0.1 that trusts whoever answers, and says who that was.
final class TLSTestClient {
  struct Failure: Error { var what: String }

  private let descriptor: Int32
  private let context: OpaquePointer
  private let connection: OpaquePointer

  init(port: Int) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let connected = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    self.descriptor = descriptor
    context = SSL_CTX_new(TLS_client_method())
    connection = SSL_new(context)
    SSL_set_fd(connection, descriptor)
    guard connected == 0, SSL_connect(connection) == 1 else { throw Failure(what: "no handshake") }
  }

  deinit {
    SSL_free(connection)
    SSL_CTX_free(context)
    close(descriptor)
  }

  /// The common name in the server's certificate.
  var serverName: String? {
    guard let certificate = SSL_get1_peer_certificate(connection) else { return nil }
    defer { X509_free(certificate) }
    var name = [CChar](repeating: 0, count: 64)
    let length = X509_NAME_get_text_by_NID(
      X509_get_subject_name(certificate), NID_commonName, &name, Int32(name.count))
    return length < 0 ? nil : String(decoding: name.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The first line of the answer to a GET.
  func get(_ path: String) throws -> String {
    let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    var answer = [UInt8](repeating: 0, count: 4096)
    guard SSL_write(connection, request, Int32(request.count)) > 0 else { throw Failure(what: "write") }
    let count = SSL_read(connection, &answer, Int32(answer.count))
    guard count > 0 else { throw Failure(what: "read") }
    return String(decoding: answer.prefix(Int(count)).prefix { $0 != 13 }, as: UTF8.self)
  }
}
