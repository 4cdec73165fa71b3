import CUsrSCTP
import Runtime

extension SCTPAssociation {
  /// For fuzzing: a connected association gets the bytes as the chunks of a packet, with ports, tag and checksum that are
  /// right. Needs usrsctp for itself.
  public static func exercise(_ bytes: RawSpan) {
    do {
      let endpoint = try SCTPEndpoint()
      var now = Instant(nanoseconds: 0)
      _ = endpoint.handleTimers(now: now)
      let client = try SCTPAssociation(endpoint: endpoint, role: .client)
      let server = try SCTPAssociation(endpoint: endpoint, role: .server)
      var header: [UInt8] = []
      func exchange() {
        var rounds = 0
        while rounds < 100 {
          rounds += 1
          var isQuiet = true
          while let packet = client.pollTransmit() {
            header = Array(packet.prefix(SCTPPacket.headerLength))
            server.handle(packet.span.bytes)
            isQuiet = false
          }
          while let packet = server.pollTransmit() {
            client.handle(packet.span.bytes)
            isQuiet = false
          }
          if isQuiet { break }
        }
        while client.pollEvent() != nil {}
        while server.pollEvent() != nil {}
      }
      try client.connect()
      try server.connect()
      exchange()
      let stream = try client.open(DataChannel(label: "fuzz"))
      exchange()
      guard server.channel(on: stream) != nil else { fatalError("no channel") }

      var packet = header + bytes.withUnsafeBytes { Array($0) }
      packet.replaceSubrange(8..<12, with: [0, 0, 0, 0])
      let checksum = packet.withUnsafeMutableBytes { usrsctp_crc32c($0.baseAddress, $0.count) }
      withUnsafeBytes(of: checksum) { packet.replaceSubrange(8..<12, with: $0) }
      server.handle(packet.span.bytes)
      for _ in 0..<3 {
        exchange()
        now = now + .milliseconds(500)
        _ = endpoint.handleTimers(now: now)
      }
      exchange()
    } catch {
      fatalError("\(error)")
    }
  }
}
