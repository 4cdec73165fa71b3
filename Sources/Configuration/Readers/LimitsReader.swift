/// `limits:`, what one client may take.
enum LimitsReader {
  static func read(_ section: Section, into limits: inout LimitSettings) {
    section.integer("sessions", 1...1_000_000, into: &limits.sessions)
    section.integer("sessions_per_key", 1...1_000_000, into: &limits.keySessions)
    section.integer("connections_per_minute", 1...10_000_000, into: &limits.connectionsPerMinute)
    section.integer("failed_logins_per_minute", 1...1_000_000, into: &limits.failedLoginsPerMinute)
    section.integer("message_bytes", 65_536...268_435_456, into: &limits.messageBytes)
    section.integer("messages_per_second", 1...1_000_000, into: &limits.messagesPerSecond)
    section.number("audio_rate", 1...100, into: &limits.audioRate)
    section.integer("send_queue_bytes", 65_536...1_073_741_824, into: &limits.sendQueueBytes)
    section.integer("responses_per_minute", 1...10_000_000, into: &limits.responsesPerMinute)
    section.integer("tokens_per_minute", 1...1_000_000_000, into: &limits.tokensPerMinute)
    section.integer("input_buffer_seconds", 1...3600, into: &limits.inputBufferSeconds)
    section.integer("turn_seconds", 1...600, into: &limits.turnSeconds)
    section.integer("retained_audio_seconds", 0...600, into: &limits.retainedAudioSeconds)
    section.integer("items", 1...100_000, into: &limits.items)
    section.integer("out_of_band_responses", 1...1000, into: &limits.outOfBandResponses)
    section.integer("sidebands", 0...1000, into: &limits.sidebands)
    section.integer("room_guests", 0...1000, into: &limits.roomGuests)
    section.integer("session_minutes", 1...10_080, into: &limits.sessionMinutes)
  }
}
