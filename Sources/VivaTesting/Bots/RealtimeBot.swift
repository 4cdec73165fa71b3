import Realtime
import Runtime

/// A caller made of recordings: speaks in real time over a WebSocket, listens, and measures what it hears.
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

    public var path: String { "/v1/realtime?model=\(model)" }
    public var headers: [(String, String)] { [("Authorization", "Bearer \(key)")] }
  }

  private let server: Server
  private let voice: BotVoice
  private let tally: BotTally

  /// - Parameter tally: what the bot goes through is counted there.
  public init(server: Server, voice: BotVoice, tally: BotTally) {
    self.server = server
    self.voice = voice
    self.tally = tally
  }

  /// Connects and talks until `duration` has passed or the task is cancelled, then hangs up. What goes wrong is in the
  /// tally.
  ///
  /// - Parameters:
  ///   - answers: hang up sooner, when this many responses are done.
  ///   - firstUtterance: where in the list to begin, so that bots differ.
  public func talk(for duration: Duration, answers: Int = .max, firstUtterance: Int = 0) async {
    let conversation = BotConversation(
      voice, first: firstUtterance, tally: tally, until: .now + duration, answers: answers)
    do {
      let client = try await WebSocketClient.connect(
        host: server.host, port: server.port, path: server.path, headers: server.headers,
        listener: conversation.heard)
      let began = Instant.now
      tally.began()
      client.send(voice.sessionUpdate)
      await conversation.speak(to: client)
      tally.ended(after: .now - began)
      await client.close()
    } catch {
      tally.failed(
        "could not connect: \((error as? WebSocketClient.Refused).map { "HTTP \($0.status)" } ?? "\(error)")")
    }
  }
}
