/// OpenAI's error object: the payload of an `error` event, and of an HTTP error under `error`.
///
/// Message and parameter may repeat what a client sent, but not at any length: they are cut to some 1000 bytes.
public struct RealtimeError: Error, Sendable, Equatable {
  /// `invalid_request_error`, `server_error`.
  public var type: String
  /// Stable and machine-readable, like `invalid_value`.
  public var code: String?
  /// For people: what is wrong and what to do.
  public var message: String
  /// The field at fault, as a path: `session.audio.input.turn_detection.threshold`.
  public var param: String?
  /// The client event that caused it.
  public var eventID: String?

  public init(
    type: String, code: String? = nil, message: String, param: String? = nil, eventID: String? = nil
  ) {
    self.type = type
    self.code = code
    self.message = Self.shortened(message)
    self.param = param.map(Self.shortened)
    self.eventID = eventID
  }

  private static let longestText = 1000

  /// - Returns: the beginning of a text that is too long. Characters are no measure: one may have any number of bytes.
  private static func shortened(_ text: String) -> String {
    guard text.utf8.count > longestText else { return text }
    let end = text.unicodeScalars.index(before: text.utf8.index(text.startIndex, offsetBy: longestText))
    return text[..<end] + "…"
  }

  /// The client asked for something that it cannot have.
  public static func invalidRequest(code: String?, message: String, param: String?) -> RealtimeError {
    RealtimeError(type: "invalid_request_error", code: code, message: message, param: param)
  }

  /// The server failed.
  public static func serverError(code: String?, message: String) -> RealtimeError {
    RealtimeError(type: "server_error", code: code, message: message)
  }

  /// The body of an HTTP error: `{"error": {…}}`.
  public var httpBody: [UInt8] { RealtimeJSON.encode(["error": self]) }
}

extension RealtimeError: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, code, message, param
    case eventID = "event_id"
  }

  /// Absent values are written as null, as OpenAI does.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(type, forKey: .type)
    try fields.encode(code, forKey: .code)
    try fields.encode(message, forKey: .message)
    try fields.encode(param, forKey: .param)
    try fields.encode(eventID, forKey: .eventID)
  }
}

// MARK: Bad messages

extension RealtimeError {
  static func malformedJSON(_ why: String) -> RealtimeError {
    .invalidRequest(code: "invalid_json", message: "The message is not valid JSON: \(why)", param: nil)
  }

  static func missing(_ param: String) -> RealtimeError {
    .invalidRequest(
      code: "missing_required_parameter", message: "Missing required parameter: '\(param)'.", param: param)
  }

  static func badBase64(_ param: String) -> RealtimeError {
    .invalidRequest(
      code: "invalid_base64", message: "'\(param)' is not Base64: expected the standard alphabet with padding.",
      param: param)
  }

  /// `audio/pcm` of half a sample.
  ///
  /// - Parameter param: the path of the field that holds the audio.
  public static func oddAudio(_ param: String, bytes: Int) -> RealtimeError {
    .invalidRequest(
      code: "invalid_value",
      message: "'\(param)' holds \(bytes) bytes of audio: audio/pcm has 16-bit samples, so an even number.",
      param: param)
  }

  /// What went wrong while a client's message was decoded.
  init(decoding error: any Error) {
    switch error {
    case let error as RealtimeError: self = error
    case DecodingError.keyNotFound(let key, let context):
      self = .missing(parameterPath(context.codingPath + [key]))
    case DecodingError.valueNotFound(_, let context) where !context.codingPath.isEmpty:
      self = .missing(parameterPath(context.codingPath))
    case DecodingError.typeMismatch(let type, let context) where !context.codingPath.isEmpty:
      self = .wrongType(parameterPath(context.codingPath), expected: type)
    case DecodingError.valueNotFound, DecodingError.typeMismatch:
      self = .invalidRequest(code: "invalid_type", message: "An event is a JSON object.", param: nil)
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
      let path = parameterPath(context.codingPath)
      self = .invalidRequest(
        code: "invalid_value", message: "Invalid value for '\(path)': \(context.debugDescription)", param: path)
    case DecodingError.dataCorrupted:
      self = .malformedJSON("check quotes, commas and brackets, and that it is UTF-8.")
    default:
      self = .malformedJSON("a string or a number in it cannot be read.")
    }
  }

  private static func wrongType(_ param: String, expected type: any Any.Type) -> RealtimeError {
    let expected =
      switch type {
      case is String.Type: "a string"
      case is Bool.Type: "a boolean"
      case is Int.Type: "an integer"
      case is Double.Type: "a number"
      case is [Any].Type: "an array"
      default: "an object"
      }
    return .invalidRequest(
      code: "invalid_type", message: "Invalid type for '\(param)': expected \(expected).", param: param)
  }
}
