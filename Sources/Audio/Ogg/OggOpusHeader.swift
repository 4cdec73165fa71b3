/// The identification header of an Ogg Opus stream (RFC 7845, section 5.1), for one or two channels.
struct OggOpusHeader: Equatable {
  private static let magic = Array("OpusHead".utf8)

  var channels: Int
  /// Samples at 48 kHz which the decoder makes first and nobody should hear.
  var preSkip: Int
  /// Of what was encoded, in Hz; for information only.
  var inputSampleRate: Int

  var bytes: [UInt8] {
    Self.magic + [1, UInt8(clamping: channels)] + littleEndianBytes(UInt16(clamping: preSkip))
      + littleEndianBytes(UInt32(clamping: inputSampleRate)) + littleEndianBytes(UInt16(0)) + [0]
  }
}

extension OggOpusHeader {
  init(_ packet: [UInt8]) throws(OggOpusError) {
    guard packet.starts(with: Self.magic) else { throw .notOpus }
    // The upper half of the version may not change, the lower may; channel mapping family 0 is mono or stereo.
    guard packet.count >= 19, packet[8] < 16, (1...2).contains(packet[9]), packet[18] == 0 else {
      throw .unsupportedHeader
    }
    channels = Int(packet[9])
    preSkip = Int(packet[10]) | Int(packet[11]) << 8
    inputSampleRate = (12..<16).reversed().reduce(0) { $0 << 8 | Int(packet[$1]) }
  }
}

/// The comment header (section 5.2).
enum OggOpusTags {
  static let magic = Array("OpusTags".utf8)

  /// No comments, only who wrote the stream.
  static func bytes(vendor: String) -> [UInt8] {
    magic + littleEndianBytes(UInt32(vendor.utf8.count)) + Array(vendor.utf8) + littleEndianBytes(UInt32(0))
  }
}

private func littleEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
