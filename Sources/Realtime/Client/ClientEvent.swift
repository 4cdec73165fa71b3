/// What a client may say: the eleven events of the GA protocol, and those of Viva's own.
public struct ClientEvent: Sendable, Equatable {
  /// The client's own name for the event, echoed in the error that it may cause.
  public var eventID: String?
  public var body: Body

  public init(_ body: Body, eventID: String? = nil) {
    self.eventID = eventID
    self.body = body
  }

  public enum Body: Sendable, Equatable {
    case sessionUpdate(SessionPatch)
    /// `audio` is no longer Base64. It is in the session's input format, which only the session knows: it is the
    /// one to refuse half a sample (`RealtimeError.oddAudio`).
    case inputAudioBufferAppend(audio: [UInt8])
    case inputAudioBufferCommit
    case inputAudioBufferClear
    case outputAudioBufferClear
    /// `previousItemID`: the item to stand behind; `root` is the front, nil the end.
    case conversationItemCreate(item: ConversationItem, previousItemID: String?)
    case conversationItemRetrieve(itemID: String)
    case conversationItemTruncate(itemID: String, contentIndex: Int, audioEndMilliseconds: Int)
    case conversationItemDelete(itemID: String)
    case responseCreate(ResponseParameters)
    case responseCancel(responseID: String?)
    /// Vendor event: what the user has spoken says this.
    case transcriptCorrect(itemID: String, transcript: String)
    /// Vendor event: the user wants to come back then.
    case callbackChoose(slotID: String)
    /// Vendor event: the sender speaks in the agent's place from now on.
    case roomTakeover
    /// Vendor event: the agent has the floor again.
    case roomHandback
    /// Vendor event: nobody hears this participant, or the sender where none is named.
    case roomMute(participantID: String?, isMuted: Bool)

    /// Whether it is about the room, not the conversation.
    public var isOfRoom: Bool {
      switch self {
      case .roomTakeover, .roomHandback, .roomMute: true
      default: false
      }
    }
  }

  enum Kind: String, CaseIterable {
    case sessionUpdate = "session.update"
    case inputAudioBufferAppend = "input_audio_buffer.append"
    case inputAudioBufferCommit = "input_audio_buffer.commit"
    case inputAudioBufferClear = "input_audio_buffer.clear"
    case outputAudioBufferClear = "output_audio_buffer.clear"
    case conversationItemCreate = "conversation.item.create"
    case conversationItemRetrieve = "conversation.item.retrieve"
    case conversationItemTruncate = "conversation.item.truncate"
    case conversationItemDelete = "conversation.item.delete"
    case responseCreate = "response.create"
    case responseCancel = "response.cancel"
    case transcriptCorrect = "viva.transcript.correct"
    case callbackChoose = "viva.callback.choose"
    case roomTakeover = "viva.room.takeover"
    case roomHandback = "viva.room.handback"
    case roomMute = "viva.room.mute"
  }

  /// The most audio that one append may hold, in bytes after decoding.
  static let maximumAppend = 15 << 20

  /// Reads one text message. Safe on any bytes.
  ///
  /// - Throws: an `invalid_request_error` that names the field at fault, with the event's id if that could be read.
  public static func decode(_ bytes: [UInt8]) throws(RealtimeError) -> ClientEvent {
    if let append = AppendScanner.scan(bytes) {
      return ClientEvent(try append.body, eventID: append.eventID)
    }
    let message: ClientMessage
    do {
      message = try RealtimeJSON.decode(ClientMessage.self, from: bytes)
    } catch {
      throw RealtimeError(decoding: error)
    }
    do {
      return ClientEvent(try message.body.get(), eventID: message.eventID)
    } catch {
      var error = error
      error.eventID = message.eventID
      throw error
    }
  }

  /// The body of an append, its size checked.
  static func append(_ audio: [UInt8]) throws(RealtimeError) -> Body {
    guard audio.count <= maximumAppend else {
      throw .invalidRequest(
        code: "invalid_value", message: "An append holds at most 15 MiB of audio; this one \(audio.count) bytes.",
        param: "audio")
    }
    return .inputAudioBufferAppend(audio: audio)
  }
}
