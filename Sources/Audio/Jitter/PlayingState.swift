/// Where a jitter buffer is in the stream, and what it is doing there.
struct PlayingState {
  /// Why nothing is decoded until the next packet is due.
  enum Rest {
    /// The sender is silent, or has not begun.
    case pause
    /// Packets are missing, and what was made up has died away.
    case starved
  }

  /// Of the next packet to be played.
  var nextSequence: Int64 = 0
  /// Its timestamp, when nothing is lost; `RTPUnits`.
  var position: Int64 = 0
  /// Nil while playing.
  var rest: Rest? = .pause
  /// Since the last start of the stream.
  var hasPlayed = false

  /// Samples made up since the last real ones.
  var concealed = 0
  /// Of these, those for which no packet has told yet whether anything was lost: they may have been in the place of
  /// lost ones, or of late ones. `RTPUnits`.
  var unexplained: Int64 = 0
  /// Silent packets in a row.
  var silentPackets = 0
  /// The decoder has not seen the packets before the next one.
  var decoderLags = false
  /// The last packet said that there is nothing to say (a DTX frame).
  var isDTX = false

  /// Which share of the packets is lost, of the last 100 or so; 0...1.
  private(set) var lossShare: Float = 0
  /// Whether the sender puts copies into its packets.
  var hasFEC = false

  /// When the last packet was decoded, how late that was against its transit; `RTPUnits`. Nil when none was in this
  /// tick.
  var delayAtDecoding: Int64?
  var ticksSinceScaling = 0
  var ticksSinceDecoding = 0
  var ticksSincePacket = 0

  mutating func restart(at sequence: Int64) {
    nextSequence = sequence
    rest = .pause
    hasPlayed = false
    concealed = 0
    unexplained = 0
    silentPackets = 0
    decoderLags = true
    isDTX = false
  }

  mutating func packetArrived() {
    ticksSincePacket = 0
  }

  mutating func count(lost: Bool) {
    lossShare += ((lost ? 1 : 0) - lossShare) / 100
  }
}
