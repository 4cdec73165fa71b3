import Foundation

/// The kernel's list of TCP connections of this machine, which tells when a server has let go of one, even of a client
/// that does not read.
public enum SocketTable {
  /// The ports of the peers whose connections to `localPort` are open at the server's side: it has not closed them.
  public static func openPeers(ofLocalPort localPort: Int) -> Set<Int> {
    ["/proc/net/tcp", "/proc/net/tcp6"].reduce(into: []) { peers, path in
      // Foundation reads what is 0 bytes long, as files in /proc claim to be, only as far as one read goes.
      guard let file = FileHandle(forReadingAtPath: path) else { return }
      var bytes: [UInt8] = []
      while let part = try? file.read(upToCount: 1 << 16), !part.isEmpty { bytes += part }
      peers.formUnion(openPeers(ofLocalPort: localPort, in: String(decoding: bytes, as: UTF8.self)))
    }
  }

  /// - Parameter text: a file's, as proc(5) describes it.
  static func openPeers(ofLocalPort localPort: Int, in text: String) -> Set<Int> {
    var peers: Set<Int> = []
    for line in text.utf8.split(separator: UInt8(ascii: "\n")).dropFirst() {
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 4)
      guard fields.count > 4, port(fields[1]) == localPort, let peer = port(fields[2]),
        // ESTABLISHED and CLOSE_WAIT.
        fields[3].elementsEqual("01".utf8) || fields[3].elementsEqual("08".utf8)
      else { continue }
      peers.insert(peer)
    }
    return peers
  }

  private static func port(_ address: Substring.UTF8View) -> Int? {
    address.split(separator: UInt8(ascii: ":")).last.flatMap { Int(String(Substring($0)), radix: 16) }
  }
}
