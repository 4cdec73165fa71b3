extension STUNMessage {
  /// For fuzzing: any bytes are read, and everything that can be asked is asked.
  public static func exercise(_ datagram: RawSpan) {
    guard let message = STUNMessage(datagram) else { return }
    _ = message.isAuthentic(MessageIntegrityKey([]), in: datagram)
    for range in [message.username, message.unknownAttributes] {
      if let range { _ = datagram.extracting(range) }
    }
    for index in 0..<message.notUnderstood.count { _ = message.notUnderstood[index].isComprehensionRequired }
    _ = message.xorMappedAddress?.description
  }
}
