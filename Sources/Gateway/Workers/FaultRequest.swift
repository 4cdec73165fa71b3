import Foundation
import Realtime
import Workers

/// The body of `POST /v1/viva/faults`: `{"provider": "piper", "fault": "hang"}`.
struct FaultRequest {
  enum Action: Equatable {
    /// All is well again: no fault, and its process goes on.
    case end
    case fault(Fault)
    case process(ProcessSignal)
  }

  static let none = "none"
  private static let signals: [(name: String, signal: ProcessSignal)] = [
    ("kill", .kill), ("stop", .halt), ("continue", .resume),
  ]

  var provider: String
  var action: Action

  /// - Throws: 400, with the field in `param` and what would be right.
  init(_ body: [UInt8], _ workers: WatchedWorkers) throws(HTTPResponse) {
    guard let json = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else {
      throw Self.invalid(#"The body is a JSON object: {"provider": "…", "fault": "…"}."#, nil)
    }
    let providers = workers.providers
    guard let name = json["provider"] as? String, let found = providers.first(where: { $0.settings.name == name })
    else {
      let names = providers.map(\.settings.name).joined(separator: ", ")
      throw Self.invalid("'provider' is one of \(names).", "provider")
    }
    let possible = Self.possible(found.kind, hasProcess: found.settings.process != nil)
    guard let wish = json["fault"] as? String, possible.contains(wish), let action = Self.action(wish) else {
      throw Self.invalid("'fault' of \(name) is one of \(possible.joined(separator: ", ")).", "fault")
    }
    provider = name
    self.action = action
  }

  /// What may be asked for of a provider.
  static func possible(_ kind: WorkerKind, hasProcess: Bool) -> [String] {
    [none] + Fault.faults(of: kind).map(\.rawValue) + (hasProcess ? signals.map(\.name) : [])
  }

  private static func action(_ wish: String) -> Action? {
    if wish == none { return .end }
    if let signal = signals.first(where: { $0.name == wish }) { return .process(signal.signal) }
    return Fault(rawValue: wish).map(Action.fault)
  }

  private static func invalid(_ message: String, _ field: String?) -> HTTPResponse {
    .error(400, .invalidRequest(code: "invalid_value", message: message, param: field))
  }
}
