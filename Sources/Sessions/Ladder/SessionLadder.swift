import Realtime
import Resilience
import Runtime
import VivaConfiguration

/// A session's place on the ladder, and what is still to be said about it.
struct SessionLadder {
  /// Words that wait until nobody speaks.
  struct Notice {
    let text: String
    /// It tells of something better, not of a loss.
    let isRecovery: Bool
    /// Not said before.
    let due: Instant
    /// There is no voice: it is said by packets that were made before,
    var isRecalled = false
    /// or by text where there are none.
    var isSaidByText = true
  }

  /// A loss is told only when it has lasted this long: the answer to what was said in between matters more.
  static let noticeDelay = Duration.seconds(1)

  private(set) var ladder: Ladder
  let notices: LadderNotices
  private let hasQuestionBank: Bool
  /// The client wants the agent's voice, which is text for the time being.
  var hidesVoice = false
  var notice: Notice?
  /// The user knows of a loss, and would like to know that it is over.
  var toldOfLoss = false
  /// What was named to the probes last.
  var probed: [Ladder.Capability] = []
  /// Probes say who answers for these; a call of the session's own does not know.
  private var backups: Set<Ladder.Capability> = []
  /// The packets of a notice were asked for.
  var recalling: (call: CallID, notice: Notice)?
  var hasPreparedNotices = false
  /// Slots were offered, and one was chosen that is not kept yet.
  var offersCallback = false
  var callback: (call: CallID, slot: CallbackSlot)?
  /// Of the question bank: when the current topic began.
  var topic: (name: String, began: Instant)?

  init(_ settings: LadderSettings, hasQuestionBank: Bool) {
    ladder = Ladder(Ladder.Settings(settings, hasQuestionBank: hasQuestionBank), at: Instant(nanoseconds: 0))
    notices = settings.notices
    self.hasQuestionBank = hasQuestionBank
  }

  var canHear: Bool { ladder.input == .voice }
  var canSpeak: Bool { ladder.output == .voice }

  mutating func handle(_ input: Ladder.Input, at now: Instant) -> LadderChange? {
    if case .works(let capability, let source) = input {
      if source == .backup { backups.insert(capability) } else { backups.remove(capability) }
    }
    return ladder.handle(input, at: now)
  }

  /// Who answered a call of the session's own.
  func source(of capability: Ladder.Capability) -> Ladder.Source {
    backups.contains(capability) ? .backup : .primary
  }

  /// What the user is told, and whether a voice may say it.
  ///
  /// - Parameter before: the ladder as it was.
  func words(for change: LadderChange, before: Ladder) -> (text: String, isSpoken: Bool, isRecovery: Bool)? {
    if change.to == .fallback, before.level < .fallback { return (notices.fallback, true, false) }
    if change.input != before.input || change.output != before.output {
      return switch (change.input, change.output) {
      case (.voice, .voice): (notices.voiceBack, true, true)
      case (.text, .voice): (notices.cannotHear, true, false)
      case (.voice, .text): (notices.cannotSpeak, false, false)
      case (.text, .text): (notices.textMode, false, false)
      }
    }
    // The question itself follows at once.
    if change.questions == .bank, before.questions == .model, hasQuestionBank {
      return (notices.questions, false, false)
    }
    if change.to == .full, change.from > .full { return (notices.resolved, true, true) }
    if change.offersCorrection, !before.offersCorrection { return (notices.lowConfidence, false, false) }
    return nil
  }
}

extension Ladder.Settings {
  init(_ settings: LadderSettings, hasQuestionBank: Bool) {
    self.init()
    upInterval = .milliseconds(Int(settings.upIntervalSeconds * 1000))
    successfulProbes = settings.successfulProbes
    relapseWindow = .milliseconds(Int(settings.relapseWindowSeconds * 1000))
    longestUpInterval = .milliseconds(Int(settings.longestUpIntervalSeconds * 1000))
    outagePatience = .milliseconds(Int(settings.outagePatienceSeconds * 1000))
    lowConfidence = settings.lowConfidence
    restoredConfidence = settings.restoredConfidence
    self.hasQuestionBank = hasQuestionBank
  }
}
