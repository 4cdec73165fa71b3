import AsyncHTTPClient
import Foundation
import NIOCore
import VivaConfiguration

/// An end-of-turn model behind `POST /v1/end_of_turn`: raw audio in, `{"probability": 0...1}` out.
///
/// The request is `audio/l16;rate=16000` with the bytes in little-endian order, as everywhere in Viva (RFC 2586 has
/// them the other way round). `config/workers/end_of_turn.py` is such a server.
public struct HTTPEndOfTurnDetector: EndOfTurnDetector {
  /// What the model looks at, in samples; earlier audio is not sent.
  static let window = 8 * 16_000
  private static let maximumBody = 64 << 10

  private struct Answer: Decodable {
    var probability: Double
  }

  public let name: String
  private let settings: ProviderSettings
  private let client: HTTPClient

  /// - Parameter client: Shared by all; see `HTTPClient.forWorkers`.
  public init(_ settings: ProviderSettings, client: HTTPClient) {
    name = settings.name
    self.settings = settings
    self.client = client
  }

  public func probability(of audio: [Int16]) async throws -> Double {
    try await call {
      var request = try httpRequest("v1/end_of_turn")
      request.method = .POST
      request.headers.add(name: "Content-Type", value: "audio/l16;rate=16000")
      request.headers.add(name: "Accept", value: "application/json")
      request.body = .bytes(Self.body(audio))
      let reply = try await execute(request)
      guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(reply.readableBytesView)),
        (0...1).contains(answer.probability)
      else {
        throw WorkerError(.malformed, worker: name, message: "the answer has no probability of 0...1")
      }
      return answer.probability
    }
  }

  /// Asks whether the server answers (`GET /health`), in `deadlines.firstResult` at most.
  ///
  /// - Throws: `WorkerError`.
  func probe() async throws {
    try await call { _ = try await execute(httpRequest("health")) }
  }

  /// Runs one exchange under the provider's deadline.
  private func call<Result: Sendable>(_ exchange: @Sendable @escaping () async throws -> Result) async throws -> Result
  {
    let answers = workerCall(name, limits: settings.deadlines) { (call: WorkerCall<Result>) in
      call.watchdog.expect(.firstResultTimeout)
      call.yield(try await exchange())
    }
    for try await answer in answers { return answer }
    throw CancellationError()
  }

  private func httpRequest(_ path: String) throws -> HTTPClientRequest {
    guard let url = settings.url else {
      throw WorkerError(.connection, worker: name, message: "no url")
    }
    var request = HTTPClientRequest(url: url.hasSuffix("/") ? url + path : "\(url)/\(path)")
    // One request a connection: a kept one may be closed by the server just as it is used again.
    request.headers.add(name: "Connection", value: "close")
    if let key = settings.apiKey { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
    return request
  }

  /// - Throws: `WorkerError` of kind `.refused` for a status other than 2xx, `.malformed` for a body out of bounds.
  private func execute(_ request: HTTPClientRequest) async throws -> ByteBuffer {
    let response = try await client.execute(request, deadline: .distantFuture)
    let body: ByteBuffer
    do {
      body = try await response.body.collect(upTo: Self.maximumBody)
    } catch is NIOTooManyBytesError {
      throw WorkerError(.malformed, worker: name, message: "the answer is longer than \(Self.maximumBody) bytes")
    }
    guard !(200..<300).contains(response.status.code) else { return body }
    let said = try? JSONDecoder().decode(OpenAIError.Body.self, from: Data(body.readableBytesView))
    throw WorkerError(
      .refused, worker: name, message: said?.error.message ?? "HTTP \(response.status)",
      status: Int(response.status.code))
  }

  private static func body(_ audio: [Int16]) -> ByteBuffer {
    let heard = audio.suffix(window)
    var buffer = ByteBufferAllocator().buffer(capacity: heard.count * 2)
    for sample in heard { buffer.writeInteger(sample, endianness: .little) }
    return buffer
  }
}
