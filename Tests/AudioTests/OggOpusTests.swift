import Testing

@testable import Audio

@Suite struct OggOpusTests {
  private static let head = Array("OpusHead".utf8) + [1, 1, 0x38, 0x01, 0xC0, 0x5D, 0, 0, 0, 0, 0]
  private static let tags = Array("OpusTags".utf8) + [0, 0, 0, 0, 0, 0, 0, 0]

  private static let packets: [[UInt8]] = {
    guard let encoder = try? OpusEncoder(sampleRate: 24_000) else { return [] }
    return noise(-30, seconds: 1.6).chunks(of: 480).filter { $0.count == 480 }.compactMap { try? encoder.encode($0) }
  }()

  private static func stream(_ packets: [[UInt8]], packetsPerPage: Int = 50, serial: Int32 = 1) -> [UInt8] {
    let writer = OggOpusWriter(packetsPerPage: packetsPerPage, serialNumber: serial)
    return packets.flatMap { writer.write($0) } + writer.finish()
  }

  private static func headers(tags: [UInt8] = tags) -> [UInt8] {
    OggPage(isFirst: true, head).bytes + OggPage(sequence: 1, tags).bytes
  }

  @Test("packets come back from any pieces", arguments: [1, 7, 50], [1, 26, 1000, 100_000])
  func roundTrip(packetsPerPage: Int, piece: Int) throws {
    let reader = OggOpusReader()
    #expect(reader.channels == nil)
    let stream = Self.stream(Self.packets, packetsPerPage: packetsPerPage)
    let read = try stream.chunks(of: piece).flatMap { try reader.read($0) }
    #expect(Self.packets.count == 53)
    #expect(read == Self.packets)
    #expect(reader.channels == 1)
    #expect(reader.preSkip == 312)
  }

  @Test("the writer makes the pages of RFC 7845")
  func pages() throws {
    let writer = OggOpusWriter(channels: 2, inputSampleRate: 16_000, preSkip: 400, packetsPerPage: 1)
    let pages = writer.write([0x08, 1]) + writer.write([0x08, 2]) + writer.write([0x08]) + writer.finish()
    let head = Array("OpusHead".utf8) + [1, 2, 0x90, 1, 0x80, 0x3E, 0, 0, 0, 0, 0]
    let tags = Array("OpusTags".utf8) + [4, 0, 0, 0] + Array("Viva".utf8) + [0, 0, 0, 0]
    #expect(
      pages == OggPage(isFirst: true, head).bytes + OggPage(sequence: 1, tags).bytes
        + OggPage(sequence: 2, granule: 960, [0x08, 1]).bytes + OggPage(sequence: 3, granule: 1920, [0x08, 2]).bytes
        + OggPage(sequence: 4, granule: 2880, isLast: true, [0x08]).bytes)
  }

  @Test("without packets there are headers, malformed packets are left out")
  func emptyStream() throws {
    let writer = OggOpusWriter()
    let stream = writer.write([0x03, 0]) + writer.finish()
    let reader = OggOpusReader()
    #expect(try reader.read(stream) == [])
    #expect(reader.channels == 1)
  }

  @Test("a packet may go over several pages, and pages may have empty packets")
  func longPacket() throws {
    let long = [UInt8](repeating: 7, count: 60_000)
    let reader = OggOpusReader()
    var stream = Self.headers() + OggPage(sequence: 2, [], [1], []).bytes
    stream += OggPage(sequence: 3, isUnfinished: true, Array(long[..<(255 * 200)])).bytes
    stream += OggPage(sequence: 4, isContinued: true, Array(long[(255 * 200)...])).bytes
    #expect(try reader.read(stream) == [[1], long])
  }

  @Test("a damaged page is left out, those after are read")
  func damage() throws {
    let reader = OggOpusReader()
    var page = OggPage(sequence: 2, [1, 2, 3]).bytes
    page[page.count - 1] ^= 1
    let stream = Self.headers() + page + [1, 2, 3] + OggPage(sequence: 3, [4, 5, 6]).bytes
    #expect(try reader.read(stream) == [[4, 5, 6]])
  }

  @Test("a stream that follows another is read on")
  func chained() throws {
    let reader = OggOpusReader()
    let packets = Array(Self.packets.prefix(5))
    let read = try reader.read(Self.stream(packets) + Self.stream(packets, serial: 9))
    #expect(read == packets + packets)
  }

  @Test("what is no Ogg Opus is refused, again and again")
  func refused() {
    func expect(_ error: OggOpusError, _ bytes: [UInt8]) {
      let reader = OggOpusReader()
      #expect(throws: error) { try reader.read(bytes) }
      #expect(throws: error) { try reader.read(Self.stream(Self.packets)) }
    }
    expect(.notOgg, Array("RIFF____WAVEfmt and so on, in 27 bytes".utf8))
    expect(.notOpus, OggPage(isFirst: true, Array("vorbis, not Opus".utf8)).bytes)
    expect(.notOpus, OggPage(sequence: 1, Self.head).bytes)
    expect(.notOpus, Self.headers(tags: [1, 2, 3]))
    expect(.unsupportedHeader, OggPage(isFirst: true, Array(Self.head.dropLast())).bytes)
    for (offset, value) in [(8, 16), (9, 0), (9, 3), (18, 1)] as [(Int, UInt8)] {
      var head = Self.head
      head[offset] = value
      expect(.unsupportedHeader, OggPage(isFirst: true, head).bytes)
    }
  }

  @Test("a packet without end is refused, in the header as well as later")
  func endless() {
    func pagesUntilRefused(_ start: [UInt8], _ limit: Int) -> Int? {
      let reader = OggOpusReader()
      _ = try? reader.read(start)
      let filler = [UInt8](repeating: 0, count: 255 * 255)
      for index in 0..<limit {
        let page = OggPage(sequence: UInt32(index + 2), isContinued: index > 0, isUnfinished: true, filler)
        do { _ = try reader.read(page.bytes) } catch { return error == .packetTooLarge ? index : nil }
      }
      return nil
    }
    #expect(pagesUntilRefused(Self.headers(), 9) == 0)
    #expect(pagesUntilRefused(OggPage(isFirst: true, Self.head).bytes, 9) == 4)
  }

  @Test("comments with a picture are read", arguments: [100_000, 260_000])
  func largeTags(size: Int) throws {
    let tags = Self.tags + [UInt8](repeating: 1, count: size - Self.tags.count)
    var stream = OggPage(isFirst: true, Self.head).bytes
    let parts = tags.chunks(of: 255 * 255)
    for (index, part) in parts.enumerated() {
      stream +=
        OggPage(
          sequence: UInt32(index + 1), isContinued: index > 0, isUnfinished: index < parts.count - 1, part
        ).bytes
    }
    let reader = OggOpusReader()
    #expect(try reader.read(stream + OggPage(sequence: UInt32(parts.count + 1), [9]).bytes) == [[9]])
  }

  @Test("100,000 streams of random bytes, damaged streams and pages of random shape do no harm")
  func hostile() {
    var generator = SeededGenerator(seed: 11)
    let good = Self.stream(Array(Self.packets.prefix(4)), packetsPerPage: 1)
    var packets = 0
    for index in 0..<100_000 {
      let reader = OggOpusReader()
      var bytes: [UInt8]
      switch index % 4 {
      case 0:
        bytes = randomBytes(.random(in: 0...100, using: &generator), &generator)
      case 1:
        bytes = Array("OggS".utf8) + randomBytes(.random(in: 0...100, using: &generator), &generator)
      case 2:
        bytes = good
        bytes[.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
        bytes = Array(bytes.prefix(.random(in: 0...bytes.count, using: &generator)))
      default:
        bytes = index % 8 == 3 ? Self.headers() : []
        for _ in 0..<3 { bytes += OggPage.random(&generator).bytes }
      }
      packets += (try? reader.read(bytes).count) ?? 0
    }
    #expect(packets > 10_000)
  }
}
