import Foundation
import Realtime
import Runtime
import Webhooks

/// What of a session's life is told to webhooks: its start, its turns, its end.
public struct SessionWebhooks: Sendable {
  private let webhooks: Webhooks

  public init(_ webhooks: Webhooks) {
    self.webhooks = webhooks
  }

  /// Takes events that are safe; from any thread.
  public func committed(_ events: [SessionEvent], _ state: SessionState, _ session: Session) {
    for event in events {
      switch event {
      case .started:
        send("session.started", ["agent": .string(session.agentName), "kind": .string(session.kind.rawValue)], session)
      case .itemAdded(let item, _):
        guard let id = item.id else { continue }
        if let text = item.typedText {
          send("turn.committed", turn(id, role: .user, text: text), session)
        } else if let text = item.personsWords {
          send("turn.committed", turn(id, role: .assistant, text: text), session)
        }
      case .itemTranscribed(let id, let transcript, let confidence):
        var data = turn(id, role: .user, text: transcript)
        data["confidence"] = confidence.map { .number($0) }
        send("turn.committed", data, session)
      case .responseDone(let id, let status, let items):
        for item in items {
          guard let text = state.item(item)?.messageText else { continue }
          var data = turn(item, role: .assistant, text: text)
          data["response_id"] = .string(id)
          data["response_status"] = .string(status)
          send("turn.committed", data, session)
        }
      case .ended(let reason):
        let seconds = (Instant.now - session.began).inSeconds
        send(
          "session.ended",
          ["reason": .string(reason), "seconds": .number(seconds), "items": .integer(state.items.count)], session)
      case .itemCompleted, .itemCorrected, .itemTruncated, .itemDeleted, .floorTaken, .floorReturned, .ladderChanged,
        .questionAsked, .questionAnswered, .callbackChosen:
        break
      }
    }
  }

  private func turn(_ itemID: String, role: ConversationItem.Role, text: String) -> [String: JSONValue] {
    ["item_id": .string(itemID), "role": .string(role.rawValue), "text": .string(text)]
  }

  private func send(_ type: String, _ data: [String: JSONValue], _ session: Session) {
    webhooks.send(
      WebhookEvent(
        type: type, sessionID: session.id, createdAt: Int(Date().timeIntervalSince1970),
        data: Array(JSONValue.object(data).text.utf8)))
  }
}

extension ConversationItem {
  /// What a user has written; nil for what is spoken, which is told when it is transcribed.
  fileprivate var typedText: String? {
    guard case .message(.user, let parts) = content else { return nil }
    let texts = parts.compactMap { if case .inputText(let text) = $0 { text } else { nil } }
    return texts.isEmpty ? nil : texts.joined(separator: "\n")
  }

  /// What a person has said in the agent's place: the agent's own messages are added empty, and said later.
  var personsWords: String? {
    guard case .message(.assistant, let parts) = content, status == .completed else { return nil }
    let texts = parts.compactMap { if case .outputAudio(let text, _) = $0 { text } else { nil } }
    return texts.isEmpty ? nil : texts.joined(separator: "\n")
  }

  /// The words of a message; nil for other items.
  fileprivate var messageText: String? {
    guard case .message(_, let parts) = content else { return nil }
    return parts.compactMap(\.text).joined(separator: "\n")
  }
}
