import Audio
import Realtime

/// The client's audio on its way to turns: any format in, 16 kHz on.
///
/// With turn detection a detector finds the turns; without it audio is kept until the client commits it. Nothing of
/// it takes memory before the first audio has come.
struct InputAudio {
  /// The rate that detectors and recognisers work at, in Hz.
  static let sampleRate = 16_000
  /// Under `semantic_vad`, the silence that makes a question of whether the turn is over.
  private static let pauseMilliseconds = 200

  private var decoder: AudioPayloadDecoder
  private var noiseReducer: NoiseReducer?
  private let maximumTurnMilliseconds: Int
  let makeDetector: (Double) -> any VoiceActivityDetector
  private(set) var detector: TurnDetector?
  /// Of the detector while no evidence has been weighed.
  private var silenceMilliseconds = 0
  /// Uncommitted audio of a manual turn, 16 kHz.
  private(set) var manual: [Int16] = []
  /// Silence behind it that takes no memory unless more sound comes, in samples.
  private var manualSilence = 0
  /// 16 kHz samples since the session began.
  private(set) var samples = 0

  init(
    _ session: RealtimeSession, maximumTurnMilliseconds: Int,
    detector: @escaping (Double) -> any VoiceActivityDetector
  ) {
    decoder = AudioPayloadDecoder(session.inputFormat.encoding, sampleRate: Self.sampleRate)
    self.maximumTurnMilliseconds = maximumTurnMilliseconds
    makeDetector = detector
    configure(session.turnDetection)
    reduceNoise(session.noiseReduction)
  }

  var milliseconds: Int { samples * 1000 / Self.sampleRate }

  // MARK: Settings

  /// Audio comes in another format from now on.
  mutating func expect(_ encoding: AudioEncoding) {
    decoder = AudioPayloadDecoder(encoding, sampleRate: Self.sampleRate)
  }

  mutating func reduceNoise(_ reduction: RealtimeSession.NoiseReduction?) {
    noiseReducer = reduction.map { NoiseReducer(strength: $0.effectiveStrength) }
  }

  /// Takes new settings. A turn that is being spoken goes on under them; end it before there is no detector.
  mutating func configure(_ turnDetection: Realtime.TurnDetection?) {
    guard let turnDetection else {
      detector = nil
      return
    }
    var configuration = TurnDetector.Configuration(
      threshold: turnDetection.threshold, prefixPaddingMilliseconds: turnDetection.prefixPaddingMilliseconds,
      silenceDurationMilliseconds: turnDetection.silenceDurationMilliseconds,
      maximumTurnMilliseconds: maximumTurnMilliseconds)
    if turnDetection.kind == .semanticVAD {
      configuration.pauseMilliseconds = Self.pauseMilliseconds
      configuration.silenceDurationMilliseconds = turnDetection.endOfTurnPolicy.silence(
        probability: nil, transcript: nil)
    }
    silenceMilliseconds = configuration.silenceDurationMilliseconds
    if detector != nil {
      detector?.configuration = configuration
    } else {
      manual = []
      manualSilence = 0
      detector = TurnDetector(configuration: configuration, startingAt: samples, detector: makeDetector)
    }
  }

  /// Under `semantic_vad`: how long the silence has to be, by the evidence; nil when there is none.
  mutating func waitForSilence(milliseconds: Int?) {
    detector?.configuration.silenceDurationMilliseconds = milliseconds ?? silenceMilliseconds
  }

  // MARK: Audio

  /// - Returns: the audio of one append or packet, at 16 kHz.
  mutating func decode(_ payload: [UInt8]) throws(AudioPayloadError) -> [Int16] {
    let samples = try decoder.decode(payload)
    return noiseReducer?.process(samples) ?? samples
  }

  /// Takes 16 kHz audio; returns what the detector found in it, nothing without one.
  mutating func append(_ audio: [Int16]) -> [TurnEvent] {
    samples += audio.count
    guard detector != nil else {
      manual += audio
      return []
    }
    return detector?.process(samples16k: audio) ?? []
  }

  /// Takes 16 kHz audio of a media leg.
  mutating func hear(_ audio: [Int16]) -> [TurnEvent] {
    guard !audio.isEmpty else { return [] }
    if detector == nil { materializeSilence() }
    return append(noiseReducer?.process(audio) ?? audio)
  }

  /// So many samples of silence that nobody has decoded.
  mutating func hearSilence(_ count: Int) -> [TurnEvent] {
    samples += count
    guard detector != nil else {
      // Before the first sound there is nothing to be silent in.
      if !manual.isEmpty { manualSilence += count }
      return []
    }
    return detector?.process(silence: count) ?? []
  }

  private mutating func materializeSilence() {
    guard manualSilence > 0 else { return }
    manual += repeatElement(0, count: min(manualSilence, Self.longestManualSilence))
    manualSilence = 0
  }

  /// Of a manual turn no more than the newest `count` samples are kept, and up to a quarter more.
  mutating func keepNewestManual(_ count: Int) {
    guard manual.count > count + count / 4 else { return }
    manual.removeFirst(manual.count - count)
  }

  /// A pause in a manual turn is no longer than this to a recogniser.
  private static let longestManualSilence = 10 * sampleRate

  /// Ends the turn that is being spoken, by the client's word.
  mutating func endTurn() -> [TurnEvent] {
    detector?.endTurn() ?? []
  }

  /// Takes the audio of a manual turn.
  mutating func takeManual() -> [Int16] {
    materializeSilence()
    defer { manual = [] }
    return manual
  }

  mutating func clear() {
    manual = []
    manualSilence = 0
    detector?.reset()
  }
}

extension RealtimeSession.NoiseReduction {
  /// Far-field speech stands less clear of the room.
  fileprivate var effectiveStrength: Double {
    (strength ?? 1) * (field == .far ? 1.5 : 1)
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
