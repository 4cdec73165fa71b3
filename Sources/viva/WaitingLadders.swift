import Resilience
import Sessions
import Synchronization
import VivaConfiguration
import Workers

/// The sessions whose ladders have lost workers, joined with the probes of those.
final class WaitingLadders: Sendable {
  fileprivate struct Want {
    var session: Session
    var capabilities: Set<Ladder.Capability>
  }

  fileprivate let wants = Mutex<[String: Want]>([:])

  /// What a round of probes means to those that wait for the capability.
  func tell(_ capability: Ladder.Capability, _ input: (Session) -> Ladder.Input?) {
    for want in wants.withLock({ Array($0.values) }) where want.capabilities.contains(capability) {
      if let input = input(want.session) { want.session.ladder(input) }
    }
  }
}

/// What sessions ask for probes by.
struct ProbedLadders: LadderProbes {
  let waiting: WaitingLadders
  let probes: ProviderProbes

  func want(_ capabilities: [Ladder.Capability], for session: Session) {
    let wanted = Set(capabilities)
    let before = waiting.wants.withLock { wants in
      let before = wants[session.id]?.capabilities ?? []
      wants[session.id] = wanted.isEmpty ? nil : .init(session: session, capabilities: wanted)
      return before
    }
    for capability in wanted.subtracting(before) { probes.want(capability) }
    for capability in before.subtracting(wanted) { probes.wantNoMore(capability) }
  }
}

extension AgentWorkers {
  /// Empty means all.
  func names(of kind: WorkerKind) -> [String] {
    switch kind {
    case .asr: asr
    case .llm: llm
    case .tts: tts
    case .endOfTurn: []
    }
  }
}
