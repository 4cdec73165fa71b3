import Signing
import Testing

@Suite struct WebhookSignatureTests {
  private let example = WebhookSignature(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
  private let body = Array(#"{"test": 2432232314}"#.utf8)
  private let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
  private let time = 1_614_265_330
  private let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

  private func signature(_ secret: String, _ body: String = #"{"id":"evt_1"}"#) -> String? {
    WebhookSignature(secret: secret).headers(id: "evt_1", timestamp: 1_750_000_000, body: Array(body.utf8)).last?.1
  }

  @Test("The example of the Standard Webhooks libraries is signed as they sign it")
  func knownAnswer() {
    let headers = example.headers(id: id, timestamp: time, body: body)
    #expect(headers.map(\.0) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
    #expect(headers.map(\.1) == [id, "1614265330", good])
  }

  /// The Python package `openai` 3.52 accepts this one: `client.webhooks.verify_signature(body, headers, secret=…, tolerance=…)`.
  @Test("A secret without the prefix is its own bytes")
  func plainSecret() {
    #expect(signature("a plain text secret") == "v1,O2eWulwFFAfuPpGeslOSI3T36w6ggKPPd1I8ZNmAhQI=")
  }

  @Test("What cannot be decoded after the prefix is not an empty key that anybody knows")
  func brokenSecret() {
    let known = [signature(""), signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    for secret in ["whsec_", "whsec_not base64!", "whsec_A"] { #expect(!known.contains(signature(secret))) }
  }

  @Test("A signature holds for its id, time, body and secret, and for no other")
  func verifies() {
    #expect(example.verifies(good, id: id, timestamp: time, body: body))
    #expect(!example.verifies(good, id: id + "x", timestamp: time, body: body))
    #expect(!example.verifies(good, id: id, timestamp: time + 1, body: body))
    #expect(!example.verifies(good, id: id, timestamp: time, body: body + [32]))
    let other = WebhookSignature(secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx")
    #expect(!other.verifies(good, id: id, timestamp: time, body: body))
  }

  @Test("One of several signatures is enough; none, or another version's, is not")
  func several() {
    func holds(_ header: String) -> Bool { example.verifies(header, id: id, timestamp: time, body: body) }
    #expect(holds("v1a,AAAA v1,AAAA \(good)"))
    for header in ["", "v1,", "v1", "v2," + good.dropFirst(3), String(good.dropFirst(3)), "v1,AAAA", "v1,%%%"] {
      #expect(!holds(header), "\(header)")
    }
  }
}
