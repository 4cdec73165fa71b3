import COpus

/// Encodes mono speech to Opus (libopus, VOIP mode, variable bitrate, every packet sent), 20 ms a packet. For use by
/// one thread.
///
/// Takes 44 KB: make it when there is something to say.
public final class OpusEncoder {
  public let sampleRate: Int
  /// What one packet takes: 20 ms.
  public let frameSamples: Int

  private let encoder: OpaquePointer

  /// - Parameters:
  ///   - sampleRate: Of the input, one of `OpusPacket.sampleRates`.
  ///   - bitrate: Mean, in bit/s, 6000...510000.
  ///   - complexity: 0 (fastest) to 10 (best).
  public init(sampleRate: Int, bitrate: Int = 24_000, complexity: Int = 5) throws(OpusError) {
    guard OpusPacket.sampleRates.contains(sampleRate) else { throw .unsupportedRate(sampleRate) }
    guard (6000...510_000).contains(bitrate) else { throw .unsupportedBitrate(bitrate) }
    guard (0...10).contains(complexity) else { throw .unsupportedComplexity(complexity) }

    var status = OPUS_OK
    guard let encoder = opus_encoder_create(Int32(sampleRate), 1, OPUS_APPLICATION_VOIP, &status) else {
      throw .failed(code: Int(status))
    }
    self.encoder = encoder
    self.sampleRate = sampleRate
    frameSamples = sampleRate / 50
    for (request, value) in [(OPUS_SET_BITRATE_REQUEST, bitrate), (OPUS_SET_COMPLEXITY_REQUEST, complexity)] {
      let status = viva_opus_encoder_set(encoder, request, Int32(value))
      guard status == OPUS_OK else { throw .failed(code: Int(status)) }
    }
  }

  deinit {
    opus_encoder_destroy(encoder)
  }

  /// - Parameter frame: The next `frameSamples` samples.
  public func encode(_ frame: [Int16]) throws(OpusError) -> [UInt8] {
    guard frame.count == frameSamples else { throw .wrongFrameSize(frame.count) }
    var status: Int32 = 0
    // What libopus needs at 510 kbit/s; the array is cut to what it wrote.
    let packet = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1276) { buffer in
      status = opus_encode(encoder, frame, Int32(frame.count), buffer.baseAddress!, Int32(buffer.count))
      return Array(buffer.prefix(Int(max(0, status))))
    }
    guard status > 0 else { throw .failed(code: Int(status)) }
    return packet
  }
}
