/// A client's message as JSON holds it: read once, and its id kept even when the rest is wrong.
struct ClientMessage: Decodable {
  let eventID: String?
  let body: Result<ClientEvent.Body, RealtimeError>

  private enum CodingKeys: String, CodingKey {
    case type, session, audio, item, response, muted, transcript
    case eventID = "event_id"
    case slotID = "slot_id"
    case itemID = "item_id"
    case previousItemID = "previous_item_id"
    case contentIndex = "content_index"
    case audioEndMilliseconds = "audio_end_ms"
    case responseID = "response_id"
    case participantID = "participant_id"
  }

  private static let longestID = 128
  /// Of a correction, in bytes of UTF-8: what is said in a minute is some 1000.
  private static let longestTranscript = 16_384

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    eventID = try? fields.label(.eventID, upTo: 512)
    do {
      _ = try fields.label(.eventID, upTo: 512)
      body = .success(try Self.body(of: fields))
    } catch {
      body = .failure(RealtimeError(decoding: error))
    }
  }

  private static func body(of fields: KeyedDecodingContainer<CodingKeys>) throws -> ClientEvent.Body {
    let type = try fields.decode(String.self, forKey: .type)
    if type.utf8.count <= String.longestChoice, let remedy = OtherDialects.remedy(forEvent: type) {
      throw fields.refusal(.type, code: "unsupported_value", remedy)
    }
    switch try fields.requiredChoice(.type) as ClientEvent.Kind {
    case .sessionUpdate:
      return .sessionUpdate(try fields.decode(SessionPatch.self, forKey: .session))
    case .inputAudioBufferAppend:
      guard let audio = try fields.audio(.audio) else { throw RealtimeError.missing("audio") }
      return try ClientEvent.append(audio)
    case .inputAudioBufferCommit:
      return .inputAudioBufferCommit
    case .inputAudioBufferClear:
      return .inputAudioBufferClear
    case .outputAudioBufferClear:
      return .outputAudioBufferClear
    case .conversationItemCreate:
      let item = try fields.decode(ConversationItem.self, forKey: .item)
      try item.checkThatClientMayCreate(param: "item")
      return .conversationItemCreate(
        item: item, previousItemID: try fields.label(.previousItemID, upTo: longestID))
    case .conversationItemRetrieve:
      return .conversationItemRetrieve(itemID: try itemID(fields))
    case .conversationItemTruncate:
      return .conversationItemTruncate(
        itemID: try itemID(fields), contentIndex: try fields.natural(.contentIndex),
        audioEndMilliseconds: try fields.natural(.audioEndMilliseconds))
    case .conversationItemDelete:
      return .conversationItemDelete(itemID: try itemID(fields))
    case .responseCreate:
      return .responseCreate(
        try fields.decodeIfPresent(ResponseParameters.self, forKey: .response) ?? ResponseParameters())
    case .responseCancel:
      return .responseCancel(responseID: try fields.label(.responseID, upTo: longestID))
    case .transcriptCorrect:
      return .transcriptCorrect(
        itemID: try itemID(fields), transcript: try fields.requiredLabel(.transcript, upTo: longestTranscript))
    case .callbackChoose:
      return .callbackChoose(slotID: try fields.requiredLabel(.slotID, upTo: longestID))
    case .roomTakeover:
      return .roomTakeover
    case .roomHandback:
      return .roomHandback
    case .roomMute:
      return .roomMute(
        participantID: try fields.label(.participantID, upTo: longestID),
        isMuted: try fields.decodeIfPresent(Bool.self, forKey: .muted) ?? true)
    }
  }

  private static func itemID(_ fields: KeyedDecodingContainer<CodingKeys>) throws -> String {
    try fields.requiredLabel(.itemID, upTo: longestID)
  }
}
