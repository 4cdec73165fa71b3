/// The fields of server events.
enum ServerEventKeys: String, CodingKey {
  case type, session, conversation, error, item, response, part, delta, text, transcript, usage, audio, status
  case id, speaker, start, end, name, arguments, participant, role, muted, by, sdp, code
  case from, to, reason, since, input, output, questions, notice, slots
  case slotID = "slot_id"
  case offersCorrection = "offers_correction"
  case eventID = "event_id"
  case responseID = "response_id"
  case itemID = "item_id"
  case previousItemID = "previous_item_id"
  case outputIndex = "output_index"
  case contentIndex = "content_index"
  case callID = "call_id"
  case audioStartMilliseconds = "audio_start_ms"
  case audioEndMilliseconds = "audio_end_ms"
  case durationMilliseconds = "duration_ms"
  case rateLimits = "rate_limits"
  case participantID = "participant_id"
  case previousRole = "previous_role"
  case vivaTranscript = "viva_transcript"
  case vivaHeard = "viva_heard"
}
