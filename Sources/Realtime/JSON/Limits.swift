/// How large a client may make what the server keeps, in bytes of UTF-8 where it is text.
enum Limits {
  /// `instructions`, of a session and of a response.
  static let instructions = 128 << 10
  static let tools = 128
  static let toolDescription = 16 << 10
  /// A tool's JSON Schema.
  static let toolParameters = 64 << 10
  /// One text of an item: its words, a function's arguments, its output.
  static let itemText = 1 << 20
  /// Content parts of a message.
  static let parts = 128
  /// Items in the `input` of a response.
  static let input = 128
  static let tracing = 16 << 10
  /// An SDP offer.
  static let offer = 16 << 10
  static let transcriptionPrompt = 16 << 10
  static let languages = 32
  static let language = 64
  static let keywords = 1000
  static let keyword = 256
}
