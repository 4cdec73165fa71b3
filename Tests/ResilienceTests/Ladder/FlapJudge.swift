import Foundation
import Resilience
import Runtime

/// Sees what a ladder shows, and knows what it has promised.
struct FlapJudge {
  private let settings: Ladder.Settings
  private var shown = Shown(1, .voice, .voice, .model)
  private var lastUp: Instant?
  private var lastDown: Instant?
  private var start: Instant?
  /// Steps down after a step up.
  private(set) var reversals = 0
  private var relapsesInARow = 0
  private var found: [String] = []

  init(_ settings: Ladder.Settings) {
    self.settings = settings
  }

  mutating func saw(_ change: LadderChange?, _ new: Shown, at now: Instant) {
    if start == nil { start = now }
    defer { shown = new }
    guard let change else {
      if new != shown { found.append("changed in silence at \(now)") }
      return
    }
    if change.to.rawValue != new.level || change.from.rawValue != shown.level { found.append("wrong level at \(now)") }
    let isDown =
      new.level > shown.level || (new.input, shown.input) == (.text, .voice)
      || (new.output, shown.output) == (.text, .voice) || (new.questions, shown.questions) == (.bank, .model)
    if isDown {
      if let lastUp {
        reversals += 1
        relapsesInARow = now - lastUp < settings.relapseWindow ? relapsesInARow + 1 : 0
      }
      lastUp = nil
      lastDown = now
    } else if new != shown {
      if new.level < shown.level - 1 { found.append("jumped up at \(now)") }
      if let lastUp, now - lastUp < settings.upInterval { found.append("climbed too fast at \(now)") }
      // What is known from outside: so many relapses in a row have doubled the wait as often.
      let wait = min(
        settings.upInterval * (1 << min(relapsesInARow, 20)), settings.longestUpInterval)
      if lastUp == nil, let lastDown, now - lastDown < wait { found.append("up too soon at \(now)") }
      lastUp = now
    }
  }

  func problems(until end: Instant) -> [String] {
    let time = (end - (start ?? end)).inSeconds
    let bound =
      2 * time / settings.relapseWindow.inSeconds + time / settings.longestUpInterval.inSeconds
      + log2(settings.longestUpInterval.inSeconds / settings.upInterval.inSeconds) + 4
    return Double(reversals) <= bound ? found : found + ["\(reversals) reversals in \(time) s, over \(bound)"]
  }
}
