import NIOCore
import Realtime
import Runtime

/// A caller made of recordings: speaks in real time over a WebSocket, listens, and measures what it hears.
///
/// One loop in real time: every 40 ms a piece of microphone, speech or silence, as a browser sends it.
public struct RealtimeBot: Sendable {
  public struct Server: Sendable {
    public var host: String
    public var port: Int
    public var key: String
    /// The agent to talk to.
    public var model: String

    public init(host: String, port: Int, key: String, model: String) {
      self.host = host
      self.port = port
      self.key = key
      self.model = model
    }
  }

  private static let pieceMilliseconds = 40

  private let server: Server
  private let utterances: [Utterance]

  /// - Parameter utterances: what it says, in turn, over and over; not empty.
  public init(server: Server, utterances: [Utterance]) {
    self.server = server
    self.utterances = utterances
  }

  /// Talks for `duration`, then hangs up.
  ///
  /// - Parameters:
  ///   - answers: hang up sooner, when this many responses are done.
  ///   - firstUtterance: where in the list to begin, so that bots differ.
  /// - Throws: when it cannot connect.
  public func talk(
    for duration: Duration, answers: Int = .max, firstUtterance: Int = 0
  ) async throws -> BotReport {
    let client = try await WebSocketClient.connect(
      host: server.host, port: server.port, path: "/v1/realtime?model=\(server.model)",
      headers: [("Authorization", "Bearer \(server.key)")])
    let ear = BotEar()
    let listening = Task {
      for await event in client.events {
        switch event {
        case .text(let bytes): ear.heard(bytes, at: .now)
        case .closed(let code, let reason): ear.closed(code: code, reason: reason)
        }
      }
    }
    await speak(to: client, ear: ear, until: .now + duration, answers: answers, first: firstUtterance)
    ear.hangUp()
    await client.close()
    await listening.value
    return ear.report
  }

  private func speak(
    to client: WebSocketClient, ear: BotEar, until end: Instant, answers: Int, first: Int
  ) async {
    var mouth = BotMouth(utterances: utterances, next: first)
    var due = Instant.now
    while due < end, ear.answers < answers, !ear.isClosed {
      let piece = mouth.piece(milliseconds: Self.pieceMilliseconds, mayStart: ear.isIdle, at: .now)
      if let lastVoiced = piece.endOfSpeech { ear.finishedSpeaking(at: lastVoiced) }
      client.send(piece.event)
      due = due + .milliseconds(Self.pieceMilliseconds)
      try? await Task.sleep(for: max(.zero, due - .now))
    }
  }
}
