/// One page as RFC 3533 has it, made without libogg, so that tests can make pages which libogg would not.
struct OggPage {
  var flags: UInt8
  var granule: UInt64 = 0
  var serial: UInt32 = 1
  var sequence: UInt32
  var lacing: [UInt8]
  var body: [UInt8]

  /// - Parameter isUnfinished: The last packet goes on in the next page; its size is a multiple of 255.
  init(
    sequence: UInt32 = 0, granule: UInt64 = 0, isFirst: Bool = false, isLast: Bool = false, isContinued: Bool = false,
    isUnfinished: Bool = false, _ packets: [UInt8]...
  ) {
    flags = (isContinued ? 1 : 0) | (isFirst ? 2 : 0) | (isLast ? 4 : 0)
    self.sequence = sequence
    self.granule = granule
    lacing = packets.flatMap { [UInt8](repeating: 255, count: $0.count / 255) + [UInt8($0.count % 255)] }
    if isUnfinished { lacing.removeLast() }
    body = packets.flatMap { $0 }
  }

  static func random(_ generator: inout SeededGenerator) -> OggPage {
    var page = OggPage(sequence: .random(in: 0...4, using: &generator))
    page.flags = .random(in: 0...7, using: &generator)
    page.granule = generator.next()
    page.serial = .random(in: 1...2, using: &generator)
    page.lacing = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
      Bool.random(using: &generator) ? 255 : .random(in: 0...20, using: &generator)
    }
    page.body = randomBytes(page.lacing.reduce(0) { $0 + Int($1) }, &generator)
    return page
  }

  var bytes: [UInt8] {
    func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
    var page = Array("OggS".utf8) + [0, flags] + littleEndian(granule) + littleEndian(serial)
    page += littleEndian(sequence) + [0, 0, 0, 0, UInt8(lacing.count)] + lacing + body
    page.replaceSubrange(22..<26, with: littleEndian(Self.checksum(page)))
    return page
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte) << 24) { value, _ in value << 1 ^ (value >> 31 == 1 ? 0x04C1_1DB7 : 0) }
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.reduce(0) { $0 << 8 ^ table[Int(UInt8($0 >> 24) ^ $1)] }
  }
}
