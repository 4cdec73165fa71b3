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
      case .itemAdded, .itemCompleted, .itemTruncated, .itemDeleted: break
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
  /// The words of a message; nil for other items.
  fileprivate var messageText: String? {
    guard case .message(_, let parts) = content else { return nil }
    return parts.compactMap(\.text).joined(separator: "\n")
  }
}
