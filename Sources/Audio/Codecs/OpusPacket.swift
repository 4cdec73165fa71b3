import COpus

/// What an Opus packet tells without being decoded (RFC 6716, section 3).
public enum OpusPacket {
  /// What Opus encodes from and decodes to, in Hz. Any packet decodes to any of them.
  public static let sampleRates: Set = [8000, 12_000, 16_000, 24_000, 48_000]
  /// Packets for speech have a few hundred bytes at the most; larger ones are refused.
  public static let maximumBytes = 4000
  static let longestMilliseconds = 120

  /// The packet's length in samples at `rate`, at most 120 ms; `nil` when the packet breaks a rule of section 3.2 or
  /// is too large, or `rate` is not one of `sampleRates`.
  public static func duration(_ packet: [UInt8], at rate: Int) -> Int? {
    packet.withUnsafeBufferPointer { duration($0, at: rate) }
  }

  /// As above, of bytes anywhere.
  public static func duration(_ packet: UnsafeBufferPointer<UInt8>, at rate: Int) -> Int? {
    guard (1...maximumBytes).contains(packet.count), let start = packet.baseAddress, sampleRates.contains(rate) else {
      return nil
    }
    let frames = withUnsafeTemporaryAllocation(of: Int16.self, capacity: 48) { sizes in
      opus_packet_parse(start, Int32(packet.count), nil, nil, sizes.baseAddress!, nil)
    }
    guard frames > 0 else { return nil }
    return Int(frames) * Int(opus_packet_get_samples_per_frame(start, Int32(rate)))
  }

  /// The length of one of the packet's frames, in samples at `rate`.
  ///
  /// - Parameter packet: One that `duration(_:at:)` is known of.
  static func frameDuration(_ packet: UnsafeBufferPointer<UInt8>, at rate: Int) -> Int {
    packet.baseAddress.map { Int(opus_packet_get_samples_per_frame($0, Int32(rate))) } ?? 0
  }

  /// Whether two channels are coded. A mono decoder mixes them.
  public static func isStereo(_ packet: [UInt8]) -> Bool {
    packet.first.map { $0 & 4 != 0 } ?? false
  }

  /// Whether the packet says again, coarsely, what was in the one before it (in-band forward error correction, "LBRR"
  /// in RFC 6716, section 4.2.4).
  ///
  /// - Parameter packet: One that `duration(_:at:)` is known of.
  static func hasForwardErrorCorrection(_ packet: UnsafeBufferPointer<UInt8>) -> Bool {
    // Only SILK and hybrid frames have it.
    guard let start = packet.baseAddress, !packet.isEmpty, packet[0] & 0x80 == 0 else { return false }
    let milliseconds = Int(opus_packet_get_samples_per_frame(start, 48_000)) / 48
    let flagBits = max(1, milliseconds / 20) + 1
    return withUnsafeTemporaryAllocation(of: Int16.self, capacity: 48) { sizes in
      withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: 48) { frames in
        let count = opus_packet_parse(
          start, Int32(packet.count), nil, frames.baseAddress!, sizes.baseAddress!, nil)
        guard count > 0, sizes[0] > 1, let first = frames[0] else { return false }
        // The first bits of a SILK frame, for each channel: voice activity of each 20 ms, then the flag.
        let channels = packet[0] & 4 == 0 ? 1 : 2
        return (1...channels).contains { first.pointee & 0x80 >> UInt8($0 * flagBits - 1) != 0 }
      }
    }
  }
}
