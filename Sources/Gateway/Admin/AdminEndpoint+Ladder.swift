import Foundation
import Realtime
import Resilience

/// The floor that an operator sets for the ladders of all sessions: `GET` and `POST /v1/admin/ladder`.
extension AdminEndpoint {
  private struct LadderState: Encodable {
    var object = "ladder"
    /// The operator's.
    var floor: Int
    /// That of an overloaded node.
    var overload: Int
  }

  func ladder(_ request: HTTPRequest) -> HTTPResponse {
    switch request.method {
    case .get: return ladderState()
    case .post:
      struct Body: Decodable {
        var floor: Int
      }
      guard let body = try? JSONDecoder().decode(Body.self, from: Data(request.body)),
        let floor = Ladder.Level(rawValue: body.floor)
      else {
        return .error(
          400,
          .invalidRequest(
            code: "invalid_value",
            message: "The floor is a level from 1 (full: no floor) to 5 (fallback): docs/ladder.md.", param: "floor"))
      }
      registry.ladder(.floor(floor, by: .operator))
      return ladderState()
    default: return .wrongMethod(allowed: "GET, POST")
    }
  }

  private func ladderState() -> HTTPResponse {
    let state = LadderState(
      floor: registry.floor(by: .operator).rawValue, overload: registry.floor(by: .overload).rawValue)
    return HTTPResponse(status: 200, json: (try? JSONEncoder().encode(state)).map(Array.init) ?? [])
  }
}
