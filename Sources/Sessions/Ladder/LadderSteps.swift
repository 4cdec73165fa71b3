import Realtime
import Resilience
import Runtime
import Workers

/// What the session's calls and the world outside show of its workers, and what follows from it for the user.
extension SessionCore {
  /// A call was answered.
  mutating func worked(_ capability: Ladder.Capability, at now: Instant) {
    climb(.works(capability, by: ladder.source(of: capability)), at: now)
  }

  /// A call has failed at all the providers there are.
  mutating func failed(_ capability: Ladder.Capability, _ error: WorkerError, at now: Instant) {
    if error.showsLoss { climb(.fails(capability), at: now) }
  }

  mutating func climb(_ input: Ladder.Input, at now: Instant) {
    let before = ladder.ladder
    let change = ladder.handle(input, at: now)
    let wanted = ladder.ladder.wantsProbes
    if wanted != ladder.probed {
      ladder.probed = wanted
      act(.wantProbes(wanted))
    }
    if let change { tell(change, before: before, at: now) }
  }

  mutating func climbIfDue(at now: Instant) {
    if let due = ladder.ladder.nextDeadline(at: now), due <= now { climb(.deadline, at: now) }
  }

  private mutating func tell(_ change: LadderChange, before: Ladder, at now: Instant) {
    let words = ladder.words(for: change, before: before)
    let status = LadderStatus(
      from: change.from.rawValue, to: change.to.rawValue, reason: change.reason.rawValue, since: unixTime(at: now),
      input: change.input.rawValue, output: change.output.rawValue, questions: change.questions.rawValue,
      offersCorrection: change.offersCorrection, notice: words?.text)
    var events = [ServerEvent.vivaLadderChanged(status)]
    if showVoice() { events.append(.sessionUpdated(session)) }
    if change.to == .fallback, before.level < .fallback, let offer = offerCallback() { events.append(offer) }
    record(.ladderChanged(status), then: events)
    observe(.ladder(from: change.from.rawValue, to: change.to.rawValue, reason: change.reason.rawValue))
    note(words, wasWritten: change.output == .text || change.questions == .bank, at: now)
  }

  /// Makes the session's output text while there is no voice, and what the client wants again when there is.
  ///
  /// - Returns: whether that changed the session.
  private mutating func showVoice() -> Bool {
    guard session.kind == .realtime else { return false }
    if !ladder.canSpeak, session.modality == .audio {
      ladder.hidesVoice = true
      session.modality = .text
      return true
    }
    guard ladder.canSpeak, ladder.hidesVoice else { return false }
    ladder.hidesVoice = false
    session.modality = .audio
    return true
  }

  /// The session as the client wants it, with the voice that it may not have at the moment.
  var wantedSession: RealtimeSession {
    var wanted = session
    if ladder.hidesVoice { wanted.modality = .audio }
    return wanted
  }

  /// Takes what the client wants; a voice that there is not waits.
  mutating func takeWanted(_ wanted: RealtimeSession) {
    session = wanted
    ladder.hidesVoice = false
    _ = showVoice()
  }

  private func unixTime(at now: Instant) -> Int { unixStart + Int((now - (opened ?? now)).inSeconds) }

  // MARK: Notices

  /// - Parameter wasWritten: a loss shows in what the user reads.
  private mutating func note(
    _ words: (text: String, isSpoken: Bool, isRecovery: Bool)?, wasWritten: Bool, at now: Instant
  ) {
    guard let words, session.kind == .realtime else { return }
    // What was to be said is not true any more.
    ladder.notice = nil
    if !words.isRecovery, wasWritten { ladder.toldOfLoss = true }
    // Who does not know of a loss need not hear that it is over.
    let isRecalled = wouldHearNotices && !words.isRecovery
    guard words.isSpoken || isRecalled, !words.isRecovery || ladder.toldOfLoss,
      session.modality == .audio || isRecalled || ladder.ladder.level == .fallback
    else { return }
    let due = words.isRecovery ? now : now + SessionLadder.noticeDelay
    ladder.notice = SessionLadder.Notice(
      text: words.text, isRecovery: words.isRecovery, due: due, isRecalled: isRecalled, isSaidByText: words.isSpoken)
  }

  /// A turn was understood after all: a loss that nobody has noticed is not worth a word.
  mutating func forgetUnsaidLoss() {
    guard let notice = ladder.notice, !notice.isRecovery, !notice.isRecalled, ladder.ladder.level < .fallback else {
      return
    }
    ladder.notice = nil
  }

  /// When the notice may be said; nil while somebody speaks, or is to be answered first.
  func nextNoticeDeadline(at now: Instant) -> Instant? {
    guard let notice = ladder.notice, response == nil, floor == nil, !isSilenced, owed == nil, greetingDue == nil,
      !turns.contains(where: { $0.isSpeaking || $0.call != nil })
    else { return nil }
    return playout.end(at: now).map { max($0, notice.due) }
  }

  mutating func sayNotice(at now: Instant) {
    guard let due = nextNoticeDeadline(at: now), due <= now, let notice = ladder.notice else { return }
    ladder.notice = nil
    ladder.toldOfLoss = !notice.isRecovery
    if notice.isRecalled { return recall(notice) }
    startResponse(.phrase(notice.text), at: now)
  }
}

extension WorkerError {
  /// Whether it says that nobody answers, rather than that the request was bad, or that no slot was free.
  var showsLoss: Bool { kind != .busy && (isRetryable || status == 401 || status == 403) }
}
