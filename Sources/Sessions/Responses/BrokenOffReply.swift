import Realtime
import Runtime
import Workers

/// A model that breaks off in the middle of its answer: another goes on from the last word, in the same message, and
/// the client sees one response whose deltas go on.
extension SessionCore {
  /// How often in one answer.
  private static let mostContinuations = 2

  /// A completion has failed after words of the answer went out. The next one is asked at once if this one has said
  /// any of them, since it is another's turn; else nobody answered, and somebody may a moment later.
  ///
  /// - Returns: false where there is nothing to go on with, or enough was tried.
  mutating func goesOn(afterBreak error: WorkerError, at now: Instant) -> Bool {
    guard let response, response.message != nil, response.functionCalls.isEmpty else { return false }
    if error.kind == .emptyReply, response.saidBeforeBreak?.endsSentence == true {
      // It was the last word.
      endGeneration(.stop, at: now)
      return true
    }
    guard error.isRetryable, response.continuations < Self.mostContinuations else { return false }
    self.response?.continuations += 1
    self.response?.avoided.append(error.worker)
    self.response?.carryUsage()
    dropPartialWord()
    let said = self.response?.saidBeforeBreak
    self.response?.seam = said.map(Seam.init(after:))
    guard response.hasAdvanced else { return self.response?.completionRetry.failed(at: now) == true }
    self.response?.completionRetry = Retry()
    askModel(at: now)
    return true
  }

  /// The last word may be half of one. It was not spoken yet, so the next model says it whole.
  private mutating func dropPartialWord() {
    guard response?.modality == .audio, let dropped = response?.splitter.dropPartialWord() else { return }
    response?.message?.text.removeLast(dropped.count)
  }

  mutating func takeNew(text: String, at now: Instant) {
    let new = response?.seam?.append(text) ?? text
    if !new.isEmpty { response?.hasAdvanced = true }
    take(text: new, at: now)
  }

  mutating func endSeam(at now: Instant) {
    take(text: response?.seam?.finish() ?? "", at: now)
  }
}

extension ActiveResponse {
  /// What the next model is to go on with; nil while no model broke off.
  var saidBeforeBreak: String? {
    guard continuations > 0, let message, !message.text.allSatisfy(\.isWhitespace) else { return nil }
    return message.text
  }

  /// What models that broke off have used, which they did not come to tell.
  fileprivate mutating func carryUsage() {
    usage = nil
    carriedUsage = TokenUsage(
      inputTokens: charactersRead / Self.charactersPerToken, outputTokens: charactersWritten / Self.charactersPerToken)
  }

  mutating func take(_ new: TokenUsage) {
    let carried = carriedUsage ?? TokenUsage(inputTokens: 0, outputTokens: 0)
    usage = TokenUsage(
      inputTokens: carried.inputTokens.adding(new.inputTokens),
      outputTokens: carried.outputTokens.adding(new.outputTokens), cachedTokens: new.cachedTokens)
  }
}

extension Int {
  /// No more than there are numbers for: a server says what it likes.
  fileprivate func adding(_ other: Int) -> Int {
    let (sum, isTooMuch) = addingReportingOverflow(other)
    return isTooMuch ? .max : sum
  }
}

extension String {
  fileprivate var endsSentence: Bool {
    last { !$0.isWhitespace }.map { ".!?…。？！\"”".contains($0) } ?? false
  }
}
