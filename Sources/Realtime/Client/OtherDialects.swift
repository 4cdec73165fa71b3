/// What clients of OpenAI's other dialects say, and how the GA protocol says it.
///
/// Unknown fields are ignored. These are not: their senders believe that they set something.
enum OtherDialects {
  // MARK: Events

  /// - Parameter type: of at most `String.longestChoice` bytes.
  /// - Returns: nil for the name of an event that no other dialect has.
  static func remedy(forEvent type: String) -> String? {
    switch type {
    case "session.input_audio_buffer.append":
      "'\(type)' belongs to translation sessions, which are not supported. Use 'input_audio_buffer.append'."
    case "session.close":
      "'\(type)' belongs to translation sessions, which are not supported. Close the WebSocket."
    case "transcription_session.update":
      "'\(type)' is of the beta. Use 'session.update' with session.type 'transcription'."
    case _ where type.hasPrefix("response.audio"):
      "'\(type)' is of the beta, and the server's. Its name is now 'response.output_\(type.dropFirst(9))'."
    case _ where type.hasPrefix("mcp_") || type.hasPrefix("response.mcp_"):
      "MCP is not supported. Declare a 'function' and call the MCP server yourself."
    default: nil
    }
  }

  // MARK: The beta's flat fields

  /// Where a field of the beta's session or response is now; nil where it has no place at all.
  struct Moved: Sendable {
    var field: String
    var place: String?
  }

  static let sessionFields =
    responseFields + [
      Moved(field: "input_audio_format", place: "audio.input.format"),
      Moved(field: "input_audio_transcription", place: "audio.input.transcription"),
      Moved(field: "input_audio_noise_reduction", place: "audio.input.noise_reduction"),
      Moved(field: "turn_detection", place: "audio.input.turn_detection"),
      Moved(field: "speed", place: "audio.output.speed"),
    ]

  static let responseFields = [
    Moved(field: "modalities", place: "output_modalities"),
    Moved(field: "voice", place: "audio.output.voice"),
    Moved(field: "output_audio_format", place: "audio.output.format"),
    Moved(field: "max_response_output_tokens", place: "max_output_tokens"),
    Moved(field: "temperature", place: nil),
  ]

  /// Refuses an object that holds one of these fields, null or not.
  static func refuse(_ moved: [Moved], in decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: AnyKey.self)
    for moved in moved where fields.contains(AnyKey(moved.field)) {
      let path = fields.path(AnyKey(moved.field))
      let place = moved.place.map { parameterPath(decoder.codingPath + [AnyKey($0)]) }
      throw RealtimeError.invalidRequest(
        code: "unknown_parameter",
        message: place.map { "\(path) is now \($0)." }
          ?? "\(path) is gone from the protocol: leave it out; the server's configuration has it.",
        param: path)
    }
  }
}

/// A field by its name.
private struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) {
    stringValue = name
  }

  init(stringValue: String) {
    self.init(stringValue)
  }

  init?(intValue: Int) {
    nil
  }
}
