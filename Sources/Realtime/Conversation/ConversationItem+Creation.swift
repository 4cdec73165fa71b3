extension ConversationItem {
  /// Checks what the types alone allow and the protocol does not: each role has its own kinds of content, and
  /// the assistant's audio comes from the server only.
  ///
  /// - Parameter param: the path of the item in its event.
  func checkThatClientMayCreate(param: String) throws(RealtimeError) {
    guard case .message(let role, let parts) = content else { return }
    guard !parts.isEmpty else {
      throw .invalidRequest(
        code: "invalid_value", message: "A message needs at least one content part.", param: "\(param).content")
    }
    for (index, part) in parts.enumerated() {
      let path = "\(param).content[\(index)]"
      switch (role, part) {
      case (.system, .inputText), (.user, .inputText), (.assistant, .outputText):
        break
      case (.user, .inputAudio(let audio, let transcript)):
        guard audio != nil || transcript != nil else { throw .missing("\(path).audio") }
      case (.assistant, .outputAudio):
        throw .invalidRequest(
          code: "invalid_value",
          message: "A client cannot create the assistant's audio. Put its words into an 'output_text' part.",
          param: "\(path).type")
      default:
        throw .invalidRequest(
          code: "invalid_value",
          message: "Wrong content for role '\(role.rawValue)': supported are \(role.contentTypes).",
          param: "\(path).type")
      }
    }
  }
}

extension ConversationItem.Role {
  fileprivate var contentTypes: String {
    switch self {
    case .system: "'input_text'"
    case .user: "'input_text' and 'input_audio'"
    case .assistant: "'output_text'"
    }
  }
}
