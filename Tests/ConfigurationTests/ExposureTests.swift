import Testing
import VivaConfiguration

@Suite struct ExposureTests {
  let folder = ConfigurationFolder()

  private func remedies(_ address: String, line: Int) -> String {
    """
    viva.yaml:\(line): server.listen: \(address) can be reached from other machines, which needs both TLS and a key: \
    set server.tls.certificate and server.tls.key, and a key in server.keys or server.key_file; \
    or listen on 127.0.0.1
    """
  }

  @Test(arguments: ["0.0.0.0:8080", "192.168.1.4:8080", "[::]:8080", "[::ffff:127.0.0.1]:80"])
  func publicBindWithoutTLSIsRefused(address: String) {
    #expect(
      folder.problems("server:\n  listen: '\(address)'\n  keys: [long-enough]") == [
        remedies(address, line: 2)
      ])
  }

  @Test func publicBindWithoutAKeyIsRefused() {
    folder.write("cert.pem", "x")
    let server = "server:\n  listen: 0.0.0.0:1\n  tls: { certificate: cert.pem, key: cert.pem }\n"
    #expect(folder.problems(server + "  key_file: null") == [remedies("0.0.0.0:1", line: 2)])
    #expect(folder.problems(server) == [])
    #expect(folder.problems(server + "  key_file: null\n  keys: [long-enough]") == [])
  }

  @Test func anUnsetKeyIsNoKey() {
    #expect(
      folder.problems("server:\n  keys: ['${UNSET}']\n  key_file: null") == [
        "viva.yaml:2: server.keys: no key is left, so nobody could come in; "
          + "give a key here, or a file in server.key_file"
      ])
  }

  @Test func publicAdminListenerNeedsTheOperatorsWord() {
    #expect(
      folder.problems("server:\n  admin: 0.0.0.0:81") == [
        """
        viva.yaml:2: server.admin: 0.0.0.0:81 can be reached from other machines, and this listener has neither TLS \
        nor keys; listen on 127.0.0.1, or set server.admin_public: true where a firewall guards it
        """
      ])
    #expect(folder.problems("server:\n  admin: 0.0.0.0:81\n  admin_public: true") == [])
  }

  @Test func developmentIsForThisMachineAlone() throws {
    folder.write("cert.pem", "x")
    let server = "server:\n  listen: 0.0.0.0:1\n  tls: { certificate: cert.pem, key: cert.pem }\n"
    #expect(
      folder.problems(server + "  development: true") == [
        """
        viva.yaml:4: server.development: whoever may open sessions may break the workers, and server.listen 0.0.0.0:1 \
        can be reached from other machines; listen on 127.0.0.1, or set server.development: false
        """
      ])
    #expect(folder.problems(server + "  development: false") == [])
    #expect(try folder.load("server: { development: true }").server.development)
    #expect(try !folder.load("server: { shards: 1 }").server.development)
  }

  @Test(arguments: ["127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "[0:0:0:0:0:0:0:1]:1"])
  func loopbackNeedsNothing(address: String) throws {
    #expect(try folder.load("server: { listen: '\(address)' }").server.listen.isLoopback)
  }

  @Test(arguments: ["127.example.com", "10.0.0.1", "::", "127.0.0.1\u{0}.example.com", ""])
  func nothingElseIsLoopback(host: String) {
    #expect(!ListenAddress(host: host, port: 1).isLoopback)
  }
}
