/// Who answers: one file in `config/agents/`, named by `?model=`.
public struct Agent: Sendable, Equatable {
  public var name: String
  public var instructions = ""
  /// Example turns that stand before the conversation in every prompt.
  public var examples: [ExampleTurn] = []
  /// Said when the session opens; nil waits for the user.
  public var greeting: String?
  public var voice: String?
  /// How fast the voice speaks, 0.25...1.5.
  public var speed = 1.0
  /// Said when a turn could not be understood or answered.
  public var apology = "Sorry, I did not catch that. Could you say it again?"
  /// What it asks without a language model.
  public var questions = QuestionBank()
  public var sampling = SamplingSettings()
  public var turnDetection = TurnDetectionSettings()
  public var interruptions = InterruptionSettings()
  /// What is done about noise before anybody listens: `near_field` or `far_field`; nil is nothing.
  public var noiseReduction: String?
  /// Functions that Viva calls itself; at most 128.
  public var tools: [HTTPTool] = []
  /// BCP-47 tag given to the recogniser.
  public var language: String? = "en"
  /// How much of the conversation the model is shown, in characters (about 4 a token), beside instructions and
  /// examples: 500...1000000.
  public var historyCharacters = 3000
  /// Provider names that replace the default order; empty means all, in the file's order.
  public var workers = AgentWorkers()

  public init(name: String) {
    self.name = name
  }
}

public struct ExampleTurn: Sendable, Equatable {
  public var user: String
  public var assistant: String

  public init(user: String, assistant: String) {
    self.user = user
    self.assistant = assistant
  }
}

public struct SamplingSettings: Sendable, Equatable {
  /// 0...2.
  public var temperature: Double?
  /// 0...1.
  public var topP: Double?
  /// 1...4096.
  public var maxTokens: Int? = 256
  public var stop: [String] = []

  public init() {}
}

public struct AgentWorkers: Sendable, Equatable {
  public var asr: [String] = []
  public var llm: [String] = []
  public var tts: [String] = []

  public init() {}
}
