/// Decodes the packets of one stream to 16 kHz, and makes up lost ones. Takes no memory to speak of before the first
/// packet and after `release()`.
struct VoiceDecoder: ~Copyable {
  static let sampleRate = 16_000
  /// At 16 kHz.
  static let samplesPerMillisecond = sampleRate / 1000

  let codec: VoiceCodec

  private var opus: OpusDecoder?
  /// From G.711's 8 kHz.
  private var upsampler: FrameResampler?
  private var concealment = G711Concealment()

  init(_ codec: VoiceCodec) {
    self.codec = codec
  }

  /// What a payload says of itself, or nil when it is not the codec's. In `RTPUnits`.
  func describe(_ payload: UnsafeBufferPointer<UInt8>) -> (duration: Int64, frame: Int64, hasFEC: Bool)? {
    guard payload.count <= PacketSlab.largestPayload else { return nil }
    // Nothing but padding: a probe.
    if payload.isEmpty { return (0, 0, false) }
    guard codec == .opus else {
      let duration = Int64(payload.count) * 6
      return duration <= RTPUnits.from(milliseconds: 120) ? (duration, duration, false) : nil
    }
    guard let duration = OpusPacket.duration(payload, at: 48_000) else { return nil }
    let frame = OpusPacket.frameDuration(payload, at: 48_000)
    return (Int64(duration), Int64(frame), OpusPacket.hasForwardErrorCorrection(payload))
  }

  /// - Returns: Samples written; 0 when it cannot be decoded.
  mutating func decode(
    _ payload: UnsafeBufferPointer<UInt8>, into samples: UnsafeMutableBufferPointer<Int16>
  ) -> Int {
    concealment.end()
    guard let law = codec.law else { return decoder()?.decode(payload, into: samples) ?? 0 }
    let upsampler = self.upsampler ?? FrameResampler(from: 8000, to: Self.sampleRate)
    self.upsampler = upsampler
    let count = min(payload.count, samples.count / 2)
    return withUnsafeTemporaryAllocation(of: Int16.self, capacity: count) { narrow in
      G711.decode(UnsafeBufferPointer(rebasing: payload[..<count]), law, into: narrow.baseAddress!)
      return upsampler.process(UnsafeBufferPointer(narrow), into: samples)
    }
  }

  /// Decodes the lost packet before `payload`, which carries a copy.
  mutating func recover(
    before payload: UnsafeBufferPointer<UInt8>, into samples: UnsafeMutableBufferPointer<Int16>
  ) -> Int {
    decoder()?.decode(payload, into: samples, recoversPrevious: true) ?? 0
  }

  /// Makes up what is lost.
  ///
  /// - Parameter samples: A multiple of 2.5 ms; before them in memory is the signal so far, for
  ///   `SampleQueue.history` samples.
  mutating func conceal(into samples: UnsafeMutableBufferPointer<Int16>) {
    guard codec == .opus else { return concealment.fill(samples) }
    guard let opus else { return samples.update(repeating: 0) }
    opus.conceal(into: samples)
  }

  /// What comes next does not follow on what came last.
  mutating func reset() {
    opus?.reset()
    upsampler?.reset()
    concealment.end()
  }

  mutating func release() {
    opus = nil
    upsampler = nil
  }

  /// Nil when there is no memory.
  private mutating func decoder() -> OpusDecoder? {
    if let opus { return opus }
    opus = try? OpusDecoder(sampleRate: Self.sampleRate)
    return opus
  }
}
