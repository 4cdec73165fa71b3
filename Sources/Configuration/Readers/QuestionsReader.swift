/// `questions:` of an agent.
enum QuestionsReader {
  private static let maximumTopics = 100
  private static let maximumQuestions = 500

  static func read(_ section: Section, into bank: inout QuestionBank) {
    section.text("closing", into: &bank.closing)
    guard let value = section.required("topics"), let list = value.list() else { return }
    if list.isEmpty { value.report("is empty; leave questions out for an agent without a bank") }
    if list.count > maximumTopics { value.report("has more than \(maximumTopics) topics") }
    for entry in list {
      guard let topic = topic(entry) else { continue }
      if bank.topics.contains(where: { $0.name == topic.name }) {
        entry.report("there is already a topic \(topic.name.excerpt())")
      }
      bank.topics.append(topic)
    }
  }

  private static func topic(_ value: Value) -> QuestionTopic? {
    var topic: QuestionTopic?
    value.section { section in
      var name = ""
      if let given = section.required("name")?.text() { name = given }
      var read = QuestionTopic(name: name)
      if let order = section.present("order")?.choice(of: QuestionTopic.Order.allCases) { read.order = order }
      section.integer("follow_up_limit", 0...20, into: &read.followUpLimit)
      section.integer("time_box_s", 10...86_400, into: &read.timeBoxSeconds)
      if let value = section.required("questions"), let list = value.list() {
        if list.isEmpty { value.report("is empty") }
        if list.count > maximumQuestions { value.report("has more than \(maximumQuestions) questions") }
        read.questions = list.compactMap(question)
        let texts = read.questions.flatMap { [$0.text] + $0.followUps }
        if Set(texts).count < texts.count { value.report("has the same question twice") }
      }
      topic = read
    }
    return topic
  }

  /// A text, or a text with follow-ups.
  private static func question(_ value: Value) -> BankQuestion? {
    guard case .mapping = value.node else {
      guard let text = value.text() else { return nil }
      if text.isEmpty { value.report("is empty") }
      return BankQuestion(text)
    }
    var question: BankQuestion?
    value.section { section in
      let text = section.required("text")?.text()
      var followUps: [String] = []
      section.texts("follow_ups", into: &followUps)
      if text == "" || followUps.contains("") { value.report("has an empty text") }
      if let text { question = BankQuestion(text, followUps: followUps) }
    }
    return question
  }
}
