"""What no scenario makes the server send, and why: patterns over `Class.field`."""

from __future__ import annotations

from fnmatch import fnmatchcase

NOT_APPLICABLE = {
    "*[Mm]cp*": "MCP is refused: declare a function",
    "InputAudioBufferDtmfEventReceivedEvent.*": "SIP only",
    "realtime_server_event.OutputAudioBuffer*": "WebRTC and SIP only",
    "*Prompt*.*": "prompts are stored by OpenAI; a prompt is refused",
    "*.prompt": "prompts are stored by OpenAI: always null",
    "ResponseInput*": "part of a stored prompt, which is refused",
    "response_input_*": "part of a stored prompt, which is refused",
    "realtime_conversation_item_user_message.Content.detail": "images are refused",
    "realtime_conversation_item_user_message.Content.image_url": "images are refused",
    "ConversationItemCreatedEvent.*": "beta only: `conversation.item.added` and `.done` in the GA protocol",
    "ConversationItemInputAudioTranscriptionSegment.*": "of a diarising model; no worker protocol tells speakers",
    "realtime_transcription_session_audio_input_turn_detection.*.create_response": "nothing responds there",
    "realtime_transcription_session_audio_input_turn_detection.*.interrupt_response": "nothing responds there",
    "realtime_transcription_session_audio_input_turn_detection.*.idle_timeout_ms": "nothing responds there",
}

# The protocol lets a server leave these out, and this one did in every scenario.
NOT_SENT = {
    "ConversationItemInputAudioTranscriptionFailedEvent.*": "a recogniser must fail: UnansweredTurnTests",
    "conversation_item_input_audio_transcription_failed_event.Error.*": "a recogniser must fail: UnansweredTurnTests",
    "*.UsageTranscriptTextUsageTokens*": "usage is told as a duration, the other form of the union",
    "*.logprobs": "optional; the recogniser of this test gives none",
    "LogProbProperties.*": "optional; the recogniser of this test gives none",
    "*.languages": "optional; the recogniser of this test tells none",
    "TranscriptionLanguage.*": "optional; the recogniser of this test tells none",
    "response_content_part_*_event.Part.audio": "optional; audio comes in `response.output_audio.delta`",
}


def reason(row: str) -> tuple[str, str] | None:
    """The status and why, of a row that has nothing to show; None when it must show something."""
    for status, reasons in (("not applicable", NOT_APPLICABLE), ("not sent", NOT_SENT)):
        for pattern, why in reasons.items():
            if fnmatchcase(row, pattern):
                return status, why
    return None
