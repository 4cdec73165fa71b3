import Media
import Realtime
import Sessions

/// SRTP without WebRTC, for gateways and bots: the offer comes over a session's WebSocket with its keys in it (RFC 4568),
/// and the session gets a media leg beside the WebSocket. Who may do that is for `SRTPAccess` to say.
extension CallEndpoint {
  /// On the thread of the session's shard, whose port it will be.
  ///
  /// - Returns: the answer, which has our key in it.
  func negotiateSRTP(_ text: String, for session: Session) throws(RealtimeError) -> String {
    let offer: Offer
    do throws(SDPError) {
      offer = try Offer(text)
    } catch {
      throw .badSRTP(code: "invalid_sdp", "The offer cannot be read: \(error).")
    }
    let running = calls.withLock { $0[Call.id(of: session.id)] }
    let port = media.port(of: session.shard)
    guard let tag = running?.tag ?? port.reserve() else { throw Refusal.full(limit: PeerTags.capacity).realtimeError }
    do throws(OfferRefusal) {
      if let running { return try running.renegotiate(offer) }
      return try open(offer, for: session, by: port, as: tag)
    } catch {
      throw .badSRTP(code: error.code, error.description)
    }
  }

  private func open(
    _ offer: Offer, for session: Session, by port: MediaPort, as tag: UInt32
  ) throws(OfferRefusal) -> String {
    let answer: Answer
    do throws(OfferRefusal) {
      answer = try port.answerBesideSocket(to: offer, tag: tag)
    } catch {
      port.giveBack(tag)
      throw error
    }
    let call = Call(session: session, answer: answer, port: port, tag: tag)
    calls.withLock { $0[call.id] = call }
    port.open(session, as: .besideSocket(maximumGuests: maximumGuests), answer: answer, tag: tag) { [weak self] in
      self?.ended(call.id)
    }
    return answer.text
  }

  /// The session's WebSocket is closed. After `negotiateSRTP`, be it that it is still at it.
  func releaseSRTP(of session: Session) {
    session.shard.post { [self] in
      guard let call = calls.withLock({ $0[Call.id(of: session.id)] }) else { return }
      call.port.release(call.tag)
    }
  }
}

extension RealtimeError {
  fileprivate static func badSRTP(code: String, _ message: String) -> RealtimeError {
    .invalidRequest(code: code, message: message, param: "session.viva.srtp.sdp")
  }
}
