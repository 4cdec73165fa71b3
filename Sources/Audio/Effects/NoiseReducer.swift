import CSpeexDSP

/// Takes steady noise out of speech at 16 kHz mono (libspeexdsp's preprocessor), a stream in pieces of any size: each
/// piece comes back with as many samples, `delaySamples` late. How the stream was cut makes no difference to the
/// output. For use by one thread.
public final class NoiseReducer {
  /// One frame to fill and one for the overlap of libspeexdsp's windows: 40 ms.
  public static let delaySamples = 2 * VoiceFrame.samples

  private let suppression: Int32
  /// Made with the first audio.
  private var preprocessor: OpaquePointer?
  private var input: [Int16] = []
  private var output: [Int16] = []

  /// - Parameter strength: 0...1, how far noise is lowered: from 0 to 40 dB; values outside are taken as the nearer end.
  public init(strength: Double) {
    suppression = strength.isNaN ? 0 : Int32(-40 * min(max(0, strength), 1))
  }

  deinit {
    if let preprocessor { speex_preprocess_state_destroy(preprocessor) }
  }

  public func process(_ samples: [Int16]) -> [Int16] {
    guard !samples.isEmpty else { return [] }
    let preprocessor = self.preprocessor ?? start()
    input += samples
    let whole = input.count - input.count % VoiceFrame.samples
    input.withUnsafeMutableBufferPointer { input in
      for start in stride(from: 0, to: whole, by: VoiceFrame.samples) {
        _ = speex_preprocess_run(preprocessor, input.baseAddress! + start)
      }
    }
    output += input[..<whole]
    input.removeFirst(whole)
    let ready = Array(output.prefix(samples.count))
    output.removeFirst(samples.count)
    return ready
  }

  private func start() -> OpaquePointer {
    guard
      let made = speex_preprocess_state_init(Int32(VoiceFrame.samples), Int32(VoiceFrame.sampleRate))
    else { fatalError("out of memory") }
    // The rest is off by default; turning off its voice activity detection would print a warning.
    for (request, value) in [
      (SPEEX_PREPROCESS_SET_DENOISE, 1), (SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, suppression),
    ] {
      var value = value
      speex_preprocess_ctl(made, request, &value)
    }
    output = [Int16](repeating: 0, count: VoiceFrame.samples)
    preprocessor = made
    return made
  }
}
