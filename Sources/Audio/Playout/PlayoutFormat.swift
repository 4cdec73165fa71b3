/// What the other side wants to receive, as its session description says.
public struct PlayoutFormat: Sendable, Hashable {
  public static let packetTimes = [10, 20, 40, 60]

  public var codec: VoiceCodec
  /// Of a packet that is encoded here, one of `packetTimes`; others count as the next shorter one.
  public var packetMilliseconds: Int
  /// `maxaveragebitrate`, in bit/s; of Opus only.
  public var maximumBitrate: Int
  /// `useinbandfec`; of Opus only.
  public var usesFEC: Bool

  public init(
    _ codec: VoiceCodec, packetMilliseconds: Int = 20, maximumBitrate: Int = 32_000, usesFEC: Bool = true
  ) {
    self.codec = codec
    self.packetMilliseconds = packetMilliseconds
    self.maximumBitrate = maximumBitrate
    self.usesFEC = usesFEC
  }

  var packetTime: Int { Self.packetTimes.last { $0 <= packetMilliseconds } ?? 10 }
}
