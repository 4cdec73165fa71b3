import COgg

/// Takes the Opus packets out of an Ogg Opus stream (RFC 7845; libogg) as its bytes arrive, in pieces of any size.
/// Any bytes are safe, and take at most some 400 KB. For use by one thread.
///
/// Damaged pages are left out. A stream which follows another (chaining) is read on. The pre-skip and the end trimming
/// are left to the caller.
public final class OggOpusReader {
  /// RFC 7845, section 6, on packets which need not be read.
  static let maximumPacketBytes = 61_440
  static let maximumTagBytes = 1 << 18
  /// What libogg is given at once, so that its buffer holds little more than the largest page (65307 bytes).
  private static let blockBytes = 4096

  private enum Expected {
    case header, tags, audio
  }

  private var sync = ogg_sync_state()
  private var stream = ogg_stream_state()
  private var expected = Expected.header
  private var header: OggOpusHeader?
  private var failure: OggOpusError?

  public init() {
    ogg_sync_init(&sync)
    guard ogg_stream_init(&stream, 0) == 0 else { fatalError("out of memory") }
  }

  deinit {
    ogg_stream_clear(&stream)
    ogg_sync_clear(&sync)
  }

  /// 1 or 2, of the header read last; `nil` before.
  public var channels: Int? { header?.channels }

  /// Samples at 48 kHz which nobody should hear, of the header read last; `nil` before.
  public var preSkip: Int? { header?.preSkip }

  /// The audio packets that `bytes` complete. After an error every call throws the same again.
  public func read(_ bytes: [UInt8]) throws(OggOpusError) -> [[UInt8]] {
    if let failure { throw failure }
    do {
      var packets: [[UInt8]] = []
      for start in stride(from: 0, to: bytes.count, by: Self.blockBytes) {
        buffer(bytes[start..<min(start + Self.blockBytes, bytes.count)])
        try readPages(&packets)
      }
      return packets
    } catch {
      failure = error
      throw error
    }
  }

  private func buffer(_ bytes: ArraySlice<UInt8>) {
    guard let space = ogg_sync_buffer(&sync, bytes.count) else { fatalError("out of memory") }
    bytes.withUnsafeBytes { UnsafeMutableRawPointer(space).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    ogg_sync_wrote(&sync, bytes.count)
  }

  private func readPages(_ packets: inout [[UInt8]]) throws(OggOpusError) {
    var page = ogg_page()
    while true {
      let found = ogg_sync_pageout(&sync, &page)
      if found == 0 { return }
      if found > 0 {
        try read(&page, &packets)
      } else if header == nil {
        throw .notOgg
      }
    }
  }

  private func read(_ page: inout ogg_page, _ packets: inout [[UInt8]]) throws(OggOpusError) {
    if ogg_page_bos(&page) != 0 {
      ogg_stream_reset_serialno(&stream, ogg_page_serialno(&page))
      expected = .header
    } else if header == nil {
      throw .notOpus
    }
    // A page of another stream, or of a later version of Ogg.
    guard ogg_stream_pagein(&stream, &page) == 0 else { return }

    var packet = ogg_packet()
    while true {
      let found = ogg_stream_packetout(&stream, &packet)
      if found == 0 { break }
      // Negative: a page is missing before the next packet.
      if found > 0 { try read(packet, &packets) }
    }
    try checkSize(stream.body_fill - stream.body_returned)
  }

  private func read(_ packet: ogg_packet, _ packets: inout [[UInt8]]) throws(OggOpusError) {
    try checkSize(packet.bytes)
    let bytes = Array(UnsafeBufferPointer(start: packet.packet, count: packet.bytes))
    switch expected {
    case .header:
      header = try OggOpusHeader(bytes)
      expected = .tags
    case .tags:
      guard bytes.starts(with: OggOpusTags.magic) else { throw .notOpus }
      expected = .audio
    case .audio:
      if !bytes.isEmpty { packets.append(bytes) }
    }
  }

  private func checkSize(_ bytes: Int) throws(OggOpusError) {
    guard bytes <= (expected == .tags ? Self.maximumTagBytes : Self.maximumPacketBytes) else {
      throw .packetTooLarge
    }
  }
}
