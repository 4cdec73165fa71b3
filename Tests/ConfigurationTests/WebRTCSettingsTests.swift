import Testing
import VivaConfiguration

@Suite struct WebRTCSettingsTests {
  let folder = ConfigurationFolder()

  @Test("each setting is read into its own place")
  func reads() throws {
    let settings = try folder.load(
      """
      webrtc:
        enabled: false
        port: 40000
        listen: ["0.0.0.0", "::"]
        advertise: ["203.0.113.7", "2001:db8::7"]
        half_open_handshakes: 1
        handshake_timeout_s: 2
        connect_timeout_s: 3
        grace_s: 0
      """
    ).webRTC
    var expected = WebRTCSettings()
    (expected.enabled, expected.port) = (false, 40_000)
    (expected.listen, expected.advertise) = (["0.0.0.0", "::"], ["203.0.113.7", "2001:db8::7"])
    (expected.halfOpenHandshakes, expected.handshakeTimeoutSeconds) = (1, 2)
    (expected.connectTimeoutSeconds, expected.graceSeconds) = (3, 0)
    #expect(settings == expected)
  }

  @Test("without a word of it, UDP is as reachable as HTTP")
  func defaults() throws {
    #expect(try folder.load("").webRTC == WebRTCSettings())
    #expect(try folder.load("server:\n  listen: '[::1]:0'").webRTC.listen == ["::1"])
    #expect(try folder.load("server:\n  listen: localhost:0\nwebrtc:\n  port: 4000").webRTC.listen == ["127.0.0.1"])
  }

  @Test(
    "a value outside its range is refused and its range is named",
    arguments: [
      ("port", ["-1", "65536"], "0 to 65535"), ("half_open_handshakes", ["0", "100001"], "1 to 100000"),
      ("handshake_timeout_s", ["0", "121"], "1 to 120"), ("connect_timeout_s", ["0", "301"], "1 to 300"),
      ("grace_s", ["-1", "3601"], "0 to 3600"),
    ])
  func namesRanges(key: String, values: [String], allowed: String) {
    for value in values {
      #expect(
        folder.problems("webrtc:\n  \(key): \(value)") == [
          "viva.yaml:2: webrtc.\(key): \(value) is out of range; allowed: \(allowed)"
        ])
    }
  }

  @Test("what is no address is named by its place")
  func addresses() {
    for text in ["example.com", "192.0.2.1:5", "[::1]", "", "10.0.0.0/8", "fe80::1%eth0"] {
      let problems = folder.problems("webrtc:\n  listen: ['127.0.0.1', '\(text)']")
      #expect(problems.count == 1, "\(text)")
      #expect(problems.first?.hasPrefix("viva.yaml:2: webrtc.listen[1]: ") == true)
    }
    #expect(
      folder.problems("webrtc:\n  listen: []") == [
        "viva.yaml:2: webrtc.listen: is empty; allowed: at least one IP address"
      ])
    #expect(folder.problems("webrtc:\n  listen: 127.0.0.1").first?.contains("must be a list") == true)
    #expect(folder.problems("webrtc:\n  listen: ['::1', '0:0::1']").first?.contains("is named twice") == true)
    #expect(folder.problems("webrtc:\n  advertise: ['0.0.0.0']").first?.contains("nowhere to send to") == true)
    let many = (1...9).map { "'10.0.0.\($0)'" }.joined(separator: ", ")
    #expect(folder.problems("webrtc:\n  listen: [\(many)]").first?.contains("more than 8") == true)
  }

  @Test("what does not fit together is refused: a family that is not bound, ports beyond the last")
  func together() {
    #expect(
      folder.problems("webrtc:\n  listen: ['0.0.0.0']\n  advertise: ['2001:db8::1']") == [
        "viva.yaml:3: webrtc.advertise: 2001:db8::1 is IPv6, and webrtc.listen has no address of that kind; "
          + "allowed: addresses of the kinds in webrtc.listen, which takes 0.0.0.0 and \"::\" too"
      ])
    #expect(
      folder.problems("server:\n  shards: 4\nwebrtc:\n  port: 65533") == [
        "viva.yaml:4: webrtc.port: 4 shards need the ports up to 65536; allowed: 0 to 65532"
      ])
    #expect(folder.problems("server:\n  shards: 4\nwebrtc:\n  port: 65532").isEmpty)
  }
}
