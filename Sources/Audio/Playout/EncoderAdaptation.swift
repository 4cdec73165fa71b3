import Runtime

/// What an Opus encoder's bitrate and error correction should be, by what the receiver reports (RTCP).
///
/// The loss is smoothed: half of a rise counts at once, a fifth of a fall.
/// * Error correction goes on at 2 % loss and off again at 0.5 %; the encoder is told the loss, up to 25 %.
/// * Above 10 % loss, or when the round trip is 150 ms and half above its lowest, the way is taken for congested: the
///   bitrate falls by 15 % a report, down to 12 kbit/s, or 16 kbit/s with error correction, below which libopus would
///   leave that out.
/// * Below 2 % loss without congestion it rises by 2 kbit/s a report, from the second such report on.
/// * In between it stays.
public struct EncoderAdaptation: Sendable, Equatable {
  static let startBitrate = 24_000
  static let minimumBitrate = 12_000
  static let minimumBitrateWithFEC = 16_000
  static let maximumLoss = 25

  private static let lossToStartFEC = 0.02
  private static let lossToStopFEC = 0.005
  private static let lossOfCongestion = 0.1

  private let maximumBitrate: Int
  private let mayUseFEC: Bool
  /// In bit/s.
  public private(set) var bitrate: Int
  public private(set) var usesFEC = false
  /// Smoothed, 0...1.
  public private(set) var loss = 0.0

  private var lowestRoundTrip: Duration?
  private var goodReports = 0

  public init(_ format: PlayoutFormat) {
    maximumBitrate = min(max(6000, format.maximumBitrate), 510_000)
    mayUseFEC = format.usesFEC && format.codec == .opus
    bitrate = min(Self.startBitrate, maximumBitrate)
  }

  /// What the encoder is to be told, in percent; 0 is without error correction.
  public var expectedLoss: Int {
    usesFEC ? min(max(1, Int((loss * 100).rounded(.up))), Self.maximumLoss) : 0
  }

  /// - Parameters:
  ///   - fractionLost: In 1/256, as a report block has it.
  ///   - roundTrip: If it is known.
  public mutating func received(fractionLost: UInt8, roundTrip: Duration?) {
    let latest = Double(fractionLost) / 256
    loss += (latest - loss) * (latest > loss ? 0.5 : 0.2)
    if loss >= Self.lossToStartFEC { usesFEC = mayUseFEC }
    if loss < Self.lossToStopFEC { usesFEC = false }

    if loss > Self.lossOfCongestion || isQueueing(roundTrip) {
      goodReports = 0
      bitrate = bitrate * 85 / 100
    } else if loss < Self.lossToStartFEC {
      goodReports = min(goodReports + 1, 2)
      if goodReports == 2 { bitrate += 2000 }
    } else {
      goodReports = 0
    }
    bitrate = max(bitrate, usesFEC ? Self.minimumBitrateWithFEC : Self.minimumBitrate)
    bitrate = min(bitrate, maximumBitrate)
  }

  private mutating func isQueueing(_ roundTrip: Duration?) -> Bool {
    guard let roundTrip, roundTrip >= .zero else { return false }
    // The lowest drifts up, as the way may have changed.
    let lowest = min(roundTrip, (lowestRoundTrip ?? roundTrip) * 1.01)
    lowestRoundTrip = lowest
    return roundTrip > lowest * 1.5 + .milliseconds(150)
  }
}
