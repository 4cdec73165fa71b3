/// What `response.create` may set for one response; nil takes the session's value.
public struct ResponseParameters: Sendable, Equatable {
  public enum Conversation: String, Sendable, CaseIterable {
    /// The response joins the conversation.
    case auto
    /// It leaves no trace in the conversation.
    case none
  }

  /// Stands in for the conversation, in one response.
  public enum Input: Sendable, Equatable {
    case item(ConversationItem)
    case reference(itemID: String)
  }

  public var modality: Modality?
  public var instructions: String?
  public var voice: Voice?
  public var outputFormat: AudioFormat?
  public var tools: [RealtimeSession.Tool]?
  public var toolChoice: RealtimeSession.ToolChoice?
  public var parallelToolCalls: Bool?
  public var reasoningEffort: ReasoningEffort?
  public var maxOutputTokens: TokenLimit?
  /// Up to 16 pairs; keys of up to 64 and values of up to 512 characters.
  public var metadata: [String: String]?
  public var conversation = Conversation.auto
  /// What the model reads in place of the conversation, up to 128 items; nil is the conversation.
  public var input: [Input]?

  public init() {}

  /// Whether its items become part of the conversation, whatever it reads.
  public var joinsConversation: Bool { conversation != .none }

  public var isOutOfBand: Bool { !joinsConversation }
}

extension ResponseParameters: Decodable {
  private enum CodingKeys: String, CodingKey {
    case instructions, audio, tools, metadata, conversation, input, prompt, reasoning
    case outputModalities = "output_modalities"
    case toolChoice = "tool_choice"
    case parallelToolCalls = "parallel_tool_calls"
    case maxOutputTokens = "max_output_tokens"
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    try OtherDialects.refuse(OtherDialects.responseFields, in: decoder)
    modality = try fields.modality(.outputModalities)
    instructions = try fields.text(.instructions, upTo: Limits.instructions)
    tools = try fields.list(.tools, upTo: Limits.tools)
    toolChoice = try fields.decodeIfPresent(RealtimeSession.ToolChoice.self, forKey: .toolChoice)
    parallelToolCalls = try fields.decodeIfPresent(Bool.self, forKey: .parallelToolCalls)
    reasoningEffort = try fields.reasoningEffort(.reasoning)
    maxOutputTokens = try fields.decodeIfPresent(TokenLimit.self, forKey: .maxOutputTokens)
    conversation = try fields.choice(.conversation) ?? .auto
    input = try fields.list(.input, upTo: Limits.input)
    for case (let index, .item(let item)) in (input ?? []).enumerated() {
      try item.checkThatClientMayCreate(param: "\(fields.path(.input))[\(index)]")
    }
    try fields.refusePrompt(.prompt)

    metadata = try fields.decodeIfPresent([String: String].self, forKey: .metadata)
    if let metadata {
      let isSmall = metadata.count <= 16 && metadata.allSatisfy { $0.key.count <= 64 && $0.value.count <= 512 }
      guard isSmall else {
        throw fields.refusal(
          .metadata, "Metadata holds at most 16 pairs, with keys of up to 64 and values of up to 512 characters.")
      }
    }

    let audio = try fields.nested(RealtimeSession.AudioKeys.self, .audio)
    if let output = try audio?.nested(RealtimeSession.OutputKeys.self, .output) {
      outputFormat = try output.decodeIfPresent(AudioFormat.self, forKey: .format)
      voice = try output.decodeIfPresent(Voice.self, forKey: .voice)
    }
  }
}

extension ResponseParameters.Input: Decodable {
  private enum CodingKeys: CodingKey {
    case type, id
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    if try fields.decode(String.self, forKey: .type) == "item_reference" {
      self = .reference(itemID: try fields.requiredLabel(.id, upTo: 128))
    } else {
      self = .item(try ConversationItem(from: decoder))
    }
  }
}
