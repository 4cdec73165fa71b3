import Audio
import Realtime
import Runtime

/// What the participants of a session say, on its way in; and who they are.
extension Session {
  // MARK: From any thread

  /// One text message. `done` is called when it was dealt with.
  public nonisolated func receive(
    _ message: [UInt8], from sender: ParticipantID = .client, done: @escaping @Sendable () -> Void
  ) {
    onShard { $0.enqueue(InputLine.Entry(Self.decode(message), done: done), from: sender) }
  }

  /// A message that was decoded elsewhere, because it is large.
  public nonisolated func receive(
    _ input: SessionInput, from sender: ParticipantID = .client, done: @escaping @Sendable () -> Void
  ) {
    onShard { $0.enqueue(InputLine.Entry(input, done: done), from: sender) }
  }

  /// One binary message of the client: an Opus packet.
  public nonisolated func receivePacket(_ packet: [UInt8], done: @escaping @Sendable () -> Void) {
    onShard { $0.enqueue(InputLine.Entry(.packet(packet), done: done), from: .client) }
  }

  /// Decodes a participant's message; a bad one becomes an error event, never more.
  public static nonisolated func decode(_ message: [UInt8]) -> SessionInput {
    do throws(RealtimeError) {
      return .client(try ClientEvent.decode(message))
    } catch {
      return .badMessage(error)
    }
  }

  /// Lets somebody take part beside the caller. They get `session.created` with the session as it is, then its events.
  ///
  /// - Parameter channel: nil for a data channel that is still to be opened, with `openEvents`.
  /// - Returns: what `receive` and `leave` know them by.
  public nonisolated func join(
    _ channel: (any ClientChannel)?, role: SidebandRole
  ) throws(Refusal) -> ParticipantID {
    let number: Int? = sidebands.withLock { sidebands in
      guard sidebands.present < maximumSidebands else { return nil }
      sidebands.joined += 1
      sidebands.present += 1
      return sidebands.joined
    }
    guard let number else { throw .sidebandsFull(limit: maximumSidebands) }
    let id = ParticipantID(value: number)
    onShard { $0.joined(Participant(channel: channel, role: role), as: id) }
    return id
  }

  /// Why nobody more can join now; nil when somebody can.
  public nonisolated var refusal: Refusal? {
    sidebands.withLock { $0.present < maximumSidebands } ? nil : .sidebandsFull(limit: maximumSidebands)
  }

  /// Somebody who had joined is gone. The session goes on.
  public nonisolated func leave(_ id: ParticipantID) {
    sidebands.withLock { $0.present -= 1 }
    onShard { session in
      session.participants[id] = nil
      session.input.remove(id)
      session.room?.left(id)
    }
  }

  // MARK: On the shard

  private func joined(_ participant: Participant, as id: ParticipantID) {
    guard !isOver else {
      participant.channel?.close(code: 1000, reason: "the session has ended")
      return
    }
    participants[id] = participant
    deliver(message(.sessionCreated(core.session), to: id))
  }

  private func enqueue(_ entry: InputLine.Entry, from sender: ParticipantID) {
    guard !isOver, participants[sender] != nil else { return entry.done() }
    input.append(entry, from: sender, at: .now)
    // A post that goes on with the queue is under way otherwise. A timer may wait for somebody else.
    if !isDraining { drainInput() }
  }

  private func drainInput() {
    isDraining = false
    while !isOver {
      switch input.next(core.session.inputFormat.encoding, at: .now) {
      case .empty: return
      case .wait(let due):
        return drainInput(at: due)
      case .input(let input, let sender, let isWhole, let done):
        handle(input, from: sender)
        if isWhole {
          done()
        } else {
          // Between the pieces of long audio the neighbours have their turn.
          isDraining = true
          return onShard { $0.drainInput() }
        }
      }
    }
  }

  private func drainInput(at due: Instant) {
    if let inputTimer {
      guard due < inputTimer.due else { return }
      shard.cancel(inputTimer.token)
    }
    let token = shard.schedule(at: due) { [weak self] in
      self?.assumeIsolated { session in
        session.inputTimer = nil
        session.drainInput()
      }
    }
    inputTimer = (token, due)
  }

  private func handle(_ input: SessionInput, from sender: ParticipantID) {
    if case .client(let event) = input {
      do throws(RealtimeError) {
        if event.body.isOfRoom, let room {
          return try room.perform(event.body, from: sender, role: participants[sender]?.role)
        }
        if case .sessionUpdate(let patch) = event.body, let offer = patch.srtpOffer {
          try answerSRTP(offer, patch, from: sender)
        }
      } catch {
        var error = error
        error.eventID = event.eventID
        return take(.badMessage(error), from: sender)
      }
    }
    if case .client(let event) = input, let error = participants[sender]?.role?.refusal(of: event.body) {
      var error = error
      error.eventID = event.eventID
      return take(.badMessage(error), from: sender)
    }
    take(input, from: sender)
  }

  /// The caller offers SRTP for the session's audio: the rest of the update has to be good, too.
  private func answerSRTP(
    _ offer: String, _ patch: SessionPatch, from sender: ParticipantID
  ) throws(RealtimeError) {
    guard sender == .client, let channel = participants[.client]?.channel else {
      throw .invalidRequest(
        code: "insufficient_scope", message: "Only the caller's own connection can offer SRTP.",
        param: "session.viva.srtp")
    }
    _ = try core.session.applying(patch, audioHasBeenProduced: core.hasSounded)
    publish(.vivaSRTPAnswer(sdp: try channel.negotiateSRTP(offer, for: self)), to: .client)
  }
}
