/// `limits:`, what one client may take.
enum LimitsReader {
  static func read(_ section: Section, into limits: inout LimitSettings) {
    section.integer("sessions", 1...1_000_000, into: &limits.sessions)
    section.integer("message_bytes", 65_536...268_435_456, into: &limits.messageBytes)
    section.integer("send_queue_bytes", 65_536...1_073_741_824, into: &limits.sendQueueBytes)
    section.integer("input_buffer_seconds", 1...3600, into: &limits.inputBufferSeconds)
    section.integer("turn_seconds", 1...600, into: &limits.turnSeconds)
    section.integer("items", 1...100_000, into: &limits.items)
    section.integer("session_minutes", 1...10_080, into: &limits.sessionMinutes)
  }
}
