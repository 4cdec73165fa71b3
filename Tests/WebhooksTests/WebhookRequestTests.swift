import Testing
import VivaConfiguration

@testable import Webhooks

@Suite struct WebhookRequestTests {
  @Test("A 2xx is success, what is said against the event the last word, and all else is tried again")
  func statuses() {
    for status in [200, 201, 204, 299] { #expect(WebhookRequest.outcome(status: status) == .delivered) }
    for status in [400, 406, 410, 413, 415, 422] { #expect(WebhookRequest.outcome(status: status) == .rejected) }
    for status in [301, 307, 401, 403, 404, 405, 408, 409, 425, 429, 451, 500, 503, 599] {
      #expect(WebhookRequest.outcome(status: status) == .failed(retryAfter: nil))
    }
  }

  @Test("Retry-After is seconds; what is no number of seconds is as if it were not there")
  func retryAfter() {
    #expect(WebhookRequest.outcome(status: 503, retryAfter: "7") == .failed(retryAfter: .seconds(7)))
    #expect(WebhookRequest.outcome(status: 503, retryAfter: "-7") == .failed(retryAfter: .zero))
    #expect(
      WebhookRequest.outcome(status: 429, retryAfter: "9223372036854775807") == .failed(retryAfter: .seconds(86_400)))
    #expect(WebhookRequest.outcome(status: 429, retryAfter: "soon") == .failed(retryAfter: nil))
  }

  @Test("Addresses are named by their host, since the rest may be secret")
  func names() {
    let urls = ["https://a.example/secret?x=1", "http://b.example:8080/", "https://a.example/other", "no url"]
    let settings = urls.map { WebhookSettings(url: $0, secret: "0123456789abcdef") }
    #expect(Webhooks.names(settings) == ["a.example", "b.example", "a.example#2", "?"])
  }
}
