import AsyncHTTPClient
import Foundation
import NIOCore
import VivaConfiguration

/// The server that the configuration describes, asked over HTTP by another command.
struct RunningServer {
  private static let largestAnswer = 1 << 20

  private let address: ListenAddress
  private let usesTLS: Bool

  init(_ settings: ServerSettings) {
    address = settings.listen
    usesTLS = settings.tlsCertificate != nil
  }

  var pageURL: String { "\(scheme)://\(address)/" }

  /// The page with a key, and perhaps an agent, in its fragment, which a browser sends to nobody.
  func pageAddress(key: String, agent: String? = nil) -> String {
    let chosen = agent.flatMap { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) }
    return "\(pageURL)#key=\(key)" + (chosen.map { "&agent=\($0)" } ?? "")
  }

  /// - Returns: the body of the answer.
  /// - Throws: `ServerError` with what the server said, or that it does not run.
  func post(_ path: String, body: Data, key: String) async throws -> Data {
    // It is this machine's own address, whose certificate is made out to another name.
    var configuration = HTTPClient.Configuration(certificateVerification: .none)
    configuration.timeout.connect = .seconds(5)
    // No server is no server: one need not wait for it.
    configuration.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
      let answer = try await post(path, body: body, key: key, with: client)
      try await client.shutdown()
      return answer
    } catch {
      try? await client.shutdown()
      throw error
    }
  }

  private func post(_ path: String, body: Data, key: String, with client: HTTPClient) async throws -> Data {
    var request = HTTPClientRequest(url: "\(scheme)://\(address.reachable)\(path)")
    request.method = .POST
    request.headers.add(name: "Authorization", value: "Bearer \(key)")
    request.headers.add(name: "Content-Type", value: "application/json")
    request.body = .bytes(ByteBuffer(bytes: body))
    let answer: HTTPClientResponse
    do {
      answer = try await client.execute(request, timeout: .seconds(10))
    } catch {
      throw ServerError(
        description: "No server answers at \(scheme)://\(address.reachable) (\(error)). Start it with: viva serve")
    }
    let bytes = Data(try await answer.body.collect(upTo: Self.largestAnswer).readableBytesView)
    guard answer.status == .ok else {
      let refusal = try? JSONDecoder().decode(Refusal.self, from: bytes)
      throw ServerError(description: refusal?.error.message ?? "The server answered \(answer.status).")
    }
    return bytes
  }

  private var scheme: String { usesTLS ? "https" : "http" }
}

/// The error body of any of the server's answers.
struct Refusal: Decodable {
  struct Body: Decodable {
    var message: String
  }
  var error: Body
}

extension ListenAddress {
  /// One cannot connect to "all addresses".
  var reachable: ListenAddress {
    switch host {
    case "0.0.0.0": ListenAddress(host: "127.0.0.1", port: port)
    case "::": ListenAddress(host: "::1", port: port)
    default: self
    }
  }
}
