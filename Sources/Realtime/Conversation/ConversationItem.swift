/// One entry of the conversation: a message, a function call, or its output.
public struct ConversationItem: Sendable, Equatable {
  public var id: String?
  public var status: ItemStatus?
  public var content: Content

  public init(id: String? = nil, status: ItemStatus? = nil, content: Content) {
    self.id = id
    self.status = status
    self.content = content
  }

  public enum Content: Sendable, Equatable {
    case message(role: Role, parts: [Part])
    /// `arguments` is JSON text as the model wrote it, valid or not.
    case functionCall(name: String, callID: String, arguments: String)
    case functionCallOutput(callID: String, output: String)
  }

  public enum Role: String, Sendable, Codable, CaseIterable {
    case system, user, assistant
  }

  /// A piece of a message. Audio is in the session's input or output format, and nil where only words are kept.
  public enum Part: Sendable, Equatable {
    case inputText(String)
    case inputAudio(audio: [UInt8]?, transcript: String?)
    case outputText(String)
    case outputAudio(transcript: String, audio: [UInt8]? = nil)

    /// Its words, if they are known.
    public var text: String? {
      switch self {
      case .inputText(let text), .outputText(let text), .outputAudio(let text, _): text
      case .inputAudio(_, let transcript): transcript
      }
    }
  }

  public static func message(
    id: String?, role: Role, status: ItemStatus? = .completed, parts: [Part]
  ) -> ConversationItem {
    ConversationItem(id: id, status: status, content: .message(role: role, parts: parts))
  }

  public static func functionCall(
    id: String?, status: ItemStatus? = .completed, name: String, callID: String, arguments: String
  ) -> ConversationItem {
    ConversationItem(
      id: id, status: status, content: .functionCall(name: name, callID: callID, arguments: arguments))
  }
}

public enum ItemStatus: String, Sendable, Codable, CaseIterable {
  case completed, incomplete
  case inProgress = "in_progress"
}

extension ConversationItem {
  public var isAssistantMessage: Bool {
    if case .message(.assistant, _) = content { true } else { false }
  }

  /// Takes the audio out of a user's message; nil when it holds none.
  public mutating func takeInputAudio() -> [UInt8]? {
    var taken: [UInt8]?
    changeParts { part in
      guard case .inputAudio(let audio?, let transcript) = part else { return }
      taken = taken ?? []
      taken?.append(contentsOf: audio)
      part = .inputAudio(audio: nil, transcript: transcript)
    }
    return taken
  }

  /// Writes down what the user's audio says.
  public mutating func setInputTranscript(_ transcript: String) {
    changeParts { part in
      if case .inputAudio(let audio, _) = part { part = .inputAudio(audio: audio, transcript: transcript) }
    }
  }

  /// Replaces what the assistant's audio says.
  public mutating func setOutputTranscript(_ transcript: String) {
    changeParts { part in
      if case .outputAudio(_, let audio) = part { part = .outputAudio(transcript: transcript, audio: audio) }
    }
  }

  /// A message without a word that is known.
  public var isWordless: Bool {
    guard case .message(_, let parts) = content else { return false }
    return parts.allSatisfy { $0.text?.isEmpty != false }
  }

  /// The item with its audio, for `conversation.item.retrieved`.
  public func withAudio(_ audio: [UInt8]) -> ConversationItem {
    var item = self
    item.changeParts { part in
      switch part {
      case .inputAudio(_, let transcript): part = .inputAudio(audio: audio, transcript: transcript)
      case .outputAudio(let transcript, _): part = .outputAudio(transcript: transcript, audio: audio)
      case .inputText, .outputText: break
      }
    }
    return item
  }

  /// The item as events show it where audio has no place.
  var withoutAudio: ConversationItem {
    var item = self
    item.changeParts { part in
      switch part {
      case .inputAudio(_, let transcript): part = .inputAudio(audio: nil, transcript: transcript)
      case .outputAudio(let transcript, _): part = .outputAudio(transcript: transcript)
      case .inputText, .outputText: break
      }
    }
    return item
  }

  private mutating func changeParts(_ change: (inout Part) -> Void) {
    guard case .message(let role, var parts) = content else { return }
    for index in parts.indices { change(&parts[index]) }
    content = .message(role: role, parts: parts)
  }
}
