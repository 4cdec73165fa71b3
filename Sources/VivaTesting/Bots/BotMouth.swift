/// What a bot's microphone picks up, piece by piece: utterances with a pause before each, silence otherwise.
public struct BotMouth: Sendable {
  public struct Piece: Sendable {
    public var frame: ClientFrame
    /// Set on the last piece of an utterance: how long before its end the last sample of speech lies.
    public var endOfSpeech: Duration?
  }

  /// Between the end of the agent's answer and the next utterance.
  private static let pauseMilliseconds = 600

  private let voice: BotVoice
  private var next: Int
  private var position: Int?
  private var pause = 0

  /// - Parameter first: where in the list of utterances to begin, so that bots differ.
  public init(_ voice: BotVoice, first: Int) {
    self.voice = voice
    next = first % voice.utterances.count
  }

  /// What each piece lasts.
  public var pieceDuration: Duration { .milliseconds(voice.pieceMilliseconds) }

  /// - Parameter mayStart: whether the agent is silent, so that an utterance may begin.
  public mutating func piece(mayStart: Bool) -> Piece {
    guard let position = position ?? begin(mayStart: mayStart) else { return Piece(frame: voice.silence) }
    let utterance = voice.utterances[next]
    var piece = Piece(frame: utterance.pieces[position])
    if position + 1 < utterance.pieces.count {
      self.position = position + 1
    } else {
      piece.endOfSpeech = utterance.padding
      self.position = nil
      pause = 0
      next = (next + 1) % voice.utterances.count
    }
    return piece
  }

  private mutating func begin(mayStart: Bool) -> Int? {
    pause = mayStart ? pause + voice.pieceMilliseconds : 0
    return pause > Self.pauseMilliseconds ? 0 : nil
  }
}
