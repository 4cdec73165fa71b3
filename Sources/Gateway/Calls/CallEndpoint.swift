import Media
import Realtime
import Rooms
import Runtime
import Sessions
import Synchronization

/// `/v1/realtime/calls`: makes calls over WebRTC, as OpenAI does and as WHIP does (RFC 9725), and looks after them.
final class CallEndpoint: Sendable {
  private let registry: SessionRegistry
  let media: MediaPorts
  let maximumGuests: Int
  let calls = Mutex<[String: Call]>([:])

  init(registry: SessionRegistry, media: MediaPorts, maximumGuests: Int) {
    self.registry = registry
    self.media = media
    self.maximumGuests = maximumGuests
  }

  // MARK: Opening

  /// `POST /v1/realtime/calls`.
  ///
  /// - Parameter admit: asked once the request is known to be a good one; throws the answer to one too many.
  func open(
    _ request: HTTPRequest, _ grant: Grant, admit: () throws(HTTPResponse) -> Void
  ) throws(HTTPResponse) -> HTTPResponse {
    if let callID = request.queryValue("call_id") { return try join(callID, request, grant, admit: admit) }
    let body = try CallBody(request)
    let wanted = try SessionRequest(request, grant, update: body.session)
    let offer = try Self.offer(body.offer)
    try admit()
    if let refusal = registry.refusal(of: wanted) { throw refusal.response }

    let port = media.next()
    guard let tag = port.reserve() else { throw Refusal.full(limit: PeerTags.capacity).response }
    let answer: Answer
    do throws(OfferRefusal) {
      answer = try port.answer(to: offer, tag: tag)
    } catch {
      port.giveBack(tag)
      throw .badCall(code: error.code, error.description, param: "sdp")
    }
    let session: Session
    do throws(Refusal) {
      session = try registry.open(wanted, channel: nil, leg: .media, on: port.shard)
    } catch {
      port.giveBack(tag)
      throw error.response
    }
    let call = Call(session: session, answer: answer, port: port, tag: tag)
    calls.withLock { $0[call.id] = call }
    port.open(session, as: .caller(maximumGuests: maximumGuests), answer: answer, tag: tag) { [weak self] in
      self?.ended(call.id)
    }
    return call.created
  }

  // MARK: Joining

  /// `POST /v1/realtime/calls?call_id=…`: a guest in the room of a call (docs/rooms.md).
  private func join(
    _ callID: String, _ request: HTTPRequest, _ grant: Grant, admit: () throws(HTTPResponse) -> Void
  ) throws(HTTPResponse) -> HTTPResponse {
    guard let key = grant.scope.role else {
      throw .insufficientScope(grant.scope, needed: [.listener, .human, .sideband], to: "join a session")
    }
    let isAllowed = grant.callID.map { Call.sessionID(of: $0) == Call.sessionID(of: callID) } ?? true
    guard isAllowed, let host = host(callID), host.session.owner == grant.owner else { throw .callNotFound(callID) }
    let role = try Self.role(request, key)
    let offer = try Self.offer(CallBody(request).offer)
    try admit()

    guard host.guestCount.add(1, ordering: .relaxed).newValue <= maximumGuests else {
      host.guestCount.subtract(1, ordering: .relaxed)
      throw .badCall(
        status: 429, code: "room_full",
        "\(maximumGuests) guests are in this room already. Try again when somebody has left.", param: nil)
    }
    do throws(HTTPResponse) {
      return try join(host, offer, role, key)
    } catch {
      host.guestCount.subtract(1, ordering: .relaxed)
      throw error
    }
  }

  private func join(
    _ host: Call, _ offer: Offer, _ role: RoomRole?, _ key: SidebandRole
  ) throws(HTTPResponse) -> HTTPResponse {
    let port = host.port
    guard let tag = port.reserve() else { throw Refusal.full(limit: PeerTags.capacity).response }
    let answer: Answer
    let participant: ParticipantID
    do {
      answer = try port.answer(
        to: offer, tag: tag, encoding: host.encoding, maySpeak: (role ?? key.highestRole) != .listen)
      participant = try host.session.join(nil, role: key)
    } catch {
      port.giveBack(tag)
      switch error {
      case let refusal as OfferRefusal: throw .badCall(code: refusal.code, refusal.description, param: "sdp")
      case let refusal as Refusal: throw refusal.response
      default: throw Refusal.full(limit: PeerTags.capacity).response
      }
    }
    let guest = Call(session: host.session, answer: answer, port: port, tag: tag, isGuest: true)
    calls.withLock { $0[guest.id] = guest }
    let part = MediaPort.Part.guest(host: host.tag, participant, role, key: key)
    port.open(host.session, as: part, answer: answer, tag: tag) { [weak self] in
      host.guestCount.subtract(1, ordering: .relaxed)
      self?.ended(guest.id)
    }
    return guest.created
  }

  /// The call of a session, by either of its ids.
  private func host(_ callID: String) -> Call? {
    let id = Call.id(of: Call.sessionID(of: callID))
    return calls.withLock { $0[id] }.flatMap { $0.isGuest ? nil : $0 }
  }

  /// `&role=`; nil for what is usual with the key.
  private static func role(_ request: HTTPRequest, _ key: SidebandRole) throws(HTTPResponse) -> RoomRole? {
    guard let name = request.queryValue("role") else { return nil }
    guard let role = RoomRole(rawValue: name), role != .takeover else {
      throw .badCall(
        "Invalid value for 'role': '\(name)'. Join as 'listen' or 'speak'; then viva.room.takeover takes the agent's place.",
        param: "role")
    }
    guard role <= key.highestRole else {
      throw .badCall(
        status: 403, code: "insufficient_scope",
        "The role '\(name)' needs a key of the scope 'human' or 'sideband'.", param: "role")
    }
    return role
  }

  private static func offer(_ bytes: [UInt8]) throws(HTTPResponse) -> Offer {
    do throws(SDPError) {
      return try Offer(bytes)
    } catch {
      throw .badCall(code: "invalid_sdp", "The offer cannot be read: \(error).", param: "sdp")
    }
  }

  func ended(_ id: String) { calls.withLock { _ = $0.removeValue(forKey: id) } }

  // MARK: A call

  /// `PATCH` and `DELETE` of a call, `POST …/hangup`: with a key of whoever opened it (design §7).
  func respond(to request: HTTPRequest, callID: String, _ grant: Grant) throws(HTTPResponse) -> HTTPResponse {
    guard let call = calls.withLock({ $0[callID] }), call.session.owner == grant.owner else {
      throw .callNotFound(callID)
    }
    // A guest ends their own part, whatever their key is good for beside that.
    guard grant.scope == .caller || grant.scope == .admin || call.isGuest else {
      throw .insufficientScope(grant.scope, needed: [.caller], to: "change or end a call")
    }
    if request.method == .patch { return call.patch(request) }
    call.hangUp(code: 1000, reason: "the call was hung up")
    return HTTPResponse(status: 200)
  }

  /// The calls that there are, by the ids of their sessions.
  var bySession: [String: Call] {
    let callers = calls.withLock { $0.values.filter { !$0.isGuest } }
    return Dictionary(callers.map { ($0.session.id, $0) }) { first, _ in first }
  }

  /// How many there are.
  var count: Int { calls.withLock { $0.count } }

  /// Guests go with those in whose rooms they are.
  func hangUpAll(code: UInt16, reason: String) {
    for call in calls.withLock({ Array($0.values) }) where !call.isGuest { call.hangUp(code: code, reason: reason) }
  }
}
