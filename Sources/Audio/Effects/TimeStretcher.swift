import CSonic

/// Speaks faster or slower at the same pitch (libsonic), a mono stream in pieces of any size. For use by one thread.
///
/// Holds back some 30 ms. Speed 1 passes through untouched.
public final class TimeStretcher {
  public static let supportedSpeeds = 0.25...4.0

  public let speed: Double

  /// `nil` at speed 1.
  private let stream: sonicStream?

  /// - Parameters:
  ///   - sampleRate: In Hz, one of `Resampler.supportedRates`.
  ///   - speed: One of `supportedSpeeds`, 2 being twice as fast; values outside are taken as the nearer end.
  public init(sampleRate: Int, speed: Double) {
    precondition(Resampler.supportedRates.contains(sampleRate))
    let speed = speed.isNaN ? 1 : min(max(speed, Self.supportedSpeeds.lowerBound), Self.supportedSpeeds.upperBound)
    self.speed = speed
    guard speed != 1 else {
      stream = nil
      return
    }
    guard let stream = sonicCreateStream(Int32(sampleRate), 1) else { fatalError("out of memory") }
    sonicSetSpeed(stream, Float(speed))
    self.stream = stream
  }

  deinit {
    if let stream { sonicDestroyStream(stream) }
  }

  /// What is ready after `samples`.
  public func process(_ samples: [Int16]) -> [Int16] {
    guard let stream else { return samples }
    var output: [Int16] = []
    // In blocks, so that libsonic's buffers stay small.
    for start in stride(from: 0, to: samples.count, by: 4800) {
      var block = Array(samples[start..<min(start + 4800, samples.count)])
      guard sonicWriteShortToStream(stream, &block, Int32(block.count)) == 1 else { fatalError("out of memory") }
      output += available(stream)
    }
    return output
  }

  /// The end of the stream: what is still held. Afterwards the next stream may begin.
  public func drain() -> [Int16] {
    guard let stream else { return [] }
    guard sonicFlushStream(stream) == 1 else { fatalError("out of memory") }
    return available(stream)
  }

  private func available(_ stream: sonicStream) -> [Int16] {
    let count = Int(sonicSamplesAvailable(stream))
    return [Int16](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = Int(sonicReadShortFromStream(stream, buffer.baseAddress, Int32(count)))
    }
  }
}
