/// A number in the first six characters of a local user name fragment. A check carries it, so that a shell with many
/// peers on one port finds the one that is meant without a table of fragments; the peer then compares all of it.
enum IceRoutingTag {
  static let characterCount = 6

  static func characters(_ tag: UInt32) -> [UInt8] {
    (0..<characterCount).map { IceCharacter.alphabet[Int(tag >> UInt32(6 * $0) & 63)] }
  }
}

extension STUNMessage {
  /// The tag of the peer that a request is for; nil when its USERNAME begins with none. `datagram` has to be the one
  /// that was read.
  public func routingTag(in datagram: RawSpan) -> UInt32? {
    guard let username, username.count > IceRoutingTag.characterCount, username.upperBound <= datagram.byteCount
    else { return nil }
    var tag: UInt64 = 0
    for index in 0..<IceRoutingTag.characterCount {
      guard let value = IceCharacter.value(of: datagram.uint8(at: username.lowerBound + index)) else { return nil }
      tag |= UInt64(value) << UInt64(6 * index)
    }
    return UInt32(exactly: tag)
  }
}
