import Foundation

/// The folder of agents, one file each.
struct AgentsReader {
  /// An agent is a page of text; a folder of more files than this is a wrong folder.
  static let maximumFiles = 1000

  let environment: [String: String]
  let log: ProblemLog
  let workers: WorkerSettings

  func read(folder: String) throws(TextFile.Failure) -> [String: Agent] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)
    } catch {
      throw TextFile.Failure(message: "the folder \(folder.excerpt(limit: 200)) cannot be read")
    }
    // Editors leave hidden files behind.
    let files = names.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }.sorted()
    if files.isEmpty { throw TextFile.Failure(message: "\(folder.excerpt(limit: 200)) has no .yaml file") }
    if files.count > Self.maximumFiles {
      throw TextFile.Failure(
        message: "\(folder.excerpt(limit: 200)) has more than \(Self.maximumFiles) files")
    }

    var agents: [String: Agent] = [:]
    for name in files {
      let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
      let file = YAMLFile(path: path, environment: environment, log: log)
      file.read { root in
        var agent = Agent(name: String(name.dropLast(".yaml".count)))
        if let given = root.present("name") {
          if let name = given.name() { agent.name = name }
        } else if !Name.isValid(agent.name) {
          root.report(
            "name", "the file's name \(agent.name.excerpt()) cannot be the agent's", allowed: Name.allowed)
        }
        read(root, into: &agent)
        if agents.updateValue(agent, forKey: agent.name) != nil {
          root.report("name", "there is already an agent \(agent.name.excerpt())")
        }
      }
    }
    return agents
  }

  private func read(_ root: Section, into agent: inout Agent) {
    root.text("instructions", into: &agent.instructions)
    if let examples = root.present("examples")?.list() { agent.examples = examples.compactMap(example) }
    root.text("greeting", into: &agent.greeting)
    root.text("voice", into: &agent.voice)
    root.number("speed", 0.25...1.5, into: &agent.speed)
    root.text("apology", into: &agent.apology)
    root.section("questions") { QuestionsReader.read($0, into: &agent.questions) }
    language(root, into: &agent.language)
    root.integer("history_characters", 500...1_000_000, into: &agent.historyCharacters)
    root.section("sampling") { sampling($0, into: &agent.sampling) }
    root.section("turn_detection") { TurnsReader.read($0, into: &agent.turnDetection) }
    root.section("interruptions") { TurnsReader.read($0, into: &agent.interruptions) }
    noiseReduction(root, into: &agent.noiseReduction)
    if let tools = root.present("tools") { agent.tools = ToolsReader.read(tools) }
    root.section("workers") { section in
      choice("asr", of: workers.asr, section, into: &agent.workers.asr)
      choice("llm", of: workers.llm, section, into: &agent.workers.llm)
      choice("tts", of: workers.tts, section, into: &agent.workers.tts)
    }
  }

  private func example(_ value: Value) -> ExampleTurn? {
    var turn: ExampleTurn?
    value.section { section in
      let user = section.required("user")?.text()
      let assistant = section.required("assistant")?.text()
      if let user, let assistant { turn = ExampleTurn(user: user, assistant: assistant) }
    }
    return turn
  }

  private func language(_ root: Section, into target: inout String?) {
    let before = target
    root.text("language", into: &target)
    if let tag = target, tag.wholeMatch(of: /[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*/) == nil {
      root.report(
        "language", "\(tag.excerpt()) is not a language tag", allowed: "a BCP-47 tag such as en or de-AT")
      target = before
    }
  }

  private func noiseReduction(_ root: Section, into target: inout String?) {
    enum Microphone: String, CaseIterable {
      case near = "near_field"
      case far = "far_field"
      case none
    }
    if let microphone = root.present("noise_reduction")?.choice(of: Microphone.allCases) {
      target = microphone == .none ? nil : microphone.rawValue
    }
  }

  private func sampling(_ section: Section, into sampling: inout SamplingSettings) {
    sampling.temperature = section.present("temperature")?.number(in: 0...2)
    sampling.topP = section.present("top_p")?.number(in: 0...1)
    section.integer("max_tokens", 1...4096, into: &sampling.maxTokens)
    section.texts("stop", into: &sampling.stop)
  }

  /// Names of `providers`, each once.
  private func choice(
    _ key: String, of providers: [ProviderSettings], _ section: Section, into target: inout [String]
  ) {
    guard let list = section.present(key)?.list() else { return }
    for value in list {
      guard let name = value.text() else { continue }
      if !providers.contains(where: { $0.name == name }) {
        let names = providers.map(\.name)
        let guess = name.nearest(in: names).map { "; did you mean \($0)?" } ?? ""
        value.report(
          "there is no \(key) worker \(value.shown)\(guess)", allowed: names.joined(separator: ", "))
      } else if target.contains(name) {
        value.report("\(value.shown) is named twice")
      } else {
        target.append(name)
      }
    }
  }
}
