import Foundation
import Runtime
import Testing

@testable import Media

/// Against OpenSSL's own command line over UDP on loopback.
@Suite(.serialized, .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
struct OpenSSLCommandTests {
  @Test(arguments: SRTPProfile.allCases)
  func sClientAgreesOnKeysAndTalks(profile: SRTPProfile) async throws {
    try await TestThread.clock.run {
      let socket = try LoopbackSocket()
      let command = try OpenSSLCommand(
        identity: TestIdentity.client, profile: profile,
        ["s_client", "-connect", "127.0.0.1:\(socket.port)", "-use_srtp", profile.opensslName])
      defer { command.end() }
      try talk(command, over: socket, role: .server, trusting: TestIdentity.client, profile: profile)
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func sServerAgreesOnKeysAndTalks(profile: SRTPProfile) async throws {
    try await TestThread.clock.run {
      let socket = try LoopbackSocket()
      let port = try LoopbackSocket().port
      let command = try OpenSSLCommand(
        identity: TestIdentity.server, profile: profile,
        ["s_server", "-accept", "127.0.0.1:\(port)", "-Verify", "1", "-use_srtp", profile.opensslName])
      defer { command.end() }
      socket.peer = port
      try talk(command, over: socket, role: .client, trusting: TestIdentity.server, profile: profile)
    }
  }

  private func talk(
    _ command: OpenSSLCommand, over socket: LoopbackSocket, role: DTLSRole, trusting identity: DTLSIdentity,
    profile: SRTPProfile
  ) throws {
    let own = role == .client ? TestIdentity.client : TestIdentity.server
    let connection = DTLSConnection(
      identity: own, role: role, fingerprints: [identity.fingerprint], now: .now)
    var keys: SRTPKeyingMaterial?
    var heard: [UInt8] = []
    var isClosed = false
    let end = Instant.now + .seconds(12)
    while !isClosed, Instant.now < end {
      let now = Instant.now
      while let datagram = socket.receive() { connection.handle(datagram, now: now) }
      while connection.needsStep { connection.step(now: now) }
      if let deadline = connection.nextDeadline(now: now), deadline <= now + .milliseconds(1) {
        connection.handleTimeout(now: now)
      }
      while let datagram = connection.pollTransmit() { socket.send(datagram) }
      while let event = connection.pollEvent() {
        switch event {
        case .connected(let material):
          keys = material
          command.say("viva voce\n")
        case .received(let data):
          heard += data
          if heard == Array("viva voce\n".utf8) {
            try connection.send(Array("heard you\n".utf8))
            while let datagram = connection.pollTransmit() { socket.send(datagram) }
            usleep(200_000)
            // s_client says close_notify at the end of its input, s_server does not.
            if role == .server {
              command.hangUp()
            } else {
              connection.close()
              isClosed = true
            }
          }
        case .closed: isClosed = true
        case .failed(let error): Issue.record("\(error)\n\(command.output)")
        }
      }
      if case .failed = connection.state { break }
      usleep(1000)
    }
    #expect(String(decoding: heard, as: UTF8.self) == "viva voce\n")
    #expect(isClosed)
    let material = try #require(keys)
    #expect(material.profile == profile)
    let client = role == .client ? material.local : material.remote
    let server = role == .client ? material.remote : material.local
    let exported = client.key + server.key + client.salt + server.salt
    let hex = exported.map { String(format: "%02X", $0) }.joined()
    let output = command.output
    #expect(output.contains("Keying material: \(hex)"), "\(output)")
    #expect(output.contains("heard you"))
  }
}

/// A child process of this test, fed and read through pipes and a file.
private final class OpenSSLCommand {
  private let process = Process()
  private let input = Pipe()
  private let folder: URL

  init(identity: DTLSIdentity, profile: SRTPProfile, _ arguments: [String]) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "viva-dtls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let (certificate, key) = (folder.appending(path: "certificate"), folder.appending(path: "key"))
    try Data(identity.certificate).write(to: certificate)
    try Data(identity.privateKey).write(to: key)
    try Data().write(to: folder.appending(path: "output"))
    let output = try FileHandle(forWritingTo: folder.appending(path: "output"))
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments =
      arguments + [
        "-dtls1_2", "-mtu", "1200", "-cert", certificate.path, "-certform", "DER", "-key", key.path, "-keyform", "DER",
        "-keymatexport", SRTPKeyingMaterial.exporterLabel,
        "-keymatexportlen", "\(SRTPKeyingMaterial.exportedLength(of: profile))",
      ]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    try process.run()
  }

  var output: String {
    String(decoding: (try? Data(contentsOf: folder.appending(path: "output"))) ?? Data(), as: UTF8.self)
  }

  func say(_ text: String) { try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

  func hangUp() { try? input.fileHandleForWriting.close() }

  func end() {
    // s_server takes SIGTERM as its time to wait for the next client.
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }
}

/// A UDP socket on loopback that talks to one port: `peer`, or whoever spoke first.
private final class LoopbackSocket {
  private let descriptor: Int32
  let port: UInt16
  var peer: UInt16?

  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    var address = Self.loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    self.descriptor = descriptor
    port = UInt16(bigEndian: address.sin_port)
    guard bound else { throw POSIXError(.EADDRINUSE) }
  }

  deinit { close(descriptor) }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return address
  }

  func receive() -> [UInt8]? {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    var buffer = [UInt8](repeating: 0, count: 2048)
    let count = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(descriptor, &buffer, 2048, 0, $0, &length) }
    }
    guard count >= 0 else { return nil }
    peer = peer ?? UInt16(bigEndian: address.sin_port)
    return Array(buffer.prefix(count))
  }

  func send(_ datagram: [UInt8]) {
    guard let peer else { return }
    var address = Self.loopback(peer)
    _ = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, datagram, datagram.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
