/// One thing that happened to a bot.
enum BotFinding: Sendable, Equatable {
  /// It has said an utterance.
  case spoke
  /// The first audio of the answer came, so long after the last voiced sample.
  case answered(after: Duration)
  /// Audio came, so far ahead of its playing time.
  case heard(milliseconds: Int, ahead: Duration)
  case responded(status: String)
  case transcribed
  /// It could not send a piece of audio in time: the load tool is overloaded, and its figures mean little.
  case late(Duration)
  /// Something that must not happen, by kind.
  case failed(String)
}
