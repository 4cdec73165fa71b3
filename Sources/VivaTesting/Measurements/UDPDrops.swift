import Foundation

/// Datagrams that the kernel has thrown away because nobody read them in time.
public enum UDPDrops {
  /// Of all sockets of this machine's network, since it was started, over IPv4: `RcvbufErrors` and `SndbufErrors`.
  public static func ofMachine() -> (received: Int, sent: Int)? {
    (try? String(contentsOfFile: "/proc/net/snmp", encoding: .utf8)).flatMap(errors)
  }

  /// Of the sockets that a process has open.
  public static func ofProcess(_ pid: Int32) -> Int? {
    let folder = "/proc/\(pid)/fd"
    guard let descriptors = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
    let inodes = descriptors.compactMap { name -> Substring? in
      guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"),
        target.hasPrefix("socket:[")
      else { return nil }
      return target.dropFirst(8).dropLast()
    }
    let own = Set(inodes.map(String.init))
    return ["udp", "udp6"].reduce(0) { sum, name in
      guard let file = FileHandle(forReadingAtPath: "/proc/\(pid)/net/\(name)") else { return sum }
      var bytes: [UInt8] = []
      while let part = try? file.read(upToCount: 1 << 16), !part.isEmpty { bytes += part }
      return sum + drops(of: own, in: String(decoding: bytes, as: UTF8.self))
    }
  }

  /// - Parameter text: of `/proc/net/snmp`: a line of names and a line of numbers for each protocol.
  static func errors(in text: String) -> (received: Int, sent: Int)? {
    let lines = text.split(separator: "\n").filter { $0.hasPrefix("Udp:") }.map { $0.split(separator: " ") }
    guard lines.count == 2 else { return nil }
    let fields = Dictionary(zip(lines[0], lines[1])) { first, _ in first }
    guard let received = fields["RcvbufErrors"].flatMap({ Int($0) }),
      let sent = fields["SndbufErrors"].flatMap({ Int($0) })
    else { return nil }
    return (received, sent)
  }

  /// - Parameter text: of `/proc/net/udp`: the tenth field is the inode, the last the drops.
  static func drops(of inodes: Set<String>, in text: String) -> Int {
    text.split(separator: "\n").dropFirst().reduce(0) { sum, line in
      let fields = line.split(separator: " ")
      guard fields.count >= 13, inodes.contains(String(fields[9])) else { return sum }
      return sum + (Int(fields[fields.count - 1]) ?? 0)
    }
  }
}
