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
    guard (1...maximumBytes).contains(packet.count), sampleRates.contains(rate) else { return nil }
    let frames = withUnsafeTemporaryAllocation(of: Int16.self, capacity: 48) { sizes in
      opus_packet_parse(packet, Int32(packet.count), nil, nil, sizes.baseAddress!, nil)
    }
    guard frames > 0 else { return nil }
    return Int(frames) * Int(opus_packet_get_samples_per_frame(packet, Int32(rate)))
  }

  /// Whether two channels are coded. A mono decoder mixes them.
  public static func isStereo(_ packet: [UInt8]) -> Bool {
    packet.first.map { $0 & 4 != 0 } ?? false
  }
}
