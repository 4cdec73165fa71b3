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
    var status = 0
    let samples = [Int16](unsafeUninitializedCapacity: duration) { buffer, initialized in
      status = packet.withUnsafeBufferPointer { decode($0, into: buffer) }
      initialized = status
    }
    guard status > 0 else { throw .malformedPacket }
    return samples
  }

  /// As above, into the caller's memory.
  ///
  /// - Parameters:
  ///   - packet: One that `OpusPacket.duration` is known of.
  ///   - samples: Room for that duration, or for the lost packet's with `recoversPrevious`.
  ///   - recoversPrevious: Decode what the packet says of the lost one before it, as much as there is room for; what
  ///     it does not say is concealed. The packet itself is to be decoded afterwards.
  /// - Returns: Samples written; 0 when it cannot be decoded.
  func decode(
    _ packet: UnsafeBufferPointer<UInt8>, into samples: UnsafeMutableBufferPointer<Int16>,
    recoversPrevious: Bool = false
  ) -> Int {
    guard let start = packet.baseAddress, !packet.isEmpty, let output = samples.baseAddress else { return 0 }
    let status = opus_decode(
      decoder, start, Int32(packet.count), output, Int32(samples.count), recoversPrevious ? 1 : 0)
    return max(0, Int(status))
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
        conceal(into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        initialized = count
      }
      output += piece.prefix(missing)
    }
    return output
  }

  /// As above, into the caller's memory.
  /// - Parameter samples: A multiple of 2.5 ms, at most 120 ms.
  func conceal(into samples: UnsafeMutableBufferPointer<Int16>) {
    guard let output = samples.baseAddress else { return }
    let made = Int(opus_decode(decoder, nil, 0, output, Int32(samples.count), 0))
    if made != samples.count { samples.update(repeating: 0) }
  }

  /// Forgets the stream so far; the next packet is as the first.
  func reset() {
    _ = viva_opus_decoder_reset(decoder)
  }
}
