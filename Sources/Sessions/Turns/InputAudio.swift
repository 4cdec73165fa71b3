import Audio
import Realtime

/// The client's audio on its way to turns: 24 kHz in, 16 kHz on.
///
/// Under `server_vad` a detector finds the turns; without it audio is kept until the client commits it.
struct InputAudio {
  /// The rate that detectors and recognisers work at, in Hz.
  static let sampleRate = 16_000

  private var resampler = Resampler.at(24_000, to: sampleRate)
  private let maximumTurnMilliseconds: Int
  private let makeDetector: (Double) -> any VoiceActivityDetector
  private(set) var detector: TurnDetector?
  /// Uncommitted audio of a manual turn, 16 kHz.
  private(set) var manual: [Int16] = []
  /// 16 kHz samples since the session began.
  private(set) var samples = 0

  init(
    turnDetection: TurnDetection?, maximumTurnMilliseconds: Int,
    detector: @escaping (Double) -> any VoiceActivityDetector
  ) {
    self.maximumTurnMilliseconds = maximumTurnMilliseconds
    makeDetector = detector
    configure(turnDetection)
  }

  var milliseconds: Int { samples * 1000 / Self.sampleRate }
  var manualSeconds: Int { manual.count / Self.sampleRate }

  /// Takes new settings. A turn that is being spoken goes on under them; end it before there is no detector.
  mutating func configure(_ turnDetection: TurnDetection?) {
    guard let turnDetection else {
      detector = nil
      return
    }
    let configuration = TurnDetector.Configuration(
      threshold: turnDetection.threshold, prefixPaddingMilliseconds: turnDetection.prefixPaddingMilliseconds,
      silenceDurationMilliseconds: turnDetection.silenceDurationMilliseconds,
      maximumTurnMilliseconds: maximumTurnMilliseconds)
    if detector != nil {
      detector?.configuration = configuration
    } else {
      manual = []
      detector = TurnDetector(configuration: configuration, startingAt: samples, detector: makeDetector)
    }
  }

  /// Takes 24 kHz audio; returns what the detector found in it, nothing without one.
  mutating func append(_ audio: [Int16]) -> [TurnEvent] {
    let resampled = resampler.process(audio)
    samples += resampled.count
    guard detector != nil else {
      manual += resampled
      return []
    }
    return detector?.process(samples16k: resampled) ?? []
  }

  /// Ends the turn that is being spoken, by the client's word.
  mutating func endTurn() -> [TurnEvent] {
    detector?.endTurn() ?? []
  }

  /// Takes the audio of a manual turn.
  mutating func takeManual() -> [Int16] {
    defer { manual = [] }
    return manual
  }

  mutating func clear() {
    manual = []
    detector?.reset()
  }
}

extension Resampler {
  /// A resampler between rates that are known to be supported.
  static func at(_ rate: Int, to output: Int) -> Resampler {
    guard let resampler = try? Resampler(from: rate, to: output) else {
      preconditionFailure("\(rate) Hz to \(output) Hz is a constant pair of supported rates")
    }
    return resampler
  }
}
