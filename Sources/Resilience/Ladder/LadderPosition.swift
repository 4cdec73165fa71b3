extension Ladder {
  /// All that a step changes.
  struct Position: Sendable, Equatable {
    var level = Level.full
    var input = Modality.voice
    var output = Modality.voice
    var questions = Questions.model

    /// Without what `wanted` does not have; nil when that takes nothing away.
    func lowered(to wanted: Position) -> Position? {
      var lower = self
      lower.level = max(level, wanted.level)
      if wanted.input == .text { lower.input = .text }
      if wanted.output == .text { lower.output = .text }
      if wanted.questions == .bank { lower.questions = .bank }
      return lower == self ? nil : lower
    }

    /// One level nearer to `wanted`, which is nowhere below, with the modalities that go with it; nil when it is
    /// reached.
    func raised(to wanted: Position) -> Position? {
      guard self != wanted else { return nil }
      guard wanted.level < level, let next = Level(rawValue: level.rawValue - 1) else { return wanted }
      guard wanted.level < next else { return wanted }
      // On its way it is what the level is meant to be.
      var higher = wanted
      higher.level = next
      if next >= .basic { (higher.input, higher.output) = (input, output) }
      if next >= .predefined { higher.questions = questions }
      return higher
    }
  }

  /// What calls and probes have shown of a capability.
  struct Health: Sendable, Equatable {
    private(set) var isLost = false
    /// Lost, or a backup serves.
    private(set) var isImpaired = false
    /// Answers in a row.
    private var good = 0
    /// Answers of the primary in a row.
    private var goodByPrimary = 0

    mutating func works(by source: Source, enough: Int) {
      good = min(good + 1, enough)
      if good >= enough { isLost = false }
      switch source {
      case .primary:
        goodByPrimary = min(goodByPrimary + 1, enough)
        if goodByPrimary >= enough { isImpaired = false }
      case .backup:
        goodByPrimary = 0
        isImpaired = true
      }
    }

    mutating func fails() {
      self = Health()
      isLost = true
      isImpaired = true
    }
  }
}
