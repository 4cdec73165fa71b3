import Foundation
import Sessions

/// `GET /sessions` of the admin listener: the sessions that live, oldest first.
struct SessionList: Encodable {
  struct Entry: Encodable {
    var id: String
    var agent: String
    var type: String
    /// `KeyID` of the server key it was opened with, or that made the key it was opened with.
    var owner: String
    var age_seconds: Int
  }

  var object = "list"
  var data: [Entry]

  init(_ sessions: [SessionSummary]) {
    data = sessions.sorted { ($1.age, $0.id) < ($0.age, $1.id) }.map {
      Entry(
        id: $0.id, agent: $0.agent, type: $0.kind.rawValue, owner: $0.owner, age_seconds: Int($0.age.components.seconds)
      )
    }
  }

  func encoded() -> [UInt8] {
    (try? JSONEncoder().encode(self)).map(Array.init) ?? []
  }
}
