import Foundation
import Testing
import VivaConfiguration

@Suite struct WebhookTests {
  let folder = ConfigurationFolder()

  private func webhooks(_ entry: String, _ environment: [String: String] = [:]) throws -> [WebhookSettings] {
    try folder.load("webhooks:\n  - \(entry)", environment: environment).webhooks
  }

  private func problems(_ entry: String) -> [String] {
    folder.problems("webhooks:\n  - \(entry)")
  }

  @Test("reads the whole vocabulary, with the environment filled in")
  func readsTheWholeVocabulary() throws {
    let read = try webhooks(
      """
      { url: "https://${HOST}/hook?a=b", secret: "${SECRET}", events: [turn.committed, session.started],
          timeout_ms: 100, retry: default, queue_limit: 7 }
      """, ["HOST": "h.example", "SECRET": "sixteen-letters!"])
    var expected = WebhookSettings(url: "https://h.example/hook?a=b", secret: "sixteen-letters!")
    expected.events = ["turn.committed", "session.started"]
    (expected.timeoutMilliseconds, expected.retry, expected.queueLimit) = (100, "default", 7)
    #expect(read == [expected])
  }

  @Test("has the documented defaults")
  func hasDefaults() throws {
    let webhook = try #require(webhooks("{ url: 'https://h/', secret: sixteen-letters! }").first)
    #expect(webhook == WebhookSettings(url: "https://h/", secret: "sixteen-letters!"))
    #expect(webhook.events.isEmpty && webhook.retry == "batch")
    #expect((webhook.timeoutMilliseconds, webhook.queueLimit) == (10_000, 100_000))
    #expect(try folder.load("webhooks:").webhooks.isEmpty)
  }

  @Test("names every mistake")
  func namesMistakes() {
    #expect(
      problems("{}") == [
        "viva.yaml:2: webhooks[0].url: is missing", "viva.yaml:2: webhooks[0].secret: is missing",
      ])
    #expect(
      problems(
        """
        url: https://h/
            secret: sixteen-letters!
            events: [session.ended, session.ended, turn]
            timeout_ms: 99
            retry: never
            queue_limit: 0
            event: x
        """) == [
          "viva.yaml:4: webhooks[0].events[1]: session.ended is named twice",
          "viva.yaml:4: webhooks[0].events[2]: turn is not one of the choices; "
            + "allowed: session.started, turn.committed, session.ended",
          "viva.yaml:5: webhooks[0].timeout_ms: 99 is out of range; allowed: 100 to 300000",
          "viva.yaml:6: webhooks[0].retry: never is not one of the choices; allowed: default, real-time, batch",
          "viva.yaml:7: webhooks[0].queue_limit: 0 is out of range; allowed: 1 to 1000000",
          "viva.yaml:8: webhooks[0].event: is not a known key; did you mean events?; "
            + "allowed: url, allow_http, secret, events, timeout_ms, retry, queue_limit",
        ])
    let many = Array(repeating: "{ url: 'https://h/', secret: sixteen-letters! }", count: 17)
    #expect(
      folder.problems("webhooks: [\(many.joined(separator: ", "))]") == [
        "viva.yaml:1: webhooks: has more than 16 webhooks"
      ])
  }

  @Test(
    "an address that is none is refused, and not shown",
    arguments: [
      "h", "ftp://h/", "https://", "https:///x", "https://u@h/", "https://u:p@h/", "https://h/#a", "https://h:0/",
      "https://h:65536/", "https://h/ x", "https://h/\\n", "https://hé/", "",
    ])
  func refusesAddresses(url: String) {
    #expect(
      problems("{ url: \"\(url)\", secret: sixteen-letters! }") == [
        "viva.yaml:2: webhooks[0].url: is not an address to call; "
          + "allowed: https://HOST/PATH or http://HOST:PORT/PATH"
      ])
  }

  @Test(
    "plain HTTP stays on this machine",
    arguments: ["127.0.0.1:8080", "localhost", "[::1]:80", "127.8.8.8"])
  func allowsPlainHTTPToLoopback(host: String) throws {
    #expect(try webhooks("{ url: 'http://\(host)/x', secret: sixteen-letters! }").count == 1)
  }

  @Test(
    "plain HTTP to another machine needs the operator's word",
    arguments: ["10.0.0.1", "app.example:8080", "[::2]", "localhost.example", "127.0.0.1.example"])
  func refusesPlainHTTPElsewhere(host: String) throws {
    #expect(
      problems("{ url: 'http://\(host)/x', secret: sixteen-letters! }") == [
        "viva.yaml:2: webhooks[0].url: sends what is said in sessions over the network in plain text; use https, "
          + "or set allow_http: true where the network is your own"
      ])
    #expect(try webhooks("{ url: 'http://\(host)/x', secret: sixteen-letters!, allow_http: true }").count == 1)
  }

  @Test("a secret of Standard Webhooks holds 24 to 64 bytes", arguments: [(23, 1), (24, 0), (64, 0), (65, 1)])
  func judgesStandardSecrets(bytes: Int, mistakes: Int) {
    let secret = "whsec_" + Data(repeating: 0xA5, count: bytes).base64EncodedString()
    #expect(problems("{ url: 'https://h/', secret: '\(secret)' }").count == mistakes)
  }

  @Test("too short a secret is refused, and not shown", arguments: ["fifteen-letters", "", "whsec_not*base64*at*all"])
  func refusesSecrets(secret: String) {
    #expect(
      problems("{ url: 'https://h/', secret: '\(secret)' }") == [
        "viva.yaml:2: webhooks[0].secret: is not a signing secret; "
          + "allowed: whsec_ and the base64 of 24 to 64 bytes, or 16 characters or more"
      ])
  }
}
