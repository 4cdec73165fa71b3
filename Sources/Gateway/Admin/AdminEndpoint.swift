import Foundation
import Realtime
import Resilience
import Runtime
import Scheduling
import Sessions
import Workers

/// What an operator's requests reach.
public struct AdminServices: Sendable {
  var board: ProviderBoard
  var pool: WorkerPool
  var batch: BatchJobs

  public init(board: ProviderBoard, pool: WorkerPool, batch: BatchJobs) {
    self.board = board
    self.pool = pool
    self.batch = batch
  }
}

/// `/v1/admin/` of the admin listener. Unlike the rest of that listener it asks for a server key, since it changes things
/// and costs workers their time.
struct AdminEndpoint: Sendable {
  static let prefix = "/v1/admin/"

  private let services: AdminServices
  let registry: SessionRegistry

  init(_ services: AdminServices, _ registry: SessionRegistry) {
    self.services = services
    self.registry = registry
  }

  func respond(to request: HTTPRequest, _ grant: Grant) -> HTTPResponse {
    guard grant.scope == .admin else {
      return .insufficientScope(grant.scope, needed: [.admin], to: "operate this server")
    }
    let parts = request.path.dropFirst(Self.prefix.count).split(separator: "/", omittingEmptySubsequences: false)
    switch (parts.count, parts.first) {
    case (1, "workers"): return take(request, .get) { HTTPResponse(status: 200, json: workers()) }
    case (1, "ladder"): return ladder(request)
    case (3, "workers") where parts[2] == "breaker":
      return take(request, .post) { force(String(parts[1]), request) }
    case (2, "batch") where parts[1] == "completions": return take(request, .post) { submit(request) }
    case (3, "batch") where parts[1] == "completions":
      if request.method == .delete {
        return services.batch.cancel(String(parts[2])) ? HTTPResponse(status: 204) : .notFound(request.path)
      }
      return take(request, .get) { BatchAnswer.response(services.batch.status(of: String(parts[2])), request.path) }
    default: return .notFound(request.path)
    }
  }

  private func take(_ request: HTTPRequest, _ method: HTTPRequest.Method, _ body: () -> HTTPResponse) -> HTTPResponse {
    request.method == method ? body() : .wrongMethod(allowed: method.rawValue)
  }

  private func workers() -> [UInt8] {
    let list = WorkerList(services.board.standings(), services.pool.snapshot())
    return (try? JSONEncoder().encode(list)).map(Array.init) ?? []
  }

  private func force(_ name: String, _ request: HTTPRequest) -> HTTPResponse {
    struct Body: Decodable {
      var state: String
    }
    let allowed: [CircuitBreaker.State] = [.closed, .forcedOpen, .disabled]
    guard let body = try? JSONDecoder().decode(Body.self, from: Data(request.body)),
      let state = allowed.first(where: { $0.rawValue == body.state })
    else {
      let names = allowed.map(\.rawValue).joined(separator: ", ")
      return .error(
        400, .invalidRequest(code: "invalid_value", message: "The state is one of \(names).", param: "state"))
    }
    guard services.board.force(state, name) else { return .notFound(request.path) }
    return HTTPResponse(status: 200, json: workers())
  }

  private func submit(_ request: HTTPRequest) -> HTTPResponse {
    guard let job = try? JSONDecoder().decode(BatchRequest.self, from: Data(request.body)) else {
      return .error(
        400,
        .invalidRequest(
          code: "invalid_request",
          message: "A job has messages [{role, content}], a priority (medium or low), and may have max_tokens and "
            + "temperature.", param: nil))
    }
    guard let id = services.batch.submit(job.completion, job.priority.priority) else {
      return .error(
        429, .rateLimited(code: "too_many_jobs", message: "Too many jobs are under way. Try again later."),
        headers: HTTPResponse.retryAfter(.seconds(1)))
    }
    return BatchAnswer.accepted(id)
  }
}
