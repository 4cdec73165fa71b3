extension RealtimeSession {
  /// A function that the model may ask the client to run.
  public struct Tool: Sendable, Equatable {
    /// 1 to 64 letters, digits, `_` and `-`.
    public var name: String
    public var description: String?
    /// A JSON Schema object.
    public var parameters: JSONValue?

    public init(name: String, description: String? = nil, parameters: JSONValue? = nil) {
      self.name = name
      self.description = description
      self.parameters = parameters
    }

    /// `parameters` as JSON text.
    public var parametersJSON: String? { parameters?.text }
  }

  public enum ToolChoice: Sendable, Equatable {
    case auto, none, required
    case function(String)
  }
}

extension RealtimeSession.Tool: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, name, description, parameters
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    if fields.contains(.type) { try fields.requireFunction(.type) }
    name = try fields.requiredLabel(.name, upTo: 64)
    guard name.utf8.allSatisfy(\.isAllowedInFunctionName) else {
      throw fields.refusal(.name, "Invalid function name: expected letters, digits, '_' and '-'.")
    }
    description = try fields.text(.description, upTo: Limits.toolDescription)
    parameters = try fields.decodeIfPresent(JSONValue.self, forKey: .parameters)
    switch parameters {
    case nil, .null: break
    case .object(let schema):
      guard JSONValue.object(schema).text.utf8.count <= Limits.toolParameters else {
        throw fields.refusal(.parameters, "Invalid length: expected at most \(Limits.toolParameters) bytes of JSON.")
      }
    default: throw fields.refusal(.parameters, code: "invalid_type", "Expected a JSON Schema object.")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode("function", forKey: .type)
    try fields.encode(name, forKey: .name)
    try fields.encodeIfPresent(description, forKey: .description)
    try fields.encodeIfPresent(parameters, forKey: .parameters)
  }
}

extension RealtimeSession.ToolChoice: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, name
  }

  public init(from decoder: any Decoder) throws {
    if let mode = try? decoder.singleValueContainer().decode(String.self) {
      switch mode {
      case "auto": self = .auto
      case "none": self = .none
      case "required": self = .required
      default:
        throw RealtimeError.invalidRequest(
          code: "invalid_value", message: .unknownValue(mode, allowed: ["auto", "none", "required"]),
          param: parameterPath(decoder.codingPath))
      }
      return
    }
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    try fields.requireFunction(.type)
    self = .function(try fields.requiredLabel(.name, upTo: 64))
  }

  public func encode(to encoder: any Encoder) throws {
    var mode = encoder.singleValueContainer()
    switch self {
    case .auto: try mode.encode("auto")
    case .none: try mode.encode("none")
    case .required: try mode.encode("required")
    case .function(let name): try mode.encode(["type": "function", "name": name])
    }
  }
}

extension KeyedDecodingContainer {
  /// MCP is the one other kind that the protocol knows.
  fileprivate func requireFunction(_ key: Key) throws {
    let type = try decode(String.self, forKey: key)
    if type == "mcp" {
      throw refusal(
        key, code: "unsupported_value",
        "MCP tools are not supported. Declare a 'function' and call the MCP server yourself.")
    }
    guard type == "function" else { throw refusal(key, .unknownValue(type, allowed: ["function"])) }
  }
}

extension UInt8 {
  fileprivate var isAllowedInFunctionName: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
