/// Passes frames which stand out from the background: louder than an absolute minimum, and than the noise floor by
/// a margin.
///
/// The noise floor falls with a quieter frame at once, and rises to the quietest frame of the last half to whole
/// second. Speech has gaps in any such time, so it does not lift the floor; a fan that starts does.
public struct EnergyGate: VoiceActivityDetector {
  private static let blockFrames = VoiceFrame.perSecond / 2
  /// How much of the way down the floor goes with one quieter frame.
  private static let fall = 0.5
  /// The first frame sets the floor, but it may already be speech: so many dB above the minimum at the most.
  private static let firstFloor = 8.0

  /// In dBFS.
  public let minimum: Double
  /// In dB above the noise floor.
  public let margin: Double
  /// In dBFS; `nil` before the first frame. Never so low that the minimum would not be what counts.
  public private(set) var noiseFloor: Double?

  private var quietestOfLastBlock = -Double.infinity
  private var quietestOfBlock = Double.infinity
  private var framesOfBlock = 0

  public init(minimum: Double, margin: Double) {
    self.minimum = minimum
    self.margin = margin
  }

  public mutating func isVoiced(frame: UnsafeBufferPointer<Int16>) -> Bool {
    let level = max(PCM16.level(of: frame), minimum - margin)
    var floor = noiseFloor ?? min(level, minimum + Self.firstFloor)
    if level < floor { floor += (level - floor) * Self.fall }

    quietestOfBlock = min(quietestOfBlock, level)
    framesOfBlock += 1
    if framesOfBlock == Self.blockFrames {
      floor = max(floor, min(quietestOfBlock, quietestOfLastBlock))
      quietestOfLastBlock = quietestOfBlock
      quietestOfBlock = .infinity
      framesOfBlock = 0
    }
    noiseFloor = floor
    return level > floor + margin
  }
}
