extension ConversationItem: Codable {
  private enum CodingKeys: String, CodingKey {
    case id, object, type, status, role, content, name, arguments, output
    case callID = "call_id"
  }

  private enum Kind: String, CaseIterable {
    case message
    case functionCall = "function_call"
    case functionCallOutput = "function_call_output"
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    id = try fields.label(.id, upTo: 128)
    status = try fields.choice(.status)
    let type = try fields.decode(String.self, forKey: .type)
    if type.utf8.starts(with: "mcp_".utf8) {
      throw fields.refusal(.type, code: "unsupported_value", "MCP items are not supported. Use function calls.")
    }
    switch try fields.requiredChoice(.type) as Kind {
    case .message:
      content = .message(
        role: try fields.requiredChoice(.role), parts: try fields.parts(.content))
    case .functionCall:
      content = .functionCall(
        name: try fields.requiredLabel(.name, upTo: 64),
        callID: try fields.label(.callID, upTo: 128) ?? RealtimeID.make("call"),
        arguments: try fields.requiredText(.arguments, upTo: Limits.itemText))
    case .functionCallOutput:
      content = .functionCallOutput(
        callID: try fields.requiredLabel(.callID, upTo: 128),
        output: try fields.requiredText(.output, upTo: Limits.itemText))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encodeIfPresent(id, forKey: .id)
    try fields.encode("realtime.item", forKey: .object)
    try fields.encodeIfPresent(status, forKey: .status)
    switch content {
    case .message(let role, let parts):
      try fields.encode(Kind.message.rawValue, forKey: .type)
      try fields.encode(role, forKey: .role)
      try fields.encode(parts, forKey: .content)
    case .functionCall(let name, let callID, let arguments):
      try fields.encode(Kind.functionCall.rawValue, forKey: .type)
      try fields.encode(name, forKey: .name)
      try fields.encode(callID, forKey: .callID)
      try fields.encode(arguments, forKey: .arguments)
    case .functionCallOutput(let callID, let output):
      try fields.encode(Kind.functionCallOutput.rawValue, forKey: .type)
      try fields.encode(callID, forKey: .callID)
      try fields.encode(output, forKey: .output)
    }
  }
}

extension KeyedDecodingContainer {
  fileprivate func parts(_ key: Key) throws -> [ConversationItem.Part] {
    guard let parts: [ConversationItem.Part] = try list(key, upTo: Limits.parts) else {
      throw RealtimeError.missing(path(key))
    }
    return parts
  }
}

extension ConversationItem.Part: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, text, audio, transcript
  }

  private enum Kind: String, CaseIterable {
    case inputText = "input_text"
    case inputAudio = "input_audio"
    case outputText = "output_text"
    case outputAudio = "output_audio"
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    if try fields.decode(String.self, forKey: .type) == "input_image" {
      throw fields.refusal(.type, code: "unsupported_value", "Images are not supported. Use input_text or input_audio.")
    }
    switch try fields.requiredChoice(.type) as Kind {
    case .inputText: self = .inputText(try fields.requiredText(.text, upTo: Limits.itemText))
    case .outputText: self = .outputText(try fields.requiredText(.text, upTo: Limits.itemText))
    case .inputAudio:
      self = .inputAudio(
        audio: try fields.audio(.audio), transcript: try fields.text(.transcript, upTo: Limits.itemText))
    case .outputAudio:
      self = .outputAudio(
        transcript: try fields.text(.transcript, upTo: Limits.itemText) ?? "",
        audio: try fields.audio(.audio))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .inputText(let text):
      try fields.encode(Kind.inputText.rawValue, forKey: .type)
      try fields.encode(text, forKey: .text)
    case .outputText(let text):
      try fields.encode(Kind.outputText.rawValue, forKey: .type)
      try fields.encode(text, forKey: .text)
    case .inputAudio(let audio, let transcript):
      try fields.encode(Kind.inputAudio.rawValue, forKey: .type)
      try fields.encode(transcript, forKey: .transcript)
      try fields.encodeIfPresent(audio.map(Base64.encode), forKey: .audio)
    case .outputAudio(let transcript, let audio):
      try fields.encode(Kind.outputAudio.rawValue, forKey: .type)
      try fields.encode(transcript, forKey: .transcript)
      try fields.encodeIfPresent(audio.map(Base64.encode), forKey: .audio)
    }
  }
}
