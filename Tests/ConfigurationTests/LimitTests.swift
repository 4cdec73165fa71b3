import Testing
import VivaConfiguration

@Suite struct LimitTests {
  let folder = ConfigurationFolder()

  @Test("each limit is read into its own setting")
  func readsEachLimit() throws {
    let limits = try folder.load(
      """
      limits:
        sessions: 1
        sessions_per_key: 2
        connections_per_minute: 3
        failed_logins_per_minute: 4
        message_bytes: 70000
        messages_per_second: 5
        audio_rate: 1.5
        send_queue_bytes: 80000
        responses_per_minute: 6
        tokens_per_minute: 7
        input_buffer_seconds: 8
        turn_seconds: 9
        retained_audio_seconds: 0
        items: 10
        out_of_band_responses: 11
        sidebands: 0
        room_guests: 3
        session_minutes: 12
      """
    ).limits
    var expected = LimitSettings()
    (expected.sessions, expected.keySessions, expected.connectionsPerMinute) = (1, 2, 3)
    (expected.failedLoginsPerMinute, expected.messageBytes, expected.messagesPerSecond) = (4, 70_000, 5)
    (expected.audioRate, expected.sendQueueBytes, expected.responsesPerMinute) = (1.5, 80_000, 6)
    (expected.tokensPerMinute, expected.inputBufferSeconds, expected.turnSeconds) = (7, 8, 9)
    (expected.retainedAudioSeconds, expected.items, expected.outOfBandResponses) = (0, 10, 11)
    (expected.sidebands, expected.roomGuests, expected.sessionMinutes) = (0, 3, 12)
    #expect(limits == expected)
  }

  @Test("the defaults are the documented ones")
  func hasDefaults() {
    let limits = LimitSettings()
    #expect((limits.keySessions, limits.connectionsPerMinute, limits.failedLoginsPerMinute) == (1000, 6000, 60))
    #expect((limits.messagesPerSecond, limits.audioRate, limits.retainedAudioSeconds) == (500, 8, 20))
    #expect((limits.responsesPerMinute, limits.tokensPerMinute) == (1000, 1_000_000))
    #expect((limits.outOfBandResponses, limits.sidebands, limits.roomGuests) == (8, 8, 16))
    #expect(ServerSettings().maximumEphemeralKeys == 10_000)
  }

  @Test(
    "a value outside its range is refused and its range is named",
    arguments: [
      ("sessions_per_key", ["0", "1000001"], "1 to 1000000"),
      ("connections_per_minute", ["0", "10000001"], "1 to 10000000"),
      ("failed_logins_per_minute", ["0", "1000001"], "1 to 1000000"),
      ("messages_per_second", ["0", "1000001"], "1 to 1000000"),
      ("audio_rate", ["0.9", "100.1", "nan", "inf"], "1.0 to 100.0"),
      ("responses_per_minute", ["0", "10000001"], "1 to 10000000"),
      ("tokens_per_minute", ["0", "1000000001"], "1 to 1000000000"),
      ("retained_audio_seconds", ["-1", "601"], "0 to 600"),
      ("out_of_band_responses", ["0", "1001"], "1 to 1000"),
      ("sidebands", ["-1", "1001"], "0 to 1000"),
      ("room_guests", ["-1", "1001"], "0 to 1000"),
    ])
  func namesRanges(key: String, values: [String], allowed: String) {
    for value in values {
      #expect(
        folder.problems("limits:\n  \(key): \(value)") == [
          "viva.yaml:2: limits.\(key): \(value) is out of range; allowed: \(allowed)"
        ])
    }
  }

  @Test("client secrets have a bound, and the bound a range", arguments: ["0", "1000001"])
  func boundsEphemeralKeys(value: String) {
    #expect(
      folder.problems("server:\n  max_ephemeral_keys: \(value)") == [
        "viva.yaml:2: server.max_ephemeral_keys: \(value) is out of range; allowed: 1 to 1000000"
      ])
  }
}
