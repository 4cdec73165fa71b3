import Runtime

/// What a session can still offer its user, and when it offers more again.
///
/// Two axes: the level, and the modality each way. ASR lost and TTS well: the user types and the agent speaks; the
/// other way round the user speaks and the agent writes; both are level 3. With both lost the session goes on by text,
/// level 4, as it does when TTS is lost while the agent is down to its question bank. An LLM that a backup stands in
/// for, no evaluation, a poor network: level 2. No LLM or no conductor: level 3. Nothing left, for longer than a
/// moment: level 5.
///
/// Down goes straight to what is needed, when it is needed. Up goes one level at a time, `upInterval` apart, after
/// `successfulProbes`, and modalities come back with these steps only. **It does not flap**: a step down soon after a
/// step up doubles the wait for the next step up, up to `longestUpInterval`. So in a time T there are at most
/// 2·T / `relapseWindow` + T / `longestUpInterval` + log2(`longestUpInterval` / `upInterval`) + 4 reversals from up to
/// down, whatever happens. And it gets back: once all is well, level 1 is no further than `longestUpInterval` and four
/// times `upInterval` away.
public struct Ladder: Sendable {
  public let settings: Settings

  private var position = Position()
  /// The last change.
  public private(set) var since: Instant
  /// The user may correct their transcripts.
  public private(set) var offersCorrection = false

  private var health = [Health](repeating: Health(), count: Capability.allCases.count)
  private var up = LinkQuality.good
  private var down = LinkQuality.good
  private var floors = [Level](repeating: .full, count: Holder.allCases.count)
  private var confidence: Double?
  /// Since when nothing has been left.
  private var outage: Instant?

  /// The wait for the first step up, as a power of two times `upInterval`.
  private var relapses = 0
  /// The last step, where it was one up.
  private var lastStepUp: Instant?
  private var nextStepUp: Instant

  /// At level 1. What is known to be lost at the start is the first input.
  public init(_ settings: Settings = Settings(), at now: Instant) {
    self.settings = settings
    since = now
    nextStepUp = now
  }

  public var level: Level { position.level }
  public var input: Modality { position.input }
  public var output: Modality { position.output }
  public var questions: Questions { position.questions }

  /// Lost or served by a backup: worth a probe every second, whose outcomes are inputs.
  public var wantsProbes: [Capability] {
    Capability.allCases.filter { self[$0].isLost || self[$0].isImpaired }
  }

  /// Takes one input; returns what has changed for the user, if anything has.
  public mutating func handle(_ event: Input, at now: Instant) -> LadderChange? {
    let reason = take(event)
    outage = isOutage ? outage ?? now : nil
    let wanted = target(at: now)
    let before = position.level
    if let lower = position.lowered(to: wanted) {
      stepDown(to: lower, at: now)
      return change(from: before, wanted.level == .fallback && isOutageOver(at: now) ? .outage : reason, at: now)
    }
    let corrects = correctionNeeded
    if now >= nextStepUp, let higher = position.raised(to: wanted) {
      stepUp(to: higher, at: now)
      return change(from: before, .recovered, at: now)
    }
    guard corrects != offersCorrection else { return nil }
    return change(from: before, corrects ? .lowConfidence : .confidenceRestored, at: now)
  }

  /// When `.deadline` is due; nil when nothing waits.
  public func nextDeadline(at now: Instant) -> Instant? {
    var due: Instant?
    if position.raised(to: target(at: now)) != nil { due = nextStepUp }
    if let outage, position.level < .fallback {
      let end = outage + settings.outagePatience
      due = min(due ?? end, end)
    }
    return due
  }

  // MARK: What is known

  /// Why the user has less after this, if they have.
  private mutating func take(_ event: Input) -> Reason {
    switch event {
    case .works(let capability, let source):
      self[capability].works(by: source, enough: max(1, settings.successfulProbes))
      return .llmImpaired
    case .fails(let capability):
      self[capability].fails()
      return switch capability {
      case .asr: .asrFailed
      case .tts: .ttsFailed
      case .llm: .llmFailed
      case .conductor: .conductorFailed
      case .evaluation: .evaluationFailed
      }
    case .network(let up, let down):
      self.up = up
      self.down = down
      return .network
    case .floor(let level, let holder):
      switch holder {
      case .operator: floors[0] = level
      case .overload: floors[1] = level
      }
      return holder == .operator ? .operator : .overload
    case .confidence(let confidence):
      if confidence >= 0, confidence <= 1 { heard(confidence) }
      return .lowConfidence
    case .deadline: return .outage
    }
  }

  private subscript(_ capability: Capability) -> Health {
    get { health[Self.place(of: capability)] }
    set { health[Self.place(of: capability)] = newValue }
  }

  private static func place(of capability: Capability) -> Int {
    switch capability {
    case .asr: 0
    case .tts: 1
    case .llm: 2
    case .conductor: 3
    case .evaluation: 4
    }
  }

  /// The mean follows the last few transcripts.
  private mutating func heard(_ new: Double) {
    confidence = confidence.map { $0 + (new - $0) * 0.4 } ?? new
  }

  /// Only who is understood by voice has transcripts. Between the two limits it stays as it is.
  private var correctionNeeded: Bool {
    guard position.input == .voice, let confidence else { return false }
    return confidence < (offersCorrection ? settings.restoredConfidence : settings.lowConfidence)
  }

  // MARK: What is needed

  private var isBankNeeded: Bool { self[.llm].isLost || self[.conductor].isLost }

  /// Nothing is left that could answer.
  private var isOutage: Bool {
    self[.llm].isLost && (self[.asr].isLost && self[.tts].isLost || !settings.hasQuestionBank)
  }

  private func isOutageOver(at now: Instant) -> Bool {
    outage.map { now - $0 >= settings.outagePatience } ?? false
  }

  private func target(at now: Instant) -> Position {
    let floor = max(floors[0], floors[1])
    let hears = !self[.asr].isLost && up != .unusable
    let speaks = !self[.tts].isLost && down != .unusable
    var level = Level.full
    if self[.evaluation].isLost || self[.llm].isImpaired || up != .good || down != .good { level = .reducedAI }
    if isBankNeeded || !hears || !speaks { level = .predefined }
    if !speaks, !hears || isBankNeeded { level = .basic }
    if isOutageOver(at: now) { level = .fallback }
    level = max(level, floor)
    // A floor takes speech away, a loss only what was lost.
    let hasSpeech = floor < .basic && level < .fallback
    return Position(
      level: level, input: hears && hasSpeech ? .voice : .text, output: speaks && hasSpeech ? .voice : .text,
      questions: isBankNeeded || floor >= .predefined ? .bank : .model)
  }

  // MARK: Steps

  private mutating func stepDown(to lower: Position, at now: Instant) {
    if let lastStepUp {
      let held = now - lastStepUp
      if held < settings.relapseWindow {
        if wait < settings.longestUpInterval { relapses += 1 }
      } else {
        let windows = held.inSeconds / max(settings.relapseWindow.inSeconds, 1e-3)
        relapses = max(0, relapses - (windows < 64 ? Int(windows) : 64))
      }
    }
    lastStepUp = nil
    position = lower
    nextStepUp = max(nextStepUp, now + wait)
  }

  private mutating func stepUp(to higher: Position, at now: Instant) {
    lastStepUp = now
    position = higher
    nextStepUp = now + settings.upInterval
  }

  /// From a step down to the first step up.
  private var wait: Duration {
    var wait = settings.upInterval
    for _ in 0..<relapses where wait < settings.longestUpInterval { wait *= 2 }
    return max(settings.upInterval, min(wait, settings.longestUpInterval))
  }

  private mutating func change(from level: Level, _ reason: Reason, at now: Instant) -> LadderChange {
    offersCorrection = correctionNeeded
    since = now
    return LadderChange(
      from: level, to: position.level, reason: reason, since: since, input: position.input,
      output: position.output, questions: position.questions, offersCorrection: offersCorrection)
  }
}
