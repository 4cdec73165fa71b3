"""A valid value for each client field, and the event that carries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Value = dict[str, Any]


@dataclass(frozen=True)
class Probe:
    """How a class's fields are sent: `base` alone for those in it, with one of `fields`, or one of `instead`."""

    event: Callable[[Value], Value]
    base: Value = field(default_factory=dict)
    fields: Value = field(default_factory=dict)
    instead: dict[str, Value] = field(default_factory=dict)
    transcription: bool = False

    def knows(self, name: str) -> bool:
        return any(name in fields for fields in (self.base, self.fields, self.instead))

    def of(self, name: str) -> Value:
        """The client event that tries this field."""
        if name in self.instead:
            return self.event(self.instead[name])
        return self.event(self.base if name in self.base else self.base | {name: self.fields[name]})


def whole(value: Value) -> Value:
    return value


def session(*path: str, type: str = "realtime") -> Callable[[Value], Value]:
    """In a `session.update`, at this path."""

    def event(value: Any) -> Value:
        for name in reversed(path):
            value = [value] if name == "[]" else {name: value}
        return {"type": "session.update", "session": {"type": type} | value}

    return event


def response(*path: str) -> Callable[[Value], Value]:
    """In a `response.create` out of band, at this path."""

    def event(value: Any) -> Value:
        for name in reversed(path):
            value = [value] if name == "[]" else {name: value}
        return {"type": "response.create", "response": {"conversation": "none", "output_modalities": ["text"]} | value}

    return event


def item(value: Value) -> Value:
    return {"type": "conversation.item.create", "item": value}


def message(role: str) -> Callable[[Value], Value]:
    return lambda part: item({"type": "message", "role": role, "content": [part]})


TEXT = {"type": "input_text", "text": "Hello."}
COMMON = {"id": "item_probe", "object": "realtime.item", "status": "completed"}
FUNCTION = {"type": "function", "name": "look", "description": "Looks.", "parameters": {"type": "object"}}
PROMPT = {"id": "pmpt_1", "version": "1", "variables": {"city": "Paris"}}
FILTER = {"read_only": True, "tool_names": ["look"]}
MCP = {
    "type": "mcp", "server_label": "s", "allowed_callers": ["direct"], "allowed_tools": FILTER, "authorization": "a",
    "connector_id": "connector_gmail", "defer_loading": True, "headers": {"a": "b"}, "require_approval": "never",
    "server_description": "d", "server_url": "https://example.com/mcp", "tunnel_id": "t",
}  # fmt: skip
MCP_CALL = {
    "type": "mcp_call", "id": "mcp_1", "arguments": "{}", "name": "look", "server_label": "s",
    "approval_request_id": None, "error": {"type": "http_error", "code": 1, "message": "m"}, "output": None,
}  # fmt: skip
NOISE = {"type": "near_field", "strength": 1.5}
CACHE = {"mode": "explicit", "ttl": "30m"}
SERVER_VAD = {
    "create_response": False, "idle_timeout_ms": 6000, "interrupt_response": False, "prefix_padding_ms": 200,
    "silence_duration_ms": 400, "threshold": 0.6,
}  # fmt: skip
SEMANTIC_VAD = {"create_response": False, "eagerness": "high", "interrupt_response": False}
MESSAGE = {"type": "message", "role": "user", "content": [TEXT]}
CALL = {"type": "function_call", "name": "look", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_unknown", "output": "{}"}
ASSISTANT = {"type": "output_text", "text": "Hi."}


def simple(type: str, **fields: Any) -> Probe:
    return Probe(whole, {"type": type} | fields, {"event_id": "probe"})


def mcp(prefix: str, place: Callable[..., Callable[[Value], Value]]) -> dict[str, Probe]:
    """The classes of an MCP tool, each sent inside one."""
    stem = "Mcp" if "union" in prefix else ""
    approval = f"{prefix}.{stem}RequireApprovalMcpToolApprovalFilter"
    tool = place("tools", "[]")
    return {
        f"{prefix}.{stem}AllowedToolsMcpToolFilter": Probe(lambda v: tool(MCP | {"allowed_tools": v}), FILTER),
        approval: Probe(
            lambda v: tool(MCP | {"require_approval": v}), fields={"always": FILTER, "never": FILTER}
        ),
        f"{approval}Always": Probe(lambda v: tool(MCP | {"require_approval": {"always": v}}), FILTER),
        f"{approval}Never": Probe(lambda v: tool(MCP | {"require_approval": {"never": v}}), FILTER),
    }


def listening(module: str, type: str) -> dict[str, Probe]:
    """What conversation and transcription sessions both have under `audio.input`."""
    quiet = type == "transcription"

    def at(*path: str) -> Callable[[Value], Value]:
        return session("audio", "input", *path, type=type)

    vad = f"{module.replace('config_input', 'input')}_turn_detection"
    return {
        f"{module}.NoiseReduction": Probe(at("noise_reduction"), fields=NOISE, transcription=quiet),
        f"{vad}.ServerVad": Probe(at("turn_detection"), {"type": "server_vad"}, SERVER_VAD, transcription=quiet),
        f"{vad}.SemanticVad": Probe(at("turn_detection"), {"type": "semantic_vad"}, SEMANTIC_VAD, transcription=quiet),
    }


INPUT_FIELDS = {
    "format": {"type": "audio/pcmu"}, "noise_reduction": NOISE, "transcription": {"language": "en"},
    "turn_detection": {"type": "semantic_vad"},
}  # fmt: skip
LOGPROBS = ["item.input_audio_transcription.logprobs"]
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"}
FILE = {"type": "input_file", "file_id": "file_1"}


def variable(value: Value) -> Value:
    return session("prompt")(PROMPT | {"variables": {"city": value}})


PROBES: dict[str, Probe] = {
    # Events
    "ConversationItemCreateEvent": Probe(
        whole, {"type": "conversation.item.create", "item": MESSAGE}, {"event_id": "probe", "previous_item_id": "root"}
    ),
    "ConversationItemDeleteEvent": simple("conversation.item.delete", item_id="item_known"),
    "ConversationItemRetrieveEvent": simple("conversation.item.retrieve", item_id="item_known"),
    "ConversationItemTruncateEvent": simple(
        "conversation.item.truncate", item_id="item_spoken", content_index=0, audio_end_ms=0
    ),
    "InputAudioBufferAppendEvent": simple("input_audio_buffer.append", audio="AAAA" * 1600),
    "InputAudioBufferClearEvent": simple("input_audio_buffer.clear"),
    "InputAudioBufferCommitEvent": simple("input_audio_buffer.commit"),
    "OutputAudioBufferClearEvent": simple("output_audio_buffer.clear"),
    "ResponseCancelEvent": Probe(
        whole, {"type": "response.cancel"}, {"event_id": "probe", "response_id": "resp_running"}
    ),
    "ResponseCreateEvent": Probe(whole, {"type": "response.create"}, {"event_id": "probe", "response": {}}),
    "SessionUpdateEvent": Probe(
        whole, {"type": "session.update", "session": {"type": "realtime"}}, {"event_id": "probe"}
    ),
    # Sessions
    "RealtimeSessionCreateRequest": Probe(
        session(),
        {"type": "realtime"},
        {
            "audio": {}, "include": LOGPROBS, "instructions": "Be brief.", "max_output_tokens": 50,
            "model": "assistant", "output_modalities": ["text"], "parallel_tool_calls": False, "prompt": PROMPT,
            "reasoning": {"effort": "low"}, "tool_choice": "none", "tools": [FUNCTION], "tracing": "auto",
            "truncation": "disabled",
        },
    ),
    "RealtimeTranscriptionSessionCreateRequest": Probe(
        session(type="transcription"), {"type": "transcription"}, {"audio": {}, "include": LOGPROBS}, {}, True
    ),
    "RealtimeAudioConfig": Probe(session("audio"), fields={"input": {}, "output": {}}),
    "RealtimeTranscriptionSessionAudio": Probe(
        session("audio", type="transcription"), fields={"input": {}}, transcription=True
    ),
    "RealtimeAudioConfigInput": Probe(session("audio", "input"), fields=INPUT_FIELDS),
    "RealtimeTranscriptionSessionAudioInput": Probe(
        session("audio", "input", type="transcription"), fields=INPUT_FIELDS, transcription=True
    ),
    **listening("realtime_audio_config_input", "realtime"),
    **listening("realtime_transcription_session_audio_input", "transcription"),
    "AudioTranscription": Probe(
        session("audio", "input", "transcription"),
        fields={
            "delay": "low", "keywords": ["Viva"], "language": "en", "languages": ["en"], "model": "whisper-1",
            "prompt": "A call.",
        },
    ),
    "RealtimeAudioConfigOutput": Probe(
        session("audio", "output"), fields={"format": {"type": "audio/pcma"}, "speed": 1.1, "voice": "alloy"}
    ),
    "realtime_audio_config_output.VoiceID": Probe(session("audio", "output", "voice"), {"id": "voice_1"}),
    "realtime_audio_formats.AudioPCM": Probe(session("audio", "input", "format"), {"type": "audio/pcm", "rate": 24000}),
    "realtime_audio_formats.AudioPCMU": Probe(session("audio", "input", "format"), {"type": "audio/pcmu"}),
    "realtime_audio_formats.AudioPCMA": Probe(session("audio", "input", "format"), {"type": "audio/pcma"}),
    "RealtimeReasoning": Probe(session("reasoning"), {"effort": "low"}),
    "RealtimeFunctionTool": Probe(session("tools", "[]"), {"type": "function", "name": "look"}, FUNCTION),
    "ToolChoiceFunction": Probe(session("tool_choice"), {"type": "function", "name": "look"}),
    "ToolChoiceMcp": Probe(session("tool_choice"), {"type": "mcp", "server_label": "s", "name": "look"}),
    "realtime_tools_config_union.Mcp": Probe(session("tools", "[]"), MCP),
    **mcp("realtime_tools_config_union", session),
    "realtime_tracing_config.TracingConfiguration": Probe(
        session("tracing"), fields={"group_id": "g", "metadata": {"a": "b"}, "workflow_name": "w"}
    ),
    "RealtimeTruncationRetentionRatio": Probe(
        session("truncation"), {"type": "retention_ratio", "retention_ratio": 0.5},
        {"token_limits": {"post_instructions": 900}},
    ),
    "realtime_truncation_retention_ratio.TokenLimits": Probe(
        lambda v: session("truncation")({"type": "retention_ratio", "retention_ratio": 0.5, "token_limits": v}),
        {"post_instructions": 900},
    ),
    "ResponsePrompt": Probe(session("prompt"), PROMPT),
    "ResponseInputText": Probe(variable, TEXT, {"prompt_cache_breakpoint": CACHE}),
    "response_input_text.PromptCacheBreakpoint": Probe(
        lambda v: variable(TEXT | {"prompt_cache_breakpoint": v}), CACHE
    ),
    "ResponseInputImage": Probe(variable, IMAGE, {"file_id": "file_1", "prompt_cache_breakpoint": CACHE}),
    "response_input_image.PromptCacheBreakpoint": Probe(
        lambda v: variable(IMAGE | {"prompt_cache_breakpoint": v}), CACHE
    ),
    "ResponseInputFile": Probe(
        variable, FILE,
        {
            "detail": "low", "file_data": "AAAA", "file_url": "https://example.com/a.pdf", "filename": "a.pdf",
            "prompt_cache_breakpoint": CACHE,
        },
    ),
    "response_input_file.PromptCacheBreakpoint": Probe(
        lambda v: variable(FILE | {"prompt_cache_breakpoint": v}), CACHE
    ),
    # Responses
    "RealtimeResponseCreateParams": Probe(
        response(),
        fields={
            "audio": {}, "conversation": "none", "input": [MESSAGE], "instructions": "Be brief.",
            "max_output_tokens": 20, "metadata": {"topic": "probe"}, "output_modalities": ["text"],
            "parallel_tool_calls": False, "prompt": PROMPT, "reasoning": {"effort": "low"}, "tool_choice": "none",
            "tools": [FUNCTION],
        },
    ),
    "RealtimeResponseCreateAudioOutput": Probe(response("audio"), fields={"output": {}}),
    "realtime_response_create_audio_output.Output": Probe(
        response("audio", "output"), fields={"format": {"type": "audio/pcm", "rate": 24000}, "voice": "alloy"}
    ),
    "realtime_response_create_audio_output.OutputVoiceID": Probe(
        response("audio", "output", "voice"), {"id": "voice_1"}
    ),
    "RealtimeResponseCreateMcpTool": Probe(response("tools", "[]"), MCP),
    **mcp("realtime_response_create_mcp_tool", response),
    # Items
    "RealtimeConversationItemSystemMessage": Probe(item, MESSAGE | {"role": "system"}, COMMON),
    "realtime_conversation_item_system_message.Content": Probe(message("system"), TEXT),
    "RealtimeConversationItemUserMessage": Probe(item, MESSAGE, COMMON),
    "realtime_conversation_item_user_message.Content": Probe(
        message("user"), TEXT,
        instead={
            "audio": {"type": "input_audio", "audio": "AAAA" * 800},
            "transcript": {"type": "input_audio", "audio": "AAAA" * 800, "transcript": "Hello."},
            "image_url": IMAGE,
            "detail": IMAGE,
        },
    ),
    "RealtimeConversationItemAssistantMessage": Probe(
        item, {"type": "message", "role": "assistant", "content": [ASSISTANT]}, COMMON
    ),
    "realtime_conversation_item_assistant_message.Content": Probe(
        message("assistant"), ASSISTANT,
        instead={
            "audio": {"type": "output_audio", "audio": "AAAA" * 800, "transcript": "Hi."},
            "transcript": {"type": "output_audio", "transcript": "Hi."},
        },
    ),
    "RealtimeConversationItemFunctionCall": Probe(item, CALL, COMMON | {"call_id": "call_1"}),
    "RealtimeConversationItemFunctionCallOutput": Probe(item, OUTPUT | {"call_id": "call_known"}, COMMON),
    "RealtimeMcpApprovalResponse": Probe(
        item,
        {"type": "mcp_approval_response", "id": "mcp_1", "approval_request_id": "a", "approve": True, "reason": "r"},
    ),
    "RealtimeMcpApprovalRequest": Probe(
        item, {"type": "mcp_approval_request", "id": "mcp_1", "arguments": "{}", "name": "look", "server_label": "s"}
    ),
    "RealtimeMcpListTools": Probe(item, {"type": "mcp_list_tools", "id": "mcp_1", "server_label": "s", "tools": []}),
    "realtime_mcp_list_tools.Tool": Probe(
        lambda v: item({"type": "mcp_list_tools", "id": "mcp_1", "server_label": "s", "tools": [v]}),
        {"name": "look", "input_schema": {}, "annotations": {}, "description": "d"},
    ),
    "RealtimeMcpToolCall": Probe(item, MCP_CALL),
    "RealtimeMcpProtocolError": Probe(
        lambda v: item(MCP_CALL | {"error": v}), {"type": "protocol_error", "code": 1, "message": "m"}
    ),
    "RealtimeMcphttpError": Probe(
        lambda v: item(MCP_CALL | {"error": v}), {"type": "http_error", "code": 1, "message": "m"}
    ),
    "RealtimeMcpToolExecutionError": Probe(
        lambda v: item(MCP_CALL | {"error": v}), {"type": "tool_execution_error", "message": "m"}
    ),
}
