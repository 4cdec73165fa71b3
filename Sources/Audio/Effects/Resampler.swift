import CSpeexDSP

/// Converts mono 16-bit audio from one sample rate to another (libspeexdsp), a stream in pieces of any size.
///
/// The filter's delay is removed: the first output sample is at the time of the first input sample, and after
/// `drain()` the output has the input's duration to the sample. How the input was cut into pieces makes no
/// difference to the output. Equal rates pass through untouched. Takes no memory to speak
/// of before the first audio. For use by one thread.
public final class Resampler {
  /// In Hz.
  public static let supportedRates = 8000...48000

  public let inputRate: Int
  public let outputRate: Int

  private let quality: Int
  /// Made with the first audio.
  private var filter: OpaquePointer?
  private var consumed = 0
  private var produced = 0

  /// - Parameters:
  ///   - from: The input's sample rate in Hz, one of `supportedRates`.
  ///   - to: The output's sample rate in Hz, one of `supportedRates`.
  ///   - quality: 0 (fastest) to 10 (best); 3 is libspeexdsp's setting for speech.
  public init(from inputRate: Int, to outputRate: Int, quality: Int = 3) throws(ResamplerError) {
    for rate in [inputRate, outputRate] where !Self.supportedRates.contains(rate) {
      throw .unsupportedRate(rate)
    }
    guard (0...10).contains(quality) else { throw .unsupportedQuality(quality) }

    self.inputRate = inputRate
    self.outputRate = outputRate
    self.quality = quality
  }

  /// A resampler between rates that are known to be supported.
  static func between(_ inputRate: Int, _ outputRate: Int) -> Resampler {
    guard let resampler = try? Resampler(from: inputRate, to: outputRate) else {
      preconditionFailure("\(inputRate) Hz or \(outputRate) Hz is not supported")
    }
    return resampler
  }

  deinit {
    if let filter { speex_resampler_destroy(filter) }
  }

  /// What is ready after `input`. The newest few milliseconds stay in the filter until more input or `drain()`.
  public func process(_ input: [Int16]) -> [Int16] {
    guard inputRate != outputRate else { return input }
    var output: [Int16] = []
    input.withUnsafeBufferPointer { process($0, appendingTo: &output) }
    return output
  }

  /// As `process(_:)`, into an array which the caller reuses.
  public func process(_ input: UnsafeBufferPointer<Int16>, appendingTo output: inout [Int16]) {
    guard inputRate != outputRate else {
      output.append(contentsOf: input)
      return
    }
    guard !input.isEmpty else { return }
    let filter = self.filter ?? makeFilter()
    let before = output.count
    output.reserveCapacity(before + input.count * outputRate / inputRate + 2)
    run(filter, input, &output)
    consumed += input.count
    produced += output.count - before
  }

  /// The end of the stream: what the filter still holds. Afterwards the resampler is as new.
  public func drain() -> [Int16] {
    guard let filter else { return [] }
    let missing = (consumed * outputRate + inputRate / 2) / inputRate - produced
    // The delay in zeros pushes out all but a rounding error; one output sample's worth more covers that.
    let padding = Int(speex_resampler_get_input_latency(filter)) + inputRate / outputRate + 1
    var tail: [Int16] = []
    [Int16](repeating: 0, count: padding).withUnsafeBufferPointer { run(filter, $0, &tail) }

    consumed = 0
    produced = 0
    speex_resampler_reset_mem(filter)
    speex_resampler_skip_zeros(filter)
    return Array(tail.prefix(missing))
  }

  private func makeFilter() -> OpaquePointer {
    var status: Int32 = 0
    guard let made = speex_resampler_init(1, UInt32(inputRate), UInt32(outputRate), Int32(quality), &status) else {
      fatalError("out of memory")
    }
    speex_resampler_skip_zeros(made)
    filter = made
    return made
  }

  private func run(
    _ filter: OpaquePointer, _ input: UnsafeBufferPointer<Int16>, _ output: inout [Int16]
  ) {
    var rest = input[...]
    while !rest.isEmpty {
      withUnsafeTemporaryAllocation(of: Int16.self, capacity: 1024) { block in
        var read = UInt32(clamping: rest.count)
        var written = UInt32(block.count)
        speex_resampler_process_int(
          filter, 0, UnsafeBufferPointer(rebasing: rest).baseAddress, &read, block.baseAddress, &written)
        rest = rest.dropFirst(Int(read))
        output.append(contentsOf: block.prefix(Int(written)))
      }
    }
  }
}

public enum ResamplerError: Error, Equatable {
  /// Outside `Resampler.supportedRates`; in Hz.
  case unsupportedRate(Int)
  /// Outside 0...10.
  case unsupportedQuality(Int)
}
