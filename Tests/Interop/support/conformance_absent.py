"""What no probe and no scenario shows, and why: patterns over `Class.field`."""

from __future__ import annotations

from fnmatch import fnmatchcase

ABSENT = {
    "server": {
        "*[Mm]cp*": "MCP is refused: declare a function",
        "InputAudioBufferDtmfEventReceivedEvent.*": "SIP only",
        "realtime_server_event.OutputAudioBuffer*": "WebRTC and SIP only",
        "*Prompt*.*": "prompts are stored by OpenAI; a prompt is refused",
        "*.prompt": "prompts are stored by OpenAI: always null",
        "ResponseInput*": "part of a stored prompt, which is refused",
        "response_input_*": "part of a stored prompt, which is refused",
        "realtime_conversation_item_user_message.Content.detail": "images are refused",
        "realtime_conversation_item_user_message.Content.image_url": "images are refused",
        "ConversationCreatedEvent.*": "beta only",
        "conversation_created_event.*": "beta only",
        "ConversationItemCreatedEvent.*": "beta only: `conversation.item.added` and `.done` in the GA protocol",
        "ConversationItemInputAudioTranscriptionSegment.*": "of a diarising model; no worker protocol tells speakers",
        "ConversationItemInputAudioTranscriptionFailedEvent.*": "needs a recogniser that fails: a Swift test has it",
        "conversation_item_input_audio_transcription_failed_event.Error.*": "needs a recogniser that fails",
        "*.UsageTranscriptTextUsageTokens*": "usage is told as a duration, the other form of the union",
        "*.logprobs": "optional; the recogniser of this test gives none",
        "LogProbProperties.*": "optional; the recogniser of this test gives none",
        "*.languages": "optional; the recogniser of this test tells none",
        "TranscriptionLanguage.*": "optional; the recogniser of this test tells none",
        "realtime_response.AudioOutput.voice": "null: no voice was asked for, and the worker's own has no name",
        "response_content_part_*_event.Part.audio": "optional; audio comes in `response.output_audio.delta`",
        "*message.Content.audio": "optional; OpenAI sends no audio of this kind of message either",
        "realtime_audio_config_output.VoiceID.id": "a voice is shown as the string that the union allows too",
        "realtime_transcription_session_audio_input_turn_detection.*.create_response": "nothing responds there",
        "realtime_transcription_session_audio_input_turn_detection.*.interrupt_response": "nothing responds there",
        "realtime_transcription_session_audio_input_turn_detection.*.idle_timeout_ms": "nothing responds there",
    },
    "client": {},
}


def reason(side: str, row: str) -> str | None:
    """Why a row has nothing to show; None when it must show something."""
    return next((why for pattern, why in ABSENT[side].items() if fnmatchcase(row, pattern)), None)
