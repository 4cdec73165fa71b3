public enum OpusError: Error, Equatable {
  /// Not one of `OpusPacket.sampleRates`; in Hz.
  case unsupportedRate(Int)
  /// Outside 6000...510000; in bit/s.
  case unsupportedBitrate(Int)
  /// Outside 0...10.
  case unsupportedComplexity(Int)
  /// The encoder was given another number of samples than `frameSamples`.
  case wrongFrameSize(Int)
  /// Not an Opus packet, or larger than `OpusPacket.maximumBytes`.
  case malformedPacket
  /// What libopus said.
  case failed(code: Int)
}
