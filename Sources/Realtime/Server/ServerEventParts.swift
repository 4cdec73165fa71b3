/// Where in a response a piece of content belongs.
public struct ContentAddress: Sendable, Hashable {
  public var responseID: String
  public var itemID: String
  public var outputIndex: Int
  public var contentIndex: Int

  public init(responseID: String, itemID: String, outputIndex: Int, contentIndex: Int) {
    self.responseID = responseID
    self.itemID = itemID
    self.outputIndex = outputIndex
    self.contentIndex = contentIndex
  }
}

/// A content part as `response.content_part.*` names it: not with the names that items use.
public enum ResponsePart: Sendable, Equatable {
  case text(String)
  case audio(transcript: String)
}

/// What a transcription is billed by.
public enum TranscriptionUsage: Sendable, Equatable {
  case duration(seconds: Double)
  case tokens(input: Int, output: Int)
}

public struct RateLimit: Sendable, Equatable, Codable {
  /// `requests` or `tokens`.
  public var name: String
  public var limit: Int
  public var remaining: Int
  public var resetSeconds: Double

  public init(name: String, limit: Int, remaining: Int, resetSeconds: Double) {
    self.name = name
    self.limit = limit
    self.remaining = remaining
    self.resetSeconds = resetSeconds
  }

  private enum CodingKeys: String, CodingKey {
    case name, limit, remaining
    case resetSeconds = "reset_seconds"
  }
}

extension ResponsePart: Codable {
  private enum CodingKeys: CodingKey {
    case type, text, transcript
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    switch try fields.requiredChoice(.type) as Modality {
    case .text: self = .text(try fields.decodeIfPresent(String.self, forKey: .text) ?? "")
    case .audio: self = .audio(transcript: try fields.decodeIfPresent(String.self, forKey: .transcript) ?? "")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .text(let text):
      try fields.encode(Modality.text, forKey: .type)
      try fields.encode(text, forKey: .text)
    case .audio(let transcript):
      try fields.encode(Modality.audio, forKey: .type)
      try fields.encode(transcript, forKey: .transcript)
    }
  }
}

extension TranscriptionUsage: Encodable {
  private enum CodingKeys: String, CodingKey {
    case type, seconds
    case inputTokens = "input_tokens"
    case outputTokens = "output_tokens"
    case totalTokens = "total_tokens"
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .duration(let seconds):
      try fields.encode("duration", forKey: .type)
      try fields.encode(seconds, forKey: .seconds)
    case .tokens(let input, let output):
      try fields.encode("tokens", forKey: .type)
      try fields.encode(input, forKey: .inputTokens)
      try fields.encode(output, forKey: .outputTokens)
      try fields.encode(input &+ output, forKey: .totalTokens)
    }
  }
}
