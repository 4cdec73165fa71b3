import Runtime
import Testing

@testable import Audio

@Suite("Encoder policies")
struct EncoderPolicyTests {
  @Test("complexity falls with load, and rises again slowly")
  func complexity() {
    var policy = EncoderComplexity(maximum: 10)
    let steps = [(0.5, 10), (0.8, 8), (0.8, 5), (0.7, 5), (0.8, 2), (0.95, 0)]
    for (load, expected) in steps { #expect(policy.update(load: load, after: 1) == expected) }
    for _ in 0..<9 { #expect(policy.update(load: 0.4, after: 1) == 0) }
    #expect(policy.update(load: 0.4, after: 1) == 2)
    for _ in 0..<60 { policy.update(load: 0.4, after: 1) }
    #expect(policy.current == 10)
  }

  @Test("load that swings between the thresholds changes nothing")
  func hysteresis() {
    var policy = EncoderComplexity()
    policy.update(load: 0.8, after: 2)
    let settled = policy.current
    for index in 0..<1000 { policy.update(load: index % 2 == 0 ? 0.5 : 0.72, after: 1) }
    #expect(policy.current == settled)
  }

  @Test("error correction goes on at 2 % loss, and off when it is over")
  func errorCorrection() {
    var adaptation = EncoderAdaptation(PlayoutFormat(.opus))
    adaptation.received(fractionLost: 2, roundTrip: nil)
    #expect(adaptation.expectedLoss == 0)
    for _ in 0..<5 { adaptation.received(fractionLost: 13, roundTrip: nil) }
    #expect((4...6).contains(adaptation.expectedLoss))
    #expect(adaptation.bitrate == EncoderAdaptation.startBitrate)
    for _ in 0..<30 { adaptation.received(fractionLost: 0, roundTrip: nil) }
    #expect(adaptation.expectedLoss == 0)
    #expect(adaptation.bitrate == 32_000)
  }

  @Test("the bitrate falls with heavy loss and with queues, to its bound")
  func bitrate() {
    var lossy = EncoderAdaptation(PlayoutFormat(.opus))
    for _ in 0..<20 { lossy.received(fractionLost: 60, roundTrip: nil) }
    #expect(lossy.bitrate == EncoderAdaptation.minimumBitrateWithFEC)
    #expect(lossy.expectedLoss == 24)

    var queueing = EncoderAdaptation(PlayoutFormat(.opus))
    queueing.received(fractionLost: 0, roundTrip: .milliseconds(50))
    for _ in 0..<20 { queueing.received(fractionLost: 0, roundTrip: .milliseconds(600)) }
    #expect(queueing.bitrate == EncoderAdaptation.minimumBitrate)
    #expect(queueing.expectedLoss == 0)
  }
}
