import Foundation
import Gateway
import Testing

extension FrontDoorTests {
  @Suite("TLS certificates", .timeLimit(.minutes(2)))
  struct Certificates {
    /// A folder with `certificate.pem` and `key.pem`, gone afterwards.
    private final class Folder {
      let url = FileManager.default.temporaryDirectory.appendingPathComponent("viva-tls-\(UUID().uuidString)")
      var certificate: String { url.appendingPathComponent("certificate.pem").path }
      var key: String { url.appendingPathComponent("key.pem").path }

      init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
      deinit { try? FileManager.default.removeItem(at: url) }

      /// Makes a self-signed certificate and puts it where the server looks.
      func install(_ name: String, algorithm: [String]) throws {
        let made = url.appendingPathComponent("made").path
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments =
          ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout", made + ".key", "-out"]
          + [made + ".pem", "-newkey"] + algorithm
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
        try replace(certificate, by: Data(contentsOf: URL(fileURLWithPath: made + ".pem")))
        try replace(key, by: Data(contentsOf: URL(fileURLWithPath: made + ".key")))
      }

      func replace(_ path: String, by data: Data) throws {
        try data.write(to: URL(fileURLWithPath: path), options: .atomic)
      }
    }

    private static let elliptic = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    private static let rsa = ["rsa:2048"]

    /// Longer than the server takes between two looks at its files.
    private func letItLook() { usleep(5_000_000) }

    @Test("are replaced without dropping a connection; a bad one changes nothing", arguments: [elliptic, rsa])
    func reload(second: [String]) throws {
      let folder = try Folder()
      try folder.install("first", algorithm: Self.elliptic)
      let server = FrontDoorTestServer()
      try server.run({
        $0.listeners[0].tls = .init(certificateFile: folder.certificate, privateKeyFile: folder.key)
      }) { port, _ in
        let old = try TLSTestClient(port: port)
        #expect(old.serverName == "first")
        #expect(try old.get("/") == "HTTP/1.1 200 OK")

        try folder.install("second", algorithm: second)
        #expect(eventually { (try? TLSTestClient(port: port))?.serverName == "second" })
        #expect(try old.get("/") == "HTTP/1.1 200 OK")

        try folder.replace(folder.certificate, by: Data("-----BEGIN CERTIFICATE-----\ngarbage".utf8))
        letItLook()
        let new = try TLSTestClient(port: port)
        #expect(new.serverName == "second")
        #expect(try new.get("/") == "HTTP/1.1 200 OK")

        // A certificate without its key, as between the two writes of a renewal; then the whole.
        let other = try Folder()
        try other.install("third", algorithm: Self.elliptic)
        try folder.replace(folder.certificate, by: Data(contentsOf: URL(fileURLWithPath: other.certificate)))
        letItLook()
        #expect(try TLSTestClient(port: port).serverName == "second")
        try folder.replace(folder.key, by: Data(contentsOf: URL(fileURLWithPath: other.key)))
        #expect(eventually { (try? TLSTestClient(port: port))?.serverName == "third" })
        #expect(try old.get("/") == "HTTP/1.1 200 OK")
      }
    }
  }
}
