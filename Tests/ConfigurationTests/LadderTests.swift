import Testing
import VivaConfiguration

@Suite struct LadderTests {
  let folder = ConfigurationFolder()

  @Test("the ladder's figures and texts, and the slots, are configured")
  func reads() throws {
    let settings = try folder.load(
      """
      ladder:
        up_interval_s: 0.5
        successful_probes: 3
        low_confidence: 0.5
        notices: { voice_back: Here I am. }
      callbacks:
        file: kept/callbacks.jsonl
        slots:
          - { id: mon-9, text: "Monday, 9:00" }
      """)
    #expect(settings.ladder.upIntervalSeconds == 0.5 && settings.ladder.successfulProbes == 3)
    #expect(settings.ladder.notices.voiceBack == "Here I am.")
    #expect(settings.ladder.notices.textMode == LadderNotices().textMode)
    #expect(settings.callbacks.file == "\(folder.path)/kept/callbacks.jsonl")
    #expect(settings.callbacks.slots == [CallbackSlotSettings(id: "mon-9", text: "Monday, 9:00")])
    #expect(try folder.load("").ladder == LadderSettings())
  }

  @Test("mistakes are named by line and key")
  func problems() {
    #expect(
      folder.problems(
        """
        ladder:
          successful_probes: 0
          low_confidence: 0.9
          restored_confidence: 0.8
          notices: { voice: Hi }
        callbacks:
          slots:
            - { id: mon 9, text: Monday }
            - { id: tue, text: "" }
            - { id: tue, text: Tuesday }
        """) == [
          "viva.yaml:2: ladder.successful_probes: 0 is out of range; allowed: 1 to 100",
          "viva.yaml:4: ladder.restored_confidence: is below low_confidence, 0.9",
          "viva.yaml:5: ladder.notices.voice: is not a known key; did you mean voice_back?; allowed: cannot_hear, "
            + "cannot_speak, text_mode, voice_back, questions, resolved, low_confidence, fallback",
          "viva.yaml:8: callbacks.slots[0].id: mon 9 is not a name; allowed: 1 to 64 letters, "
            + "digits, '.', '_' and '-', beginning with a letter or digit",
          "viva.yaml:9: callbacks.slots[1].text: is empty",
          "viva.yaml:10: callbacks.slots[2].id: there is already a slot tue",
        ])
  }

  private func bank(_ yaml: String) throws -> QuestionBank {
    folder.write("agents/assistant.yaml", yaml)
    return try #require(folder.load("").agents["assistant"]).questions
  }

  @Test("an agent may have a question bank")
  func readsBank() throws {
    let bank = try bank(
      """
      questions:
        closing: Thank you.
        topics:
          - name: Work
            order: shuffled
            follow_up_limit: 2
            time_box_s: 60
            questions:
              - What do you do?
              - { text: Why?, follow_ups: [Really?] }
      """)
    #expect(bank.closing == "Thank you." && bank.topics.count == 1)
    let topic = try #require(bank.topics.first)
    #expect(topic.order == .shuffled && topic.followUpLimit == 2 && topic.timeBoxSeconds == 60)
    #expect(topic.questions == [BankQuestion("What do you do?"), BankQuestion("Why?", followUps: ["Really?"])])
    #expect(try self.bank("").isEmpty)
  }

  @Test("a bank's mistakes are named by line and key")
  func bankProblems() {
    folder.write(
      "agents/assistant.yaml",
      """
      questions:
        topics:
          - name: Work
            order: random
            questions: []
          - name: Work
            time_box_s: 5
            questions: [One?, One?]
          - questions:
              - { follow_ups: [Why?] }
      """)
    #expect(
      folder.problems("") == [
        "agents/assistant.yaml:4: questions.topics[0].order: random is not one of the choices; "
          + "allowed: as_listed, shuffled",
        "agents/assistant.yaml:5: questions.topics[0].questions: is empty",
        "agents/assistant.yaml:7: questions.topics[1].time_box_s: 5 is out of range; allowed: 10 to 86400",
        "agents/assistant.yaml:8: questions.topics[1].questions: has the same question twice",
        "agents/assistant.yaml:6: questions.topics[1]: there is already a topic Work",
        "agents/assistant.yaml:9: questions.topics[2].name: is missing",
        "agents/assistant.yaml:10: questions.topics[2].questions[0].text: is missing",
      ])
  }
}
