extension RTPHeader {
  /// For fuzzing: any bytes are read, and everything that can be asked is asked.
  public static func exercise(_ packet: RawSpan) {
    guard let header = try? RTPHeader(packet) else { return }
    if let payload = try? header.payload(in: packet) { _ = packet.extracting(payload) }
    var elements = RTPHeaderExtensions(header)
    while let element = elements.next(in: packet) {
      _ = packet.extracting(element.value)
      _ = header.audioLevel(id: element.id, in: packet)
    }
  }
}
