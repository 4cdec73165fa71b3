import Runtime
import Testing

@testable import Resilience

@Suite struct LadderDownTests {
  /// What is lost → what is left: level, input, output, questions.
  static let table: [([Ladder.Input], Shown)] = [
    ([], Shown(1, .voice, .voice, .model)),
    ([.works(.llm, by: .backup)], Shown(2, .voice, .voice, .model)),
    ([.fails(.evaluation)], Shown(2, .voice, .voice, .model)),
    ([.fails(.conductor)], Shown(3, .voice, .voice, .bank)),
    ([.fails(.llm)], Shown(3, .voice, .voice, .bank)),
    ([.works(.asr, by: .backup), .works(.tts, by: .backup)], Shown(1, .voice, .voice, .model)),
    ([.fails(.asr)], Shown(3, .text, .voice, .model)),
    ([.fails(.tts)], Shown(3, .voice, .text, .model)),
    ([.fails(.asr), .fails(.tts)], Shown(4, .text, .text, .model)),
    ([.fails(.asr), .fails(.llm)], Shown(3, .text, .voice, .bank)),
    ([.fails(.llm), .fails(.tts)], Shown(4, .voice, .text, .bank)),
    ([.fails(.conductor), .fails(.tts)], Shown(4, .voice, .text, .bank)),
    ([.fails(.asr), .fails(.tts), .fails(.llm)], Shown(4, .text, .text, .bank)),
    ([.network(up: .degraded, down: .good)], Shown(2, .voice, .voice, .model)),
    ([.network(up: .unusable, down: .good)], Shown(3, .text, .voice, .model)),
    ([.network(up: .degraded, down: .unusable)], Shown(3, .voice, .text, .model)),
    ([.network(up: .unusable, down: .unusable)], Shown(4, .text, .text, .model)),
    ([.network(up: .unusable, down: .good), .fails(.tts)], Shown(4, .text, .text, .model)),
    ([.floor(.reducedAI, by: .overload)], Shown(2, .voice, .voice, .model)),
    ([.floor(.predefined, by: .overload)], Shown(3, .voice, .voice, .bank)),
    ([.floor(.basic, by: .operator)], Shown(4, .text, .text, .bank)),
    ([.floor(.fallback, by: .operator)], Shown(5, .text, .text, .bank)),
    ([.floor(.basic, by: .overload), .floor(.reducedAI, by: .operator)], Shown(4, .text, .text, .bank)),
    ([.floor(.reducedAI, by: .operator), .fails(.asr)], Shown(3, .text, .voice, .model)),
  ]

  @Test("each loss goes straight to what is left, in any order", arguments: table)
  func goesStraightDown(losses: [Ladder.Input], left: Shown) {
    for losses in [losses, losses.reversed()] {
      var ladder = Ladder(at: at(0))
      for loss in losses { _ = ladder.handle(loss, at: at(1)) }
      #expect(Shown(ladder) == left)
    }
  }

  @Test("the chain of the requirements: LLM 1 to 2, conductor 2 to 3, TTS 3 to 4, complete outage 4 to 5")
  func followsTheRequirements() {
    var ladder = Ladder(at: at(0))
    #expect(ladder.handle(.works(.llm, by: .backup), at: at(1)).map(Step.init) == Step(1, 2, .llmImpaired))
    #expect(ladder.handle(.fails(.conductor), at: at(2)).map(Step.init) == Step(2, 3, .conductorFailed))
    #expect(ladder.handle(.fails(.tts), at: at(3)).map(Step.init) == Step(3, 4, .ttsFailed))
    #expect(ladder.handle(.fails(.asr), at: at(4)).map(Step.init) == Step(4, 4, .asrFailed))
    #expect(ladder.handle(.fails(.llm), at: at(5)) == nil)
    #expect(ladder.nextDeadline(at: at(5)) == at(35))
    #expect(ladder.handle(.deadline, at: at(34.9)) == nil)
    #expect(ladder.handle(.deadline, at: at(35)).map(Step.init) == Step(4, 5, .outage))
    #expect(ladder.nextDeadline(at: at(35)) == nil)
  }

  @Test("an ASR failure without a backup goes from 1 to 3, and says how to go on")
  func changeSaysHowToGoOn() {
    var ladder = Ladder(at: at(0))
    let change = ladder.handle(.fails(.asr), at: at(7))
    #expect(
      change
        == LadderChange(
          from: .full, to: .predefined, reason: .asrFailed, since: at(7), input: .text, output: .voice,
          questions: .model, offersCorrection: false))
    #expect(ladder.since == at(7))
    #expect(ladder.handle(.fails(.asr), at: at(8)) == nil)
    #expect(ladder.since == at(7))
  }

  @Test("without patience a complete outage is level 5 at once")
  func patienceIsOptional() {
    var settings = Ladder.Settings()
    settings.outagePatience = .zero
    var ladder = Ladder(settings, at: at(0))
    for capability in [Ladder.Capability.asr, .tts] { _ = ladder.handle(.fails(capability), at: at(1)) }
    #expect(ladder.handle(.fails(.llm), at: at(1)).map(Step.init) == Step(4, 5, .outage))
  }

  @Test("an agent without a question bank that has lost its LLM has nothing to say, and offers another day")
  func needsABank() {
    var settings = Ladder.Settings()
    settings.hasQuestionBank = false
    var ladder = Ladder(settings, at: at(0))
    #expect(ladder.handle(.fails(.llm), at: at(1)).map(Step.init) == Step(1, 3, .llmFailed))
    #expect(ladder.handle(.deadline, at: at(31)).map(Step.init) == Step(3, 5, .outage))
  }

  @Test("an outage that ends in time does not lead to level 5")
  func outageMustLast() {
    var ladder = Ladder(at: at(0))
    for capability in [Ladder.Capability.asr, .tts, .llm] { _ = ladder.handle(.fails(capability), at: at(1)) }
    for second in [29.0, 30] { _ = ladder.handle(.works(.tts), at: at(second)) }
    for second in 31..<100 { _ = ladder.handle(.deadline, at: at(Double(second))) }
    #expect(Shown(ladder) == Shown(3, .text, .voice, .bank))
  }

  @Test("poor transcripts may be corrected, until they are good again; that moves no level")
  func offersCorrection() {
    var ladder = Ladder(at: at(0))
    #expect(ladder.handle(.confidence(0.9), at: at(1)) == nil)
    #expect(ladder.handle(.confidence(0.6), at: at(2)) == nil)
    let change = ladder.handle(.confidence(0.3), at: at(3))
    #expect(change.map(Step.init) == Step(1, 1, .lowConfidence))
    #expect(change?.offersCorrection == true)
    #expect(ladder.handle(.confidence(0.85), at: at(4)) == nil)
    #expect(ladder.offersCorrection == true)
    _ = ladder.handle(.confidence(0.95), at: at(5))
    #expect(ladder.handle(.confidence(0.95), at: at(6)).map(Step.init) == Step(1, 1, .confidenceRestored))
    #expect(ladder.offersCorrection == false)
  }

  @Test("who types has no transcript to correct")
  func correctionNeedsVoice() {
    var ladder = Ladder(at: at(0))
    #expect(ladder.handle(.confidence(0.2), at: at(1))?.offersCorrection == true)
    #expect(ladder.handle(.fails(.asr), at: at(2))?.offersCorrection == false)
  }

  @Test("a confidence that is none is ignored", arguments: [Double.nan, .infinity, -0.1, 1.1])
  func survivesOddConfidence(odd: Double) {
    var ladder = Ladder(at: at(0))
    #expect(ladder.handle(.confidence(odd), at: at(1)) == nil)
    #expect(ladder.handle(.confidence(0.6), at: at(1)) != nil)
  }
}

/// What a ladder shows the user.
struct Shown: Equatable, Sendable {
  var level: Int
  var input: Ladder.Modality
  var output: Ladder.Modality
  var questions: Ladder.Questions

  init(_ level: Int, _ input: Ladder.Modality, _ output: Ladder.Modality, _ questions: Ladder.Questions) {
    (self.level, self.input, self.output, self.questions) = (level, input, output, questions)
  }

  init(_ ladder: Ladder) {
    self.init(ladder.level.rawValue, ladder.input, ladder.output, ladder.questions)
  }
}

struct Step: Equatable {
  var from: Int
  var to: Int
  var reason: Ladder.Reason

  init(_ from: Int, _ to: Int, _ reason: Ladder.Reason) {
    (self.from, self.to, self.reason) = (from, to, reason)
  }

  init(_ change: LadderChange) {
    self.init(change.from.rawValue, change.to.rawValue, change.reason)
  }
}
