import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Runtime
import Signing
import VivaConfiguration

/// One attempt to deliver an event.
struct WebhookRequest: Sendable {
  /// Of an answer, in bytes. It says nothing that matters, so what is longer is cut off.
  private static let maximumAnswer = 64 << 10

  private let url: String
  private let timeout: Duration
  private let signature: WebhookSignature

  init(_ settings: WebhookSettings) {
    url = settings.url
    timeout = .milliseconds(settings.timeoutMilliseconds)
    signature = WebhookSignature(secret: settings.secret)
  }

  /// - Returns: the outcome, and in words what went wrong.
  func send(_ item: WebhookQueue.Item, client: HTTPClient) async -> (WebhookQueue.Outcome, reason: String?) {
    let request = httpRequest(item)
    do {
      let response = try await withDeadline(.now + timeout) {
        let response = try await client.execute(request, deadline: .distantFuture)
        _ = try? await response.body.collect(upTo: Self.maximumAnswer)
        return response
      }
      guard let response else { return (.failed(retryAfter: nil), "no answer within \(timeout.milliseconds) ms") }
      let outcome = Self.outcome(
        status: Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After"))
      return (outcome, outcome == .delivered ? nil : "HTTP \(response.status.code)")
    } catch {
      // The short form leaves out the values of headers.
      return (.failed(retryAfter: nil), (error as? HTTPClientError)?.shortDescription ?? "\(error)")
    }
  }

  /// What says that this event is no use, or any other, is the receiver's last word. Other errors, a missing page or a
  /// wrong password, say that the receiver is not set up as it should be: somebody will mend that, and wants all.
  static func outcome(status: Int, retryAfter: String? = nil) -> WebhookQueue.Outcome {
    switch status {
    case 200..<300: return .delivered
    case 400, 406, 410, 411, 413, 414, 415, 422: return .rejected
    default: break
    }
    // A date (RFC 9110 section 10.2.3) is rare, and no use without a common clock.
    return .failed(retryAfter: retryAfter.flatMap { Int($0) }.map { .seconds(min(max($0, 0), 86_400)) })
  }

  private func httpRequest(_ item: WebhookQueue.Item) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    // One request a connection: a kept one may be closed by the server just as it is used again.
    request.headers.add(name: "Connection", value: "close")
    let now = Int(Date().timeIntervalSince1970)
    for (name, value) in signature.headers(id: item.id, timestamp: now, body: item.body) {
      request.headers.add(name: name, value: value)
    }
    request.body = .bytes(ByteBuffer(bytes: item.body))
    return request
  }
}
