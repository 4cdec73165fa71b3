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
    onShard { $0.enqueue(InputQueue.Entry(Self.decode(message), from: sender, done: done)) }
  }

  /// A message that was decoded elsewhere, because it is large.
  public nonisolated func receive(
    _ input: SessionInput, from sender: ParticipantID = .client, done: @escaping @Sendable () -> Void
  ) {
    onShard { $0.enqueue(InputQueue.Entry(input, from: sender, done: done)) }
  }

  /// One binary message of the client: an Opus packet.
  public nonisolated func receivePacket(_ packet: [UInt8], done: @escaping @Sendable () -> Void) {
    onShard { session in
      let isOpus = session.core.session.inputFormat == .opus
      let input =
        isOpus
        ? SessionInput.client(ClientEvent(.inputAudioBufferAppend(audio: packet))) : .badMessage(.binaryFrame)
      session.enqueue(InputQueue.Entry(input, from: .client, done: done))
    }
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
  /// - Returns: what `receive` and `leave` know them by.
  public nonisolated func join(
    _ channel: any ClientChannel, role: SidebandRole
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

  /// Somebody who had joined is gone. The session goes on.
  public nonisolated func leave(_ id: ParticipantID) {
    sidebands.withLock { $0.present -= 1 }
    onShard { $0.participants[id] = nil }
  }

  // MARK: On the shard

  private func joined(_ participant: Participant, as id: ParticipantID) {
    guard !isOver else { return participant.channel.close(code: 1000, reason: "the session has ended") }
    participants[id] = participant
    deliver(message(.sessionCreated(core.session), to: id))
  }

  private func enqueue(_ entry: InputQueue.Entry) {
    guard !isOver else { return entry.done() }
    input.append(entry)
    // A timer, or a post, that goes on with the queue is under way otherwise.
    if inputTimer == nil, !isDraining { drainInput() }
  }

  private func drainInput() {
    isDraining = false
    while !isOver {
      switch input.next(core.session.inputFormat.encoding, at: .now) {
      case .empty: return
      case .wait(let due):
        inputTimer = shard.schedule(at: due) { [weak self] in
          self?.assumeIsolated { session in
            session.inputTimer = nil
            session.drainInput()
          }
        }
        return
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

  private func handle(_ input: SessionInput, from sender: ParticipantID) {
    if case .client(let event) = input, let error = participants[sender]?.role?.refusal(of: event.body) {
      var error = error
      error.eventID = event.eventID
      return take(.badMessage(error), from: sender)
    }
    take(input, from: sender)
  }
}

extension RealtimeError {
  fileprivate static let binaryFrame = RealtimeError.invalidRequest(
    code: "invalid_message",
    message:
      "Binary frames are Opus packets: set session.audio.input.format to {\"type\": \"audio/opus\"} first. Other audio goes as base64 in input_audio_buffer.append.",
    param: nil)
}
