import Resilience
import Runtime
import Testing

@Suite struct LadderUpTests {
  /// All steps until nothing is due any more.
  private func climb(_ ladder: inout Ladder, from now: Instant) -> [(Double, Shown)] {
    var steps: [(Double, Shown)] = []
    var now = now
    while let due = ladder.nextDeadline(at: now) {
      now = max(now, due)
      guard let change = ladder.handle(.deadline, at: now) else { break }
      #expect(change.reason == .recovered || change.reason == .outage)
      steps.append((Double(now.nanoseconds) / 1e9, Shown(ladder)))
    }
    return steps
  }

  private func lost(_ capabilities: Ladder.Capability..., at now: Double = 0) -> Ladder {
    var ladder = Ladder(at: at(0))
    for capability in capabilities { _ = ladder.handle(.fails(capability), at: at(now)) }
    return ladder
  }

  @Test("after two good probes voice is back, and the level climbs one by one")
  func climbs() {
    var ladder = lost(.asr, .tts)
    #expect(ladder.wantsProbes == [.asr, .tts])
    #expect(ladder.handle(.works(.asr), at: at(10)) == nil)
    #expect(ladder.handle(.works(.tts), at: at(10)) == nil)
    #expect(ladder.handle(.works(.asr), at: at(11)).map(Step.init) == Step(4, 3, .recovered))
    #expect(Shown(ladder) == Shown(3, .voice, .text, .model))
    #expect(ladder.handle(.works(.tts), at: at(11)) == nil)
    #expect(ladder.wantsProbes.isEmpty)
    let steps = climb(&ladder, from: at(11))
    #expect(steps.map(\.0) == [14, 17])
    #expect(steps.map(\.1) == [Shown(2, .voice, .voice, .model), Shown(1, .voice, .voice, .model)])
  }

  @Test("a failure among the probes starts the count again")
  func needsProbesInARow() {
    var ladder = lost(.asr)
    for second in 5..<20 {
      #expect(ladder.handle(second % 2 == 0 ? .works(.asr) : .fails(.asr), at: at(Double(second))) == nil)
    }
    #expect(Shown(ladder) == Shown(3, .text, .voice, .model))
  }

  @Test("no step up comes sooner than the interval after the last change")
  func waits() {
    var ladder = lost(.asr, at: 10)
    #expect(ladder.handle(.works(.asr), at: at(10.1)) == nil)
    #expect(ladder.handle(.works(.asr), at: at(10.2)) == nil)
    #expect(ladder.nextDeadline(at: at(10.2)) == at(13))
    #expect(ladder.handle(.deadline, at: at(12.9)) == nil)
    #expect(ladder.handle(.deadline, at: at(13)).map(Step.init) == Step(3, 2, .recovered))
  }

  @Test("a floor that is lifted gives back one level at a time, and speech at level 3")
  func climbsFromAFloor() {
    var ladder = Ladder(at: at(0))
    _ = ladder.handle(.floor(.fallback, by: .operator), at: at(1))
    #expect(ladder.handle(.floor(.full, by: .operator), at: at(2)) == nil)
    let steps = climb(&ladder, from: at(2))
    #expect(steps.map(\.0) == [4, 7, 10, 13])
    #expect(
      steps.map(\.1) == [
        Shown(4, .text, .text, .bank), Shown(3, .voice, .voice, .bank), Shown(2, .voice, .voice, .model),
        Shown(1, .voice, .voice, .model),
      ])
  }

  @Test("what comes back is used although another loss holds the level")
  func modalityClimbsAlone() {
    var ladder = lost(.asr, .llm)
    _ = ladder.handle(.works(.asr), at: at(10))
    #expect(ladder.handle(.works(.asr), at: at(11)).map(Step.init) == Step(3, 3, .recovered))
    #expect(Shown(ladder) == Shown(3, .voice, .voice, .bank))
  }

  @Test("a backup brings an LLM back to level 2, and only the primary to level 1")
  func backupIsReduced() {
    var ladder = lost(.llm)
    for second in [5.0, 6, 7, 8, 30] { _ = ladder.handle(.works(.llm, by: .backup), at: at(second)) }
    #expect(Shown(ladder) == Shown(2, .voice, .voice, .model))
    #expect(ladder.wantsProbes == [.llm])
    #expect(ladder.handle(.works(.llm), at: at(31)) == nil)
    #expect(ladder.handle(.works(.llm), at: at(32)).map(Step.init) == Step(2, 1, .recovered))
  }

  @Test("each relapse doubles the wait for the next step up, to two minutes at most")
  func backsOff() {
    var ladder = Ladder(at: at(0))
    var now = at(0)
    var waits: [Double] = []
    for _ in 0..<9 {
      _ = ladder.handle(.fails(.asr), at: now)
      let fell = now
      for _ in 0..<2 { _ = ladder.handle(.works(.asr), at: now + .milliseconds(10)) }
      now = ladder.nextDeadline(at: now)!
      waits.append((now - fell).inSeconds)
      #expect(ladder.handle(.deadline, at: now) != nil)
      now = now + .seconds(1)
    }
    #expect(waits == [3, 6, 12, 24, 48, 96, 120, 120, 120])
  }

  @Test("the doubling is taken back by time without a relapse")
  func forgives() {
    var ladder = Ladder(at: at(0))
    var now = at(0)
    func wait(after calm: Duration) -> Double {
      now = now + calm
      _ = ladder.handle(.fails(.asr), at: now)
      let fell = now
      for _ in 0..<2 { _ = ladder.handle(.works(.asr), at: now) }
      now = ladder.nextDeadline(at: now)!
      let wait = now - fell
      while let due = ladder.nextDeadline(at: now) {
        now = max(now, due)
        _ = ladder.handle(.deadline, at: now)
      }
      return wait.inSeconds
    }
    #expect((0..<4).map { _ in wait(after: .seconds(1)) } == [3, 6, 12, 24])
    #expect(wait(after: .seconds(300)) == 12)
    #expect(wait(after: .seconds(3000)) == 3)
  }

  @Test(
    "under whatever inputs, it flaps no more than promised, and gets back when all is well", arguments: 0..<UInt64(40))
  func keepsItsPromises(seed: UInt64) {
    var random = Seeded(state: seed)
    var ladder = Ladder(at: at(0))
    var judge = FlapJudge(ladder.settings)
    var now = at(0)
    let pace = [50, 500, 5000, 60_000][Int(seed % 4)]
    for _ in 0..<3000 {
      now = now + .milliseconds(Int.random(in: 0...pace, using: &random))
      judge.saw(ladder.handle(Self.anything(&random), at: now), Shown(ladder), at: now)
    }
    let well = now
    for input in Self.allWell { judge.saw(ladder.handle(input, at: now), Shown(ladder), at: now) }
    while let due = ladder.nextDeadline(at: now) {
      now = max(now, due)
      judge.saw(ladder.handle(.deadline, at: now), Shown(ladder), at: now)
    }
    #expect(judge.problems(until: now).isEmpty)
    #expect(Shown(ladder) == Shown(1, .voice, .voice, .model))
    #expect(now - well <= .seconds(120 + 4 * 3))
  }

  private static var allWell: [Ladder.Input] {
    Ladder.Capability.allCases.flatMap { [.works($0), .works($0)] }
      + Ladder.Holder.allCases.map { .floor(.full, by: $0) } + [.network(up: .good, down: .good)]
  }

  private static func anything(_ random: inout Seeded) -> Ladder.Input {
    let capability = Ladder.Capability.allCases.randomElement(using: &random)!
    let links: [Ladder.LinkQuality] = [.good, .good, .degraded, .unusable]
    switch Int.random(in: 0..<20, using: &random) {
    case 0...3: return .fails(capability)
    case 4...13: return .works(capability, by: Int.random(in: 0..<5, using: &random) == 0 ? .backup : .primary)
    case 14:
      return .network(up: links.randomElement(using: &random)!, down: links.randomElement(using: &random)!)
    case 15:
      return .floor(
        Bool.random(using: &random) ? .full : Ladder.Level.allCases.randomElement(using: &random)!,
        by: Ladder.Holder.allCases.randomElement(using: &random)!)
    case 16: return .confidence(Double.random(in: 0...1, using: &random))
    default: return .deadline
    }
  }
}
