/// Finds the turns of one speaker in a stream of audio, as `server_vad` of OpenAI Realtime does. Its only clock is
/// the number of samples it was given, so audio may come faster or slower than real time.
///
/// A turn starts when 4 of the last 6 frames (80 of 120 ms) are voiced, which a click is not. It ends after the
/// configured silence; shorter gaps do not count, and a single voiced frame does not interrupt the silence. Takes no
/// memory to speak of before the first audio. For use by one thread.
public struct TurnDetector {
  private static let onsetFrames = 4
  private static let onsetWindow = 6

  private struct Turn {
    var lastVoiced: Int
    let start: Int
    var isPaused = false
  }

  /// May change in mid-stream and in mid-turn, with effect from the next frame on. A new threshold makes the detector
  /// learn the background anew; a silence duration shorter than the silence so far ends the turn.
  public var configuration: Configuration {
    didSet {
      if configuration.threshold != oldValue.threshold {
        detector = nil
      }
      let resized = Self.history(for: configuration)
      if resized.capacity != history.capacity {
        let kept = history.suffix(resized.capacity)
        history = resized
        kept.withUnsafeBufferPointer { history.append($0) }
      }
    }
  }

  private let makeDetector: (Double) -> any VoiceActivityDetector
  /// Made with the first frame.
  private var detector: (any VoiceActivityDetector)?

  /// Samples which do not make a frame yet.
  private var pending: [Int16] = []
  /// Position after the last whole frame.
  private var framed: Int
  /// Verdicts on the latest frames, the newest in the lowest bit.
  private var verdicts: UInt8 = 0
  /// What a turn may reach back to: the audio since the last one, as far as the prefix padding goes.
  private var history: SampleHistory
  private var turn: Turn?

  /// - Parameters:
  ///   - sample: The position of the first sample to come, when audio was written before.
  ///   - detector: Makes the voice activity detector for a threshold.
  public init(
    configuration: Configuration = Configuration(), startingAt sample: Int = 0,
    detector: @escaping (Double) -> any VoiceActivityDetector = GatedVoiceActivityDetector.init(threshold:)
  ) {
    self.configuration = configuration
    makeDetector = detector
    framed = sample
    history = Self.history(for: configuration)
  }

  public var isSpeaking: Bool { turn != nil }

  /// How long nobody has spoken in the running turn; 0 without one.
  public var silenceMilliseconds: Int {
    turn.map { Self.milliseconds(atSample: framed - $0.lastVoiced) } ?? 0
  }

  /// Samples written so far.
  public var position: Int { framed + pending.count }

  public static func milliseconds(atSample sample: Int) -> Int {
    sample / Configuration.samplesPerMillisecond
  }

  /// - Parameter samples: The next piece of the stream, of any size.
  public mutating func process(samples16k samples: [Int16]) -> [TurnEvent] {
    var output = TurnOutput()
    let input = pending.isEmpty ? samples : pending + samples
    let whole = input.count - input.count % VoiceFrame.samples
    input.withUnsafeBufferPointer { input in
      for start in stride(from: 0, to: whole, by: VoiceFrame.samples) {
        process(UnsafeBufferPointer(rebasing: input[start..<start + VoiceFrame.samples]), &output)
      }
    }
    pending = Array(input[whole...])
    return output.finish()
  }

  /// Takes silence that nobody has decoded: it counts as unvoiced, and tells nothing about the background.
  ///
  /// - Parameter count: Samples, at least 0.
  public mutating func process(silence count: Int) -> [TurnEvent] {
    var output = TurnOutput()
    var left = max(0, count)
    // What does not make a frame goes the way of other audio.
    let filling = pending.isEmpty ? 0 : min(left, VoiceFrame.samples - pending.count)
    if filling > 0 {
      pending += repeatElement(0, count: filling)
      left -= filling
      guard pending.count == VoiceFrame.samples else { return [] }
      let frame = pending
      pending = []
      frame.withUnsafeBufferPointer { process($0, &output) }
    }
    while left >= VoiceFrame.samples, turn != nil {
      processSilentFrame(&output)
      left -= VoiceFrame.samples
    }
    let rest = left % VoiceFrame.samples
    if left > rest {
      // No turn can begin in it.
      verdicts <<= (left - rest) / VoiceFrame.samples
      history.append(silence: left - rest)
      framed += left - rest
    }
    pending += repeatElement(0, count: rest)
    return output.finish()
  }

  private mutating func processSilentFrame(_ output: inout TurnOutput) {
    verdicts <<= 1
    framed += VoiceFrame.samples
    output.audio += repeatElement(0, count: VoiceFrame.samples)
    stopTurnIfDue(&output)
    pauseTurnIfDue(&output)
  }

  /// Ends the running turn here, as a client's `input_audio_buffer.commit` does. The next turn will not reach back
  /// before this position, whether one was running or not.
  public mutating func endTurn() -> [TurnEvent] {
    var output = TurnOutput()
    if let turn {
      output.audio += pending
      output.emit(.speechStopped(atSample: position, lastVoicedSample: turn.lastVoiced, reason: .client))
    }
    reset()
    return output.finish()
  }

  /// Forgets the running turn and the audio so far, as a client's `input_audio_buffer.clear` does. Positions count on.
  public mutating func reset() {
    framed = position
    pending = []
    forgetPast()
  }

  private mutating func process(_ frame: UnsafeBufferPointer<Int16>, _ output: inout TurnOutput) {
    let isVoiced = isVoiced(frame)
    verdicts = verdicts << 1 | (isVoiced ? 1 : 0)
    framed += frame.count

    if turn == nil {
      history.append(frame)
      startTurnIfVoiced(&output)
    } else {
      output.audio += frame
      if isVoiced, verdicts(of: 3).nonzeroBitCount > 1 { voiceGoesOn(&output) }
      stopTurnIfDue(&output)
      pauseTurnIfDue(&output)
    }
  }

  private mutating func isVoiced(_ frame: UnsafeBufferPointer<Int16>) -> Bool {
    var detector = self.detector ?? makeDetector(configuration.threshold)
    defer { self.detector = detector }
    return detector.isVoiced(frame: frame)
  }

  private mutating func startTurnIfVoiced(_ output: inout TurnOutput) {
    let recent = verdicts(of: Self.onsetWindow)
    guard recent.nonzeroBitCount >= Self.onsetFrames else { return }
    let framesSinceVoice = recent.bitWidth - recent.leadingZeroBitCount
    let audio = history.suffix(framesSinceVoice * VoiceFrame.samples + configuration.prefixSamples)
    start(at: framed - audio.count, &output)
    output.audio += audio
  }

  private mutating func voiceGoesOn(_ output: inout TurnOutput) {
    turn?.lastVoiced = framed
    guard turn?.isPaused == true else { return }
    turn?.isPaused = false
    output.emit(.resumed(atSample: framed))
  }

  private mutating func pauseTurnIfDue(_ output: inout TurnOutput) {
    guard let turn, !turn.isPaused, let pause = configuration.pauseSamples, framed - turn.lastVoiced >= pause else {
      return
    }
    self.turn?.isPaused = true
    output.emit(.paused(atSample: framed, lastVoicedSample: turn.lastVoiced))
  }

  private mutating func stopTurnIfDue(_ output: inout TurnOutput) {
    guard let turn else { return }
    if framed - turn.lastVoiced >= configuration.silenceSamples {
      stop(turn, .silence, &output)
    } else if framed - turn.start >= configuration.maximumTurnSamples {
      let goesOn = verdicts(of: 1) == 1
      stop(turn, .maximumLength, &output)
      if goesOn { start(at: framed, &output) }
    }
  }

  private mutating func start(at sample: Int, _ output: inout TurnOutput) {
    turn = Turn(lastVoiced: framed, start: sample)
    output.emit(.speechStarted(atSample: sample))
  }

  private mutating func stop(_ turn: Turn, _ reason: TurnEvent.StopReason, _ output: inout TurnOutput) {
    output.emit(.speechStopped(atSample: framed, lastVoicedSample: turn.lastVoiced, reason: reason))
    forgetPast()
  }

  private mutating func forgetPast() {
    turn = nil
    verdicts = 0
    history.removeAll()
  }

  private func verdicts(of frames: Int) -> UInt8 {
    verdicts & (1 << frames - 1)
  }

  private static func history(for configuration: Configuration) -> SampleHistory {
    SampleHistory(capacity: configuration.prefixSamples + onsetWindow * VoiceFrame.samples)
  }
}
