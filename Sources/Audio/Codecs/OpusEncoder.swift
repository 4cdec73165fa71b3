import COpus

/// Encodes mono speech to Opus (libopus, VOIP mode, variable bitrate, every packet sent). For use by one thread.
///
/// Takes 44 KB: make it when there is something to say.
public final class OpusEncoder {
  /// What libopus needs for 20 ms at 510 kbit/s.
  static let largestPacket = 1276

  public let sampleRate: Int
  /// What one packet takes: 20 ms, if not asked otherwise.
  public let frameSamples: Int

  private let encoder: OpaquePointer

  /// - Parameters:
  ///   - sampleRate: Of the input, one of `OpusPacket.sampleRates`.
  ///   - bitrate: Mean, in bit/s, 6000...510000.
  ///   - complexity: 0 (fastest) to 10 (best).
  ///   - packetMilliseconds: 10, 20, 40 or 60.
  public init(
    sampleRate: Int, bitrate: Int = 24_000, complexity: Int = 5, packetMilliseconds: Int = 20
  ) throws(OpusError) {
    guard OpusPacket.sampleRates.contains(sampleRate) else { throw .unsupportedRate(sampleRate) }
    guard (6000...510_000).contains(bitrate) else { throw .unsupportedBitrate(bitrate) }
    guard (0...10).contains(complexity) else { throw .unsupportedComplexity(complexity) }
    guard [10, 20, 40, 60].contains(packetMilliseconds) else {
      throw .wrongFrameSize(sampleRate / 1000 * packetMilliseconds)
    }

    var status = OPUS_OK
    guard let encoder = opus_encoder_create(Int32(sampleRate), 1, OPUS_APPLICATION_VOIP, &status) else {
      throw .failed(code: Int(status))
    }
    self.encoder = encoder
    self.sampleRate = sampleRate
    frameSamples = sampleRate / 1000 * packetMilliseconds
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
    var status = 0
    // The array is cut to what libopus wrote.
    let packet = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.largestPacket) { buffer in
      status = frame.withUnsafeBufferPointer { encode($0, into: buffer) }
      return Array(buffer.prefix(max(0, status)))
    }
    guard status > 0 else { throw .failed(code: status) }
    return packet
  }

  /// As above, into the caller's memory. The packet is kept within it; libopus lowers the bitrate for that.
  ///
  /// - Parameter frame: The next `frameSamples` samples.
  /// - Returns: The packet's length, or libopus' error, which is negative.
  func encode(_ frame: UnsafeBufferPointer<Int16>, into packet: UnsafeMutableBufferPointer<UInt8>) -> Int {
    guard let samples = frame.baseAddress, let output = packet.baseAddress, frame.count == frameSamples else {
      return Int(OPUS_BAD_ARG)
    }
    return Int(opus_encode(encoder, samples, Int32(frame.count), output, Int32(clamping: packet.count)))
  }

  /// Forgets the stream so far: the next packet can be decoded whatever came before it. Settings stay.
  func reset() {
    _ = viva_opus_encoder_reset(encoder)
  }

  /// - Parameters:
  ///   - bitrate: Mean, in bit/s, 6000...510000.
  ///   - complexity: 0 (fastest) to 10 (best).
  ///   - expectedLoss: In percent, 0...100. Above 0, packets say again what was in the one before (in-band forward
  ///     error correction) where the bitrate has room for it.
  func configure(bitrate: Int, complexity: Int, expectedLoss: Int) {
    _ = viva_opus_encoder_set(encoder, OPUS_SET_BITRATE_REQUEST, Int32(clamping: bitrate))
    _ = viva_opus_encoder_set(encoder, OPUS_SET_COMPLEXITY_REQUEST, Int32(clamping: complexity))
    _ = viva_opus_encoder_set(encoder, OPUS_SET_INBAND_FEC_REQUEST, expectedLoss > 0 ? 1 : 0)
    _ = viva_opus_encoder_set(encoder, OPUS_SET_PACKET_LOSS_PERC_REQUEST, Int32(clamping: expectedLoss))
  }
}
