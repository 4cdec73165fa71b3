import Realtime

/// A line of a conversation's transcript: what somebody has said or written.
public struct TranscriptLine: Codable, Sendable, Equatable {
  public var itemID: String
  /// `user`, `assistant` or `system`.
  public var role: String
  public var text: String
  /// Unix time in milliseconds when the item came up.
  public var at: Int64

  /// The lines of a conversation in its order.
  ///
  /// - Parameter events: Of one session, in order, each with its Unix time in milliseconds.
  public static func lines(of events: [(event: SessionEvent, at: Int64)]) -> [TranscriptLine] {
    var times: [String: Int64] = [:]
    for (event, at) in events {
      if case .itemAdded(let item, _) = event, let id = item.id { times[id] = at }
    }
    return SessionState(replaying: events.map(\.event)).items.compactMap { item in
      guard let id = item.id, case .message(let role, let parts) = item.content else { return nil }
      let text = parts.compactMap(\.text).joined(separator: " ")
      return text.isEmpty ? nil : TranscriptLine(itemID: id, role: role.rawValue, text: text, at: times[id] ?? 0)
    }
  }
}
