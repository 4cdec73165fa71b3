import CSpeexDSP

/// Converts frames between two rates of which one is a multiple of the other (libspeexdsp), sample for sample: a frame
/// gives exactly its duration, at once. The filter's delay, 1 to 2 ms, stays in the stream. For use by one thread.
///
/// Where the delay must go, and the pieces have any size, there is `Resampler`.
final class FrameResampler {
  private let filter: OpaquePointer

  /// - Parameters:
  ///   - inputRate: In Hz.
  ///   - outputRate: In Hz, a multiple or a divisor of `inputRate`.
  init(from inputRate: Int, to outputRate: Int) {
    precondition(inputRate.isMultiple(of: outputRate) || outputRate.isMultiple(of: inputRate))
    var status: Int32 = 0
    guard let filter = speex_resampler_init(1, UInt32(inputRate), UInt32(outputRate), 3, &status) else {
      fatalError("out of memory")
    }
    self.filter = filter
  }

  deinit {
    speex_resampler_destroy(filter)
  }

  /// - Parameters:
  ///   - input: Whole output samples' worth.
  ///   - output: Room for the same duration.
  /// - Returns: Samples written.
  @discardableResult
  func process(_ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutableBufferPointer<Int16>) -> Int {
    var read = UInt32(clamping: input.count)
    var written = UInt32(clamping: output.count)
    speex_resampler_process_int(filter, 0, input.baseAddress, &read, output.baseAddress, &written)
    return Int(written)
  }

  /// Forgets the stream so far.
  func reset() {
    speex_resampler_reset_mem(filter)
  }
}
