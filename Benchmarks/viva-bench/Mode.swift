/// Where the agent's packets come from.
enum Mode: String, CaseIterable {
  case liveComplexity5 = "live, complexity 5"
  case liveComplexity0 = "live, complexity 0"
  /// Opus from the synthesizer, or a phrase of the cache.
  case preEncoded = "pre-encoded"

  /// Of the encoder; nil without one.
  var complexity: Int? {
    switch self {
    case .liveComplexity5: 5
    case .liveComplexity0: 0
    case .preEncoded: nil
    }
  }
}

/// A conversation: each side speaks half of the time, and the caller's microphone sends all the time. The sessions are
/// spread over its turns.
struct Turns {
  static let seconds = 4

  static func agentSpeaks(_ session: Int, of sessions: Int, tick: Int) -> Bool {
    let turn = seconds * 50
    return (tick + session * 2 * turn / max(1, sessions)) / turn % 2 == 0
  }
}
