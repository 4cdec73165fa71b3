/// What a jitter buffer has done so far: W3C's names and meanings (webrtc-stats, `RTCInboundRtpStreamStats`), samples
/// at 16 kHz.
public struct JitterBufferStatistics: Sendable, Equatable {
  /// Given out, whatever was in them.
  public var totalSamplesReceived = 0
  /// Of these, made up because their packet was lost or late. Silence that the sender left out (DTX) is not.
  public var concealedSamples = 0
  /// Of these, silent ones: what is made up dies away after some 100 ms.
  public var silentConcealedSamples = 0
  /// Stretches of concealed samples.
  public var concealmentEvents = 0
  /// Put in and taken out, to have more and less delay.
  public var insertedSamplesForDeceleration = 0
  public var removedSamplesForAcceleration = 0
  /// In seconds, summed over the emitted samples: from the arrival of the packet to when it was given out.
  public var jitterBufferDelay = 0.0
  /// In seconds, summed over the emitted samples: what the delay should have been.
  public var jitterBufferTargetDelay = 0.0
  /// Samples from packets.
  public var jitterBufferEmittedCount = 0
  /// Received and not played: too late, too early, or dropped with the stream before a restart.
  public var packetsDiscarded = 0
  /// Packets that carry a copy of the one before.
  public var fecPacketsReceived = 0

  // Not W3C's.

  /// Accepted for playing.
  public var packetsReceived = 0
  /// Of the discarded ones, those that came after their time.
  public var packetsLate = 0
  public var packetsDuplicated = 0
  /// Not the codec's; neither accepted nor discarded.
  public var packetsMalformed = 0
  /// Lost packets whose audio was taken from the one after.
  public var packetsRecovered = 0
  /// Packets that were silent and were not decoded.
  public var packetsNotDecoded = 0
  /// How often the stream began anew: the first packet, another SSRC, a jump.
  public var streamStarts = 0
}
