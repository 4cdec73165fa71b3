import Media
import Runtime

/// A caller made of recordings, over WebRTC: a browser's side of ICE, DTLS and SRTP, without its codecs.
///
/// It has no data channel, but hears the events by a sideband: usrsctp has one thread for all associations of a process,
/// with timers that look at each of them a hundred times a second, and each event would be decrypted, reassembled and
/// acknowledged there; a WebSocket costs a system call an event. (The server then has the sideband's work to do in place
/// of the data channel's.)
public struct WebRTCBot: Sendable {
  private let server: RealtimeBot.Server
  private let voice: CallVoice
  private let line: CallLine
  private let hearsEvents: Bool

  /// - Parameters:
  ///   - line: the thread that carries it, and the tally of what it goes through.
  ///   - hearsEvents: without them it says nothing, but listens.
  public init(server: RealtimeBot.Server, voice: CallVoice, line: CallLine, hearsEvents: Bool = true) {
    self.server = server
    self.voice = voice
    self.line = line
    self.hearsEvents = hearsEvents
  }

  /// Calls and talks until `duration` has passed or the task is cancelled, then hangs up. What goes wrong is in the tally.
  ///
  /// - Parameters:
  ///   - answers: hang up sooner, when this many responses are done.
  ///   - firstUtterance: where in the list to begin, so that bots differ.
  ///   - listeningTo: a call whose room to join as a listener, in place of making one.
  ///   - whenAnswered: called with the id of the call that was made.
  ///   - whenConnected: called once media may flow, on the line's thread.
  public func talk(
    for duration: Duration, answers: Int = .max, firstUtterance: Int = 0, listeningTo: String? = nil,
    whenAnswered: @escaping @Sendable (String) -> Void = { _ in },
    whenConnected: @escaping @Sendable () -> Void = {}
  ) async {
    do {
      let (offer, posted) = (try self.offer(), Instant.now)
      let query = listeningTo.map { "call_id=\($0)&role=listen" } ?? "model=\(server.model)"
      let response = try await HTTPRequest.send(
        .POST, "/v1/realtime/calls?\(query)", to: server, contentType: "application/sdp",
        body: Array(offer.text.utf8))
      guard response.status == 201, let location = response.location else {
        return line.tally.failed("could not connect: HTTP \(response.status)")
      }
      whenAnswered(Self.callID(location))
      do {
        var generator = SystemRandomNumberGenerator()
        let answer = try ReceivedAnswer(response.body, to: offer)
        let configuration = PeerConfiguration(
          answer: answer, to: offer, identity: line.identity, ssrc: generator.next(),
          canonicalName: String(generator.next() as UInt64, radix: 36), wallClock: .now)
        if let configuration {
          let call = Call(
            configuration: configuration, location: location, posted: posted, end: .now + duration, answers: answers,
            first: firstUtterance, whenConnected: whenConnected)
          await talk(call)
        } else {
          line.tally.failed("could not connect: no peer for the answer")
        }
      } catch {
        line.tally.failed("could not connect: \(error)")
      }
      _ = try await HTTPRequest.send(.DELETE, location, to: server)
    } catch {
      line.tally.failed("could not connect: \(error)")
    }
  }

  private struct Call {
    var configuration: PeerConfiguration
    var location: String
    var posted: Instant
    var end: Instant
    var answers: Int
    var first: Int
    var whenConnected: @Sendable () -> Void
  }

  private func offer() throws -> OfferBuilder {
    var generator = SystemRandomNumberGenerator()
    let local = LocalTransport(
      credentials: IceCredentials(routingTag: generator.next(), using: &generator),
      fingerprint: line.identity.fingerprint, candidates: [])
    var offer = OfferBuilder(local: local, sessionID: generator.next() >> 1)
    offer.offersData = false
    offer.offersNACK = false
    offer.encodings = [voice.encoding]
    offer.track = MediaTrack(stream: "bot", track: "voice")
    return offer
  }

  private func talk(_ call: Call) async {
    let id = line.newID()
    let plan = BotCall.Plan(
      configuration: call.configuration, voice: voice, firstSentence: call.first, posted: call.posted, end: call.end,
      answers: call.answers, onConnected: call.whenConnected)
    async let sideband = hearsEvents ? join(call.location, id) : nil
    await line.run(plan, as: id)
    await sideband?.close()
  }

  private static func callID(_ location: String) -> String {
    location.split(separator: "/").last.map(String.init) ?? ""
  }

  private func join(_ location: String, _ id: UInt64) async -> WebSocketClient? {
    let callID = Self.callID(location)
    do {
      return try await WebSocketClient.connect(
        host: server.host, port: server.port, path: "/v1/realtime?call_id=\(callID)", headers: server.headers
      ) { [line] event in
        guard case .text(let text) = event, let event = CallEvent(text) else { return }
        line.heard(event, id)
      }
    } catch {
      line.tally.failed("no sideband: \(error)")
      line.hangUp(id)
      return nil
    }
  }
}
