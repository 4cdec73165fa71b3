import Testing

@testable import Audio

@Suite struct VoiceActivityTests {
  private func voicedFrames(_ samples: [Int16], _ detector: some VoiceActivityDetector) -> [Bool] {
    var detector = detector
    return samples.withUnsafeBufferPointer { samples in
      stride(from: 0, to: samples.count - VoiceFrame.samples + 1, by: VoiceFrame.samples).map {
        detector.isVoiced(frame: UnsafeBufferPointer(rebasing: samples[$0..<$0 + VoiceFrame.samples]))
      }
    }
  }

  @Test(arguments: 0...3)
  func webRTCTellsSpeechFromNoise(mode: Int) throws {
    let speech = try Speech.espeak("Would you tell me more about your last project?").scaled(to: -20)
    let heard = voicedFrames(silence(seconds: 0.5) + speech, WebRTCVoiceActivityDetector(mode: mode))
    #expect(heard.count { $0 } * 10 > speech.count / VoiceFrame.samples * 8)

    let detector = WebRTCVoiceActivityDetector(mode: mode)
    #expect(!voicedFrames(silence(seconds: 1), detector).contains(true))
    #expect(!voicedFrames(noise(-50, seconds: 5), WebRTCVoiceActivityDetector(mode: mode)).contains(true))
  }

  @Test func theGateFollowsTheNoiseUpInASecondAndDownAtOnce() {
    var gate = EnergyGate(minimum: -55, margin: 6)
    func open(_ samples: [Int16]) -> Double {
      samples.withUnsafeBufferPointer { samples in
        let frames = samples.count / VoiceFrame.samples
        let passed = (0..<frames).count { index in
          let start = index * VoiceFrame.samples
          return gate.isVoiced(
            frame: UnsafeBufferPointer(rebasing: samples[start..<start + VoiceFrame.samples]))
        }
        return Double(passed) / Double(frames)
      }
    }
    #expect(open(noise(-70, seconds: 1)) == 0)
    // The first second of a new noise may be speech.
    #expect(open(noise(-40, seconds: 0.5)) == 1)
    _ = open(noise(-40, seconds: 0.5))
    #expect(open(noise(-40, seconds: 5)) == 0)
    #expect(open(noise(-30, seconds: 0.5)) == 1)
    _ = open(noise(-70, seconds: 0.2))
    #expect(open(noise(-50, seconds: 0.2)) == 1)
  }

  @Test func theGateKnowsANoiseFromItsFirstFrame() {
    #expect(!voicedFrames(noise(-51, seconds: 5), EnergyGate(minimum: -55, margin: 6)).contains(true))
  }

  @Test func aHigherThresholdNeedsLouderSpeech() throws {
    let speech = try Speech.espeak("Would you tell me more about your last project?")
    let counts = [0.0, 0.3, 0.5, 0.8, 1].map { threshold in
      voicedFrames(
        silence(seconds: 0.5) + speech.scaled(to: -42), GatedVoiceActivityDetector(threshold: threshold)
      ).count { $0 }
    }
    #expect(counts == counts.sorted(by: >))
    #expect(counts.last! * 2 < counts.first!)
  }

  @Test(arguments: [-1, 2, .infinity, -.infinity, .nan] as [Double])
  func anyThresholdIsSafe(threshold: Double) {
    #expect(
      !voicedFrames(silence(seconds: 0.1), GatedVoiceActivityDetector(threshold: threshold)).contains(true))
  }
}
