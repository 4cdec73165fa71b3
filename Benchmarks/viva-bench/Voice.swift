import Audio

/// What the two sides say: something like speech, the same in each run.
enum Voice {
  /// Syllables of a gliding voice with a little breath. Mono.
  static func samples(seconds: Int, at sampleRate: Int) -> [Int16] {
    var phase = 0.0
    var noise: UInt32 = 1
    return (0..<seconds * sampleRate).map { index in
      let time = Double(index) / Double(sampleRate)
      let pitch = 125 + 25 * sine(time * 0.7) + 8 * sine(time * 5.1)
      phase += pitch / Double(sampleRate)
      phase -= phase.rounded(.down)
      // Four syllables a second, with a pause now and then.
      let syllable = max(0, sine(time * 4)) * (sine(time * 0.45) > -0.7 ? 1 : 0)
      var voice = 0.0
      for harmonic in 1...12 {
        let frequency = pitch * Double(harmonic)
        let first = peak(frequency, 600 + 200 * sine(time * 1.3))
        let second = peak(frequency, 1500 + 500 * sine(time * 0.9))
        voice += (first + 0.6 * second) * sine(phase * Double(harmonic))
      }
      noise = noise &* 1_664_525 &+ 1_013_904_223
      let breath = Double(noise >> 16) / 32_768 - 1
      return Int16(max(-32_000, min(32_000, syllable * (voice * 9000 + breath * 400))))
    }
  }

  /// The packets of 20 ms that an Opus encoder makes of it, at 24 kHz.
  static func packets(of samples: [Int16]) throws -> [[UInt8]] {
    let encoder = try OpusEncoder(sampleRate: 24_000)
    return try stride(from: 0, to: samples.count, by: encoder.frameSamples).map { start in
      try encoder.encode(Array(samples[start..<start + encoder.frameSamples]))
    }
  }

  /// Of a time in turns.
  private static func sine(_ turns: Double) -> Double {
    // Bhaskara's approximation: Foundation is not needed for a test tone.
    var turn = turns - turns.rounded(.down)
    let sign = turn < 0.5 ? 1.0 : -1.0
    if turn >= 0.5 { turn -= 0.5 }
    let degrees = turn * 360
    let product = degrees * (180 - degrees)
    return sign * 4 * product / (40_500 - product)
  }

  private static func peak(_ frequency: Double, _ formant: Double) -> Double {
    let distance = (frequency - formant) / 150
    return 1 / (1 + distance * distance)
  }
}
