import COgg

/// Makes an Ogg Opus stream of Opus packets (RFC 7845; libogg). The newest packet is held back until it is known
/// whether it is the last. For use by one thread.
public final class OggOpusWriter {
  private let header: OggOpusHeader
  private let packetsPerPage: Int
  private var stream = ogg_stream_state()
  private var held: [UInt8]?
  private var packets = 0
  private var packetsOnPage = 0
  /// Samples at 48 kHz, the pre-skip included.
  private var granulePosition = 0

  /// - Parameters:
  ///   - channels: 1 or 2.
  ///   - inputSampleRate: Of what was encoded, in Hz; for information only.
  ///   - preSkip: Samples at 48 kHz to leave out at the start; 312 is libopus's lag in VOIP mode.
  ///   - packetsPerPage: 1 for live audio; more for a file, where each page costs 28 bytes.
  ///   - serialNumber: Tells streams in one file apart.
  public init(
    channels: Int = 1, inputSampleRate: Int = 24_000, preSkip: Int = 312, packetsPerPage: Int = 50,
    serialNumber: Int32 = 1
  ) {
    precondition((1...2).contains(channels) && packetsPerPage > 0)
    header = OggOpusHeader(channels: channels, preSkip: preSkip, inputSampleRate: inputSampleRate)
    self.packetsPerPage = packetsPerPage
    guard ogg_stream_init(&stream, serialNumber) == 0 else { fatalError("out of memory") }
  }

  deinit {
    ogg_stream_clear(&stream)
  }

  /// The pages that are ready, with the headers before the first. A malformed packet is left out.
  public func write(_ packet: [UInt8]) -> [UInt8] {
    var pages = writeHeaders()
    guard OpusPacket.duration(packet, at: 48_000) != nil else { return pages }
    if let held { pages += add(held, isLast: false) }
    held = packet
    return pages
  }

  /// The last pages. Afterwards nothing may be written.
  public func finish() -> [UInt8] {
    var pages = writeHeaders()
    if let held { pages += add(held, isLast: true) }
    held = nil
    return pages
  }

  private func writeHeaders() -> [UInt8] {
    guard packets == 0 else { return [] }
    // Each header has a page of its own.
    put(header.bytes, isLast: false)
    var pages = flush()
    put(OggOpusTags.bytes(vendor: "Viva"), isLast: false)
    pages += flush()
    return pages
  }

  private func add(_ packet: [UInt8], isLast: Bool) -> [UInt8] {
    granulePosition += OpusPacket.duration(packet, at: 48_000) ?? 0
    put(packet, isLast: isLast)
    packetsOnPage += 1
    return isLast || packetsOnPage >= packetsPerPage ? flush() : []
  }

  private func put(_ bytes: [UInt8], isLast: Bool) {
    var bytes = bytes
    let status = bytes.withUnsafeMutableBufferPointer { bytes in
      var packet = ogg_packet(
        packet: bytes.baseAddress, bytes: bytes.count, b_o_s: packets == 0 ? 1 : 0, e_o_s: isLast ? 1 : 0,
        granulepos: Int64(granulePosition), packetno: Int64(packets))
      return ogg_stream_packetin(&stream, &packet)
    }
    guard status == 0 else { fatalError("out of memory") }
    packets += 1
  }

  private func flush() -> [UInt8] {
    packetsOnPage = 0
    var pages: [UInt8] = []
    var page = ogg_page()
    while ogg_stream_flush(&stream, &page) != 0 {
      pages += UnsafeBufferPointer(start: page.header, count: page.header_len)
      pages += UnsafeBufferPointer(start: page.body, count: page.body_len)
    }
    return pages
  }
}
