import Foundation
import Realtime
import Workers

/// `/v1/viva/workers`, how the workers are, and `/v1/viva/faults`, where they are broken on purpose. Both are for keys that
/// may open sessions: these see anyway what a broken worker does to theirs. That such a key may break them is what
/// `server.development` says, on a server that only this machine can reach; so the page's own key has the switches, and
/// nobody carries a server key into a browser for them.
struct WorkersEndpoint: Sendable {
  private struct List: Encodable {
    var object = "list"
    var data: [WorkerState]
  }

  let workers: WatchedWorkers

  func states(_ grant: Grant) throws(HTTPResponse) -> HTTPResponse {
    try check(grant, "see the workers")
    return list
  }

  /// - Throws: 404 outside development, whoever asks; 400 for what is no fault of that provider's; 409 where there is no
  ///   process to do it to.
  func faults(
    _ request: HTTPRequest, _ grant: () throws(HTTPResponse) -> Grant
  ) throws(HTTPResponse) -> HTTPResponse {
    guard let faults = workers.faults else {
      throw .notServed(
        request.path,
        remedy: "Workers are broken on purpose with server.development: true in viva.yaml (VIVA_DEVELOPMENT=true) only."
      )
    }
    try check(try grant(), "break workers")
    guard request.method == .post else { return list }
    let wish = try FaultRequest(request.body, workers)
    switch wish.action {
    case .fault(let fault): faults.set(fault, on: wish.provider)
    case .end:
      faults.set(nil, on: wish.provider)
      _ = workers.supervisor.send(.resume, to: wish.provider)
    case .process(let signal):
      guard workers.supervisor.send(signal, to: wish.provider) else {
        throw .error(
          409,
          .invalidRequest(
            code: "no_process",
            message: "\(wish.provider) has no process at the moment. Try again when it has been started.",
            param: "fault"))
      }
    }
    return list
  }

  private var list: HTTPResponse {
    let encoded = try? JSONEncoder().encode(List(data: workers.states()))
    return HTTPResponse(status: 200, json: encoded.map(Array.init) ?? [])
  }

  private func check(_ grant: Grant, _ action: String) throws(HTTPResponse) {
    guard grant.scope == .caller || grant.scope == .admin else {
      throw .insufficientScope(grant.scope, needed: [.caller], to: action)
    }
  }
}
