/// A server event as a client reads it: its type and those of the common fields that it has.
public struct ServerMessage: Sendable, Equatable {
  public var type: String
  public var eventID: String?
  public var sessionID: String?
  public var responseID: String?
  public var itemID: String?
  public var previousItemID: String?
  public var outputIndex: Int?
  public var contentIndex: Int?
  public var callID: String?
  public var name: String?
  public var arguments: String?
  /// Text; audio is in `audio`.
  public var delta: String?
  public var text: String?
  public var transcript: String?
  /// Of `response.output_audio.delta`, in the response's output format.
  public var audio: [UInt8]?
  public var audioStartMilliseconds: Int?
  public var audioEndMilliseconds: Int?
  public var item: ConversationItem?
  public var part: ResponsePart?
  public var response: Response?
  public var error: RealtimeError?
  /// Of `viva.tool_call`: `in_progress`, `completed`, `failed`.
  public var status: String?
  /// Of `viva.tool_call`, once it is over.
  public var durationMilliseconds: Int?
  /// Of `viva.tool_call`: why it failed.
  public var toolError: String?
  /// Of `viva.srtp.answer`.
  public var sdp: String?
  /// Of `viva.room.*`.
  public var participantID: String?
  public var participant: RoomParticipant?
  public var role: RoomRole?
  public var isMuted: Bool?
  /// Of `viva.session.ended`.
  public var code: Int?
  public var reason: String?
  /// Vendor field: the whole transcript so far.
  public var vivaTranscript: String?
  /// Vendor field: what was heard of a truncated item.
  public var vivaHeard: String?

  /// Reads one text message. Safe on any bytes.
  public static func decode(_ bytes: [UInt8]) throws(RealtimeError) -> ServerMessage {
    do {
      return try RealtimeJSON.decode(ServerMessage.self, from: bytes)
    } catch {
      throw RealtimeError(decoding: error)
    }
  }
}

extension ServerMessage: Decodable {
  private enum SessionKeys: CodingKey {
    case id
  }

  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: ServerEventKeys.self)
    func string(_ key: ServerEventKeys) throws -> String? { try fields.decodeIfPresent(String.self, forKey: key) }
    func int(_ key: ServerEventKeys) throws -> Int? { try fields.decodeIfPresent(Int.self, forKey: key) }
    type = try fields.decode(String.self, forKey: .type)
    eventID = try string(.eventID)
    sessionID = try fields.nested(SessionKeys.self, .session)?.decodeIfPresent(String.self, forKey: .id)
    item = try fields.decodeIfPresent(ConversationItem.self, forKey: .item)
    part = try fields.decodeIfPresent(ResponsePart.self, forKey: .part)
    response = try fields.decodeIfPresent(Response.self, forKey: .response)
    if type == "viva.tool_call" {
      toolError = try string(.error)
    } else {
      error = try fields.decodeIfPresent(RealtimeError.self, forKey: .error)
    }
    status = try string(.status)
    durationMilliseconds = try int(.durationMilliseconds)
    responseID = try string(.responseID) ?? response?.id
    itemID = try string(.itemID) ?? item?.id
    previousItemID = try string(.previousItemID)
    outputIndex = try int(.outputIndex)
    contentIndex = try int(.contentIndex)
    callID = try string(.callID)
    name = try string(.name)
    arguments = try string(.arguments)
    text = try string(.text)
    transcript = try string(.transcript)
    audioStartMilliseconds = try int(.audioStartMilliseconds)
    audioEndMilliseconds = try int(.audioEndMilliseconds)
    sdp = try string(.sdp)
    participant = try fields.decodeIfPresent(RoomParticipant.self, forKey: .participant)
    participantID = try string(.participantID) ?? participant?.id
    role = try fields.decodeIfPresent(RoomRole.self, forKey: .role)
    isMuted = try fields.decodeIfPresent(Bool.self, forKey: .muted)
    code = try int(.code)
    reason = try string(.reason)
    vivaTranscript = try string(.vivaTranscript)
    vivaHeard = try string(.vivaHeard)
    if type == "response.output_audio.delta" {
      audio = try fields.audio(.delta)
    } else {
      delta = try string(.delta)
    }
  }
}
