/// What an SCTP packet looks like from outside (RFC 9260, section 3), to keep from usrsctp what no peer of a data channel
/// sends.
///
/// usrsctp 0.9.5 is of 2021. So it gets only the chunks that RFC 8831 calls for, with lengths that add up; the parsers of
/// the rest (address changes, authentication, packet-drop reports and so on) are out of reach.
enum SCTPPacket {
  /// Source port, destination port, verification tag, checksum.
  static let headerLength = 12
  private static let chunkHeaderLength = 4

  private enum Chunk: UInt8 {
    case data = 0
    case initiation = 1
    case initiationAck = 2
    case sack = 3
    case heartbeat = 4
    case heartbeatAck = 5
    case abort = 6
    case shutdown = 7
    case shutdownAck = 8
    case error = 9
    case cookieEcho = 10
    case cookieAck = 11
    case shutdownComplete = 14
    case reconfiguration = 130
    case padding = 132
    case forwardTSN = 192

    /// Of a chunk with its header, in bytes.
    var minimumLength: Int {
      switch self {
      // One byte of user data at least.
      case .data: 17
      case .initiation, .initiationAck: 20
      case .sack: 16
      case .shutdown, .forwardTSN: 8
      default: 4
      }
    }

    /// Whether it comes alone in its packet.
    var isAlone: Bool {
      switch self {
      case .initiation, .initiationAck, .shutdownComplete: true
      default: false
      }
    }
  }

  /// - Parameters:
  ///   - remote: The port of the peer, as its SDP says.
  ///   - local: Ours.
  static func isAcceptable(_ packet: RawSpan, from remote: UInt16, to local: UInt16) -> Bool {
    guard packet.byteCount >= headerLength + chunkHeaderLength, packet.uint16(at: 0) == remote,
      packet.uint16(at: 2) == local
    else { return false }
    var offset = headerLength
    var chunks = 0
    var mustBeAlone = false
    while offset < packet.byteCount {
      guard let length = length(at: offset, of: packet), let chunk = Chunk(rawValue: packet.uint8(at: offset)),
        length >= chunk.minimumLength
      else { return false }
      if chunk == .initiation || chunk == .initiationAck {
        guard hasNoAddresses(packet.extracting(offset + 20..<offset + length)) else { return false }
      }
      chunks += 1
      mustBeAlone = mustBeAlone || chunk.isAlone
      // Padded to four bytes, though the last may lack it.
      offset += (length + 3) & ~3
    }
    return !mustBeAlone || chunks == 1
  }

  /// The length that the chunk or parameter at `offset` claims, if it is there.
  private static func length(at offset: Int, of bytes: RawSpan) -> Int? {
    guard bytes.byteCount - offset >= chunkHeaderLength else { return nil }
    let length = Int(bytes.uint16(at: offset + 2))
    return length >= chunkHeaderLength && length <= bytes.byteCount - offset ? length : nil
  }

  /// Over DTLS there are no addresses to announce (RFC 8261, section 6.1).
  private static func hasNoAddresses(_ parameters: RawSpan) -> Bool {
    var offset = 0
    while offset < parameters.byteCount {
      guard let length = length(at: offset, of: parameters) else { return false }
      // IPv4, IPv6, host name.
      if [5, 6, 11].contains(parameters.uint16(at: offset)) { return false }
      offset += (length + 3) & ~3
    }
    return true
  }
}
