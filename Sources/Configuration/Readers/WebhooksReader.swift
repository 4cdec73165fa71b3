/// `webhooks:`, who is told what happens in sessions.
enum WebhooksReader {
  /// Each event goes to each of them.
  static let maximumCount = 16

  static func read(_ value: Value) -> [WebhookSettings] {
    guard let list = value.list() else { return [] }
    if list.count > maximumCount { value.report("has more than \(maximumCount) webhooks") }
    return list.compactMap(webhook)
  }

  private static func webhook(_ value: Value) -> WebhookSettings? {
    var result: WebhookSettings?
    value.section { section in
      let url = url(section)
      let secret = CallReader.signingSecret(section.required("secret"))
      var webhook = WebhookSettings(url: url ?? "", secret: secret ?? "")
      events(section, into: &webhook.events)
      CallReader.timeout(section, into: &webhook.timeoutMilliseconds)
      CallReader.retry(section, into: &webhook.retry)
      section.integer("queue_limit", 1...1_000_000, into: &webhook.queueLimit)
      if url != nil, secret != nil { result = webhook }
    }
    return result
  }

  private static func url(_ section: Section) -> String? {
    let value = section.required("url")
    var allowsHTTP = false
    section.boolean("allow_http", into: &allowsHTTP)
    guard let value, let (text, address) = CallReader.address(value) else { return nil }
    if address.scheme == "https" || address.isLoopback || allowsHTTP { return text }
    value.report(
      """
      sends what is said in sessions over the network in plain text; use https, or set allow_http: true where the \
      network is your own
      """)
    return nil
  }

  private static func events(_ section: Section, into target: inout [String]) {
    for value in section.present("events")?.list() ?? [] {
      guard let event = value.choice(of: WebhookSettings.Event.allCases) else { continue }
      if target.contains(event.rawValue) {
        value.report("\(event.rawValue) is named twice")
      } else {
        target.append(event.rawValue)
      }
    }
  }
}
