import COpus

/// Decodes Opus to mono (libopus); stereo is mixed down. Any bytes are safe. For use by one thread.
///
/// Takes 18 KB: make it with the first packet.
public final class OpusDecoder {
  public let sampleRate: Int

  private let decoder: OpaquePointer

  /// - Parameter sampleRate: Of the output, one of `OpusPacket.sampleRates`.
  public init(sampleRate: Int) throws(OpusError) {
    guard OpusPacket.sampleRates.contains(sampleRate) else { throw .unsupportedRate(sampleRate) }
    var status = OPUS_OK
    guard let decoder = opus_decoder_create(Int32(sampleRate), 1, &status) else {
      throw .failed(code: Int(status))
    }
    self.decoder = decoder
    self.sampleRate = sampleRate
  }

  deinit {
    opus_decoder_destroy(decoder)
  }

  /// The packet's audio, 2.5 to 120 ms.
  public func decode(_ packet: [UInt8]) throws(OpusError) -> [Int16] {
    // Also keeps an empty packet out, which libopus takes for a lost one.
    guard let duration = OpusPacket.duration(packet, at: sampleRate) else { throw .malformedPacket }
    var status: Int32 = 0
    let samples = [Int16](unsafeUninitializedCapacity: duration) { buffer, initialized in
      status = opus_decode(
        decoder, packet, Int32(packet.count), buffer.baseAddress!, Int32(duration), 0)
      initialized = Int(max(0, status))
    }
    guard status > 0 else { throw .malformedPacket }
    return samples
  }

  /// What may have been in lost packets, guessed from the audio before: it dies away within some 100 ms.
  /// - Parameter samples: How many to make up; the caller bounds them.
  public func conceal(samples: Int) -> [Int16] {
    let unit = sampleRate / 400  // libopus conceals in steps of 2.5 ms
    let longest = sampleRate * OpusPacket.longestMilliseconds / 1000
    var output: [Int16] = []
    while output.count < samples {
      let missing = samples - output.count
      let count = min((missing + unit - 1) / unit * unit, longest)
      let piece = [Int16](unsafeUninitializedCapacity: count) { buffer, initialized in
        let made = Int(opus_decode(decoder, nil, 0, buffer.baseAddress!, Int32(count), 0))
        if made != count { buffer.initialize(repeating: 0) }
        initialized = count
      }
      output += piece.prefix(missing)
    }
    return output
  }
}
