import Media
import Realtime
import Sessions
import Synchronization

/// One call over WebRTC, a guest's part in one, or the media beside a WebSocket, as HTTP knows it. For any thread.
final class Call: Sendable {
  /// `rtc_…`: a caller's is the session's id with another beginning, and a sideband joins by either.
  let id: String
  let session: Session

  private struct State {
    var answer: Answer
    var entityTag: String
  }

  private let state: Mutex<State>
  let port: MediaPort
  /// Its place in `port`.
  let tag: UInt32
  let isGuest: Bool
  /// Of a caller's room.
  let guestCount = Atomic<Int>(0)

  init(session: Session, answer: Answer, port: MediaPort, tag: UInt32, isGuest: Bool = false) {
    id = isGuest ? RealtimeID.make("rtc") : Self.id(of: session.id)
    self.isGuest = isGuest
    self.session = session
    self.port = port
    self.tag = tag
    state = Mutex(State(answer: answer, entityTag: Self.entityTag(of: answer)))
  }

  static func id(of sessionID: String) -> String { "rtc_" + sessionID.dropFirst("sess_".count) }

  /// The id of the session that `callID` names, be it by its own or by its call's.
  static func sessionID(of callID: String) -> String {
    callID.hasPrefix("rtc_") ? "sess_" + callID.dropFirst("rtc_".count) : callID
  }

  var path: String { "\(Route.callsPath)/\(id)" }

  /// The answer to the `POST` that made it.
  var created: HTTPResponse {
    state.withLock {
      HTTPResponse(
        status: 201,
        headers: [
          ("Content-Type", CallBody.sdp), ("Location", path), ("ETag", $0.entityTag),
          ("Accept-Patch", CallBody.fragment), ("Cache-Control", "no-store"),
        ], body: Array($0.answer.text.utf8))
    }
  }

  /// Of its audio, at most a second old; nil before there are any.
  var figures: StreamFigures? { port.figures(of: tag) }

  /// What its audio is coded with, and what everybody's in its room must be.
  var encoding: AudioCodec.Encoding? {
    state.withLock { ($0.answer.voice ?? $0.answer.audio.first)?.codec.encoding }
  }

  /// A caller's ends the session, whose people are told why; a guest's their part in it. See `Session.end`.
  func hangUp(code: UInt16, reason: String) {
    if isGuest { port.leave(tag) } else { session.end(code: code, reason: reason) }
  }

  /// Another offer for the media beside a WebSocket.
  func renegotiate(_ offer: Offer) throws(OfferRefusal) -> String {
    try state.withLock { state throws(OfferRefusal) in
      let answer = try port.answerBesideSocket(to: offer, tag: tag, after: state.answer)
      port.renegotiate(tag, from: state.answer, to: answer)
      state.answer = answer
      state.entityTag = Self.entityTag(of: answer)
      return answer.text
    }
  }

  // MARK: PATCH

  /// Trickled candidates, or an ICE restart (WHIP, RFC 9725, sections 4.3.1 and 4.3.2).
  func patch(_ request: HTTPRequest) -> HTTPResponse {
    guard request.header("content-type").flatMap(HeaderValue.init)?.value == CallBody.fragment else {
      return .error(
        415,
        .invalidRequest(
          code: "unsupported_content_type", message: "A PATCH of a call carries \(CallBody.fragment) (RFC 8840).",
          param: nil), headers: [("Accept-Patch", CallBody.fragment)])
    }
    guard let match = request.header("if-match") else {
      return .badCall(
        status: 428, code: "precondition_required",
        "Send If-Match: with the ETag of the answer for candidates, or with * for an ICE restart (RFC 9725).",
        param: nil)
    }
    let fragment: TrickleFragment
    do throws(SDPError) {
      fragment = try TrickleFragment(request.body)
    } catch {
      return .badCall(code: "invalid_sdp", "The fragment cannot be read: \(error).", param: "sdp")
    }
    return state.withLock { state in
      guard match == "*" || commaSeparated(match).contains(state.entityTag) else {
        return .badCall(
          status: 412, code: "precondition_failed",
          "ICE has been restarted since: that ETag is not the call's any more.",
          param: nil)
      }
      switch fragment.purpose(under: state.answer.transport.remoteCredentials) {
      case .candidates:
        // The checks of the client show where it is, so there is nothing to do with its candidates.
        return HTTPResponse(status: 204, headers: [("ETag", state.entityTag)])
      case .restart(let remote):
        guard state.answer.transport.role != nil else {
          return .badCall(status: 422, code: "no_ice", "This call has no ICE to restart.", param: nil)
        }
        return restart(&state, fragment, remote)
      }
    }
  }

  private func restart(_ state: inout State, _ fragment: TrickleFragment, _ remote: IceCredentials) -> HTTPResponse {
    var local = state.answer.local
    var generator = SystemRandomNumberGenerator()
    local.credentials = IceCredentials(routingTag: tag, using: &generator)
    state.answer = state.answer.restarted(by: fragment, local: local)
    state.entityTag = Self.entityTag(of: state.answer)
    port.restartICE(tag, local: local.credentials, remote: remote)
    return HTTPResponse(
      status: 200,
      headers: [("Content-Type", CallBody.fragment), ("ETag", state.entityTag), ("Cache-Control", "no-store")],
      body: Array(state.answer.fragment.text.utf8))
  }

  /// Names the ICE session (RFC 9725, section 4.3.1): its user name fragment is new with each restart.
  private static func entityTag(of answer: Answer) -> String { "\"\(answer.local.credentials.ufrag)\"" }
}
