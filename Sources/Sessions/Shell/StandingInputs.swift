import Resilience

/// What holds for all sessions, those that are still to be opened too.
struct StandingInputs {
  private(set) var floors: [Ladder.Holder: Ladder.Level] = [:]
  private var lost: Set<Ladder.Capability> = []

  mutating func take(_ input: Ladder.Input) {
    switch input {
    case .floor(let level, let holder): floors[holder] = level == .full ? nil : level
    case .fails(let capability): lost.insert(capability)
    case .works(let capability, _): lost.remove(capability)
    case .network, .confidence, .deadline: break
    }
  }

  /// For a session that is opened now.
  var inputs: [Ladder.Input] {
    floors.map { .floor($1, by: $0) } + lost.map { .fails($0) }
  }
}
