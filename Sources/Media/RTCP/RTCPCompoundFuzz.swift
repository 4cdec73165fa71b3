extension RTCPCompound {
  /// For fuzzing: any bytes are read, and everything that can be asked is asked.
  public static func exercise(_ bytes: RawSpan) {
    guard var compound = try? RTCPCompound(bytes) else { return }
    while let packet = try? compound.next(in: bytes) {
      switch packet {
      case .senderReport(let report): exercise(report.reportBlocks, bytes)
      case .receiverReport(let report): exercise(report.reportBlocks, bytes)
      case .sourceDescription(let description):
        for offset in stride(from: 0, to: bytes.byteCount - 3, by: 4) {
          guard let name = description.canonicalName(of: bytes.uint32(at: offset), in: bytes) else { continue }
          _ = bytes.extracting(name)
        }
      case .goodbye(let goodbye):
        for index in 0...goodbye.count { _ = goodbye.ssrc(at: index, in: bytes) }
      case .genericNACK(let nack):
        for index in 0...nack.count { _ = nack.entry(at: index, in: bytes)?.reduce(0) { $0 ^ $1.rawValue } }
      case .pictureLossIndication, .fullIntraRequest, .other: break
      }
    }
  }

  private static func exercise(_ blocks: ReportBlocks?, _ bytes: RawSpan) {
    guard let blocks else { return }
    for index in 0...blocks.count { _ = blocks.block(at: index, in: bytes) }
  }
}
