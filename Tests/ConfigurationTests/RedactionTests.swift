import Testing
import VivaConfiguration

@Suite struct RedactionTests {
  let folder = ConfigurationFolder()

  @Test("no way of printing the settings shows a secret")
  func printsNoSecret() throws {
    folder.write(
      "agents/assistant.yaml",
      """
      tools:
        - name: lookup
          url: https://shown.example:81/hidden-path?token=hidden-query
          secret: hidden-tool-secret
          headers: { Authorization: Bearer hidden-header }
      """)
    let settings = try folder.load(
      ConfigurationFolder.workers.replacing(
        "/v1\"", with: "/v1\", api_key: hidden-api, process: { command: [x], environment: { T: hidden-env } }"
      )
        + """

        server: { keys: [hidden-key] }
        webhooks: [{ url: "https://told.example/hidden-hook", secret: hidden-hook-secret }]
        """)
    #expect(settings.workers.llm.first?.apiKey == "hidden-api")
    #expect(settings.webhooks.first?.secret == "hidden-hook-secret")
    var dumped = ""
    dump(settings, to: &dumped)
    for text in [dumped, "\(settings)", String(reflecting: settings)] {
      #expect(!text.contains("hidden"))
      #expect(text.contains("mind") && text.contains("lookup"))
      #expect(text.contains("https://shown.example:81/…") && text.contains("https://told.example/…"))
    }
  }

  @Test("no problem shows a secret")
  func problemsShowNoSecret() {
    folder.write(
      "agents/assistant.yaml",
      """
      tools:
        - name: lookup
          url: ftp://hidden@host/
          secret: hidden
          headers: { "bad name": hidden, Host: hidden, Ok: "hidden\\n" }
      """)
    let problems = folder.problems("webhooks: [{ url: 'https://u:hidden@host/', secret: hidden }]")
    #expect(problems.count == 7)
    #expect(problems.allSatisfy { !$0.contains("hidden") })
  }
}
