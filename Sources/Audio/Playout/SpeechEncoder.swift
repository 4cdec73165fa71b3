/// Encodes frames of 24 kHz to the payloads of one stream. Takes no memory to speak of before the first frame and
/// after `release()`.
struct SpeechEncoder: ~Copyable {
  let format: PlayoutFormat

  private var opus: OpusEncoder?
  private var downsampler: FrameResampler?
  /// What the encoder was told.
  private var bitrate = 0
  private var complexity = 0
  private var expectedLoss = 0

  init(_ format: PlayoutFormat) {
    self.format = format
  }

  /// At 24 kHz.
  var frameSamples: Int { 24 * format.packetTime }

  var isReleased: Bool { opus == nil && downsampler == nil }

  /// - Parameters:
  ///   - frame: Of `frameSamples`.
  ///   - complexity: Of the Opus encoder, 0...10.
  /// - Returns: The payload's length; 0 when there is none, or no room for it.
  mutating func encode(
    _ frame: UnsafeBufferPointer<Int16>, into payload: UnsafeMutableBufferPointer<UInt8>, complexity: Int,
    _ adaptation: EncoderAdaptation
  ) -> Int {
    guard let law = format.codec.law else { return encodeOpus(frame, payload, complexity, adaptation) }
    let count = frame.count / 3
    guard payload.count >= count, let output = payload.baseAddress else { return 0 }
    let downsampler = self.downsampler ?? FrameResampler(from: 24_000, to: 8000)
    self.downsampler = downsampler
    withUnsafeTemporaryAllocation(of: Int16.self, capacity: count) { narrow in
      downsampler.process(frame, into: narrow)
      G711.encode(UnsafeBufferPointer(narrow), law, into: output)
    }
    return count
  }

  /// The next packet can be decoded whatever came before it.
  mutating func restart() {
    opus?.reset()
    downsampler?.reset()
  }

  mutating func release() {
    opus = nil
    downsampler = nil
  }

  private mutating func encodeOpus(
    _ frame: UnsafeBufferPointer<Int16>, _ payload: UnsafeMutableBufferPointer<UInt8>, _ complexity: Int,
    _ adaptation: EncoderAdaptation
  ) -> Int {
    let complexity = min(max(0, complexity), 10)
    let isNew = opus == nil
    guard
      let encoder = opus
        ?? (try? OpusEncoder(
          sampleRate: 24_000, bitrate: adaptation.bitrate, complexity: complexity, packetMilliseconds: format.packetTime
        ))
    else { return 0 }
    opus = encoder
    if isNew || bitrate != adaptation.bitrate || self.complexity != complexity
      || expectedLoss != adaptation.expectedLoss
    {
      bitrate = adaptation.bitrate
      self.complexity = complexity
      expectedLoss = adaptation.expectedLoss
      encoder.configure(bitrate: bitrate, complexity: complexity, expectedLoss: expectedLoss)
    }
    return max(0, encoder.encode(frame, into: payload))
  }
}
