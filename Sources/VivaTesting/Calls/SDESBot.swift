import Foundation
import Media
import Realtime
import Runtime
import Synchronization

/// A caller made of recordings, over SRTP with keys in the SDP, as a telephony gateway calls: the events come over the
/// WebSocket, the audio over UDP. The WebSocket has no TLS, so the server has to be on this machine.
public struct SDESBot: Sendable {
  private let server: RealtimeBot.Server
  private let voice: CallVoice
  private let line: CallLine

  /// - Parameter line: the thread that carries it, and the tally of what it goes through.
  public init(server: RealtimeBot.Server, voice: CallVoice, line: CallLine) {
    self.server = server
    self.voice = voice
    self.line = line
  }

  /// Calls and talks until `duration` has passed or the task is cancelled, then hangs up. What goes wrong is in the tally.
  ///
  /// - Parameters:
  ///   - answers: hang up sooner, when this many responses are done.
  ///   - firstUtterance: where in the list to begin, so that bots differ.
  public func talk(for duration: Duration, answers: Int = .max, firstUtterance: Int = 0) async {
    let (id, posted, reply) = (line.newID(), Instant.now, Reply())
    do {
      let socket = try await WebSocketClient.connect(
        host: server.host, port: server.port, path: "/v1/realtime?model=\(server.model)", headers: server.headers
      ) { [line] event in
        guard case .text(let text) = event else { return reply.give(nil) }
        if reply.isAwaited { return reply.read(text) }
        if let event = CallEvent(text) { line.heard(event, id) }
      }
      defer { Task { await socket.close() } }
      var generator = SystemRandomNumberGenerator()
      var offer = SDESOffer(key: SRTPMasterKey(profile: .aeadAES128GCM, using: &generator), ssrc: generator.next())
      offer.encoding = voice.encoding
      let quoted = String(decoding: try JSONEncoder().encode(offer.text), as: UTF8.self)
      socket.send(
        Array(
          #"{"type":"session.update","session":{"type":"realtime","viva":{"srtp":{"sdp":\#(quoted)}}}}"#.utf8))
      guard let answer = await reply.value, let configuration = try offer.configuration(answer) else {
        return line.tally.failed("could not connect: no answer to SRTP")
      }
      let plan = BotCall.Plan(
        configuration: configuration, voice: voice, firstSentence: firstUtterance, posted: posted,
        end: .now + duration, answers: answers, onConnected: { [line] in line.heard(.joined, id) })
      await line.run(plan, as: id)
    } catch {
      line.tally.failed("could not connect: \(error)")
    }
  }

  /// The answer, among what comes before it.
  private final class Reply: Sendable {
    private let continuation: AsyncStream<String?>.Continuation
    private let stream: AsyncStream<String?>
    private let wasGiven = Atomic<Bool>(false)

    init() { (stream, continuation) = AsyncStream.makeStream(of: String?.self) }

    var isAwaited: Bool { !wasGiven.load(ordering: .relaxed) }

    /// nil when there is none.
    var value: String? {
      get async {
        for await answer in stream { return answer }
        return nil
      }
    }

    func read(_ text: [UInt8]) {
      guard let message = try? ServerMessage.decode(text) else { return }
      if message.type == "viva.srtp.answer" { give(message.sdp) }
      if message.type == "error" { give(nil) }
    }

    func give(_ answer: String?) {
      wasGiven.store(true, ordering: .relaxed)
      continuation.yield(answer)
      continuation.finish()
    }
  }
}
