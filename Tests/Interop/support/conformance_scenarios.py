"""Short conversations that between them make the server send all that it has."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from .client import Client, plain_client
from .server import VivaServer
from .speech import Voice, silence

TOOL = {"type": "function", "name": "get_weather", "description": "The weather.", "parameters": {"type": "object"}}
LOGPROBS = ["item.input_audio_transcription.logprobs"]
VAD = {"type": "server_vad", "silence_duration_ms": 500}


class Stage:
    """Where a scenario opens its clients."""

    def __init__(self, server: VivaServer, voice: Voice) -> None:
        self.server = server
        self.voice = voice
        self.clients: list[Client] = []

    @asynccontextmanager
    async def client(self, query: str = "?model=assistant") -> AsyncIterator[Client]:
        async with plain_client(self.server.websocket + query, self.server.key, None) as client:
            self.clients.append(client)
            await client.wait("session.created", timeout=10)
            yield client

    async def speech(self) -> bytes:
        return silence(0.5) + await self.voice.say("What is the capital of France?") + silence(1.5)


async def spoken_turn(stage: Stage) -> None:
    async with stage.client() as client:
        hearing = {"turn_detection": VAD, "transcription": {"model": "whisper-1"}}
        await client.update(audio={"input": hearing}, include=LOGPROBS)
        await client.append_fast(await stage.speech())
        done = await client.wait_response()
        await client.wait("conversation.item.input_audio_transcription.completed", "error")
        said = done["response"]["output"][0]["id"]
        await client.send("conversation.item.truncate", item_id=said, content_index=0, audio_end_ms=100)
        await client.wait("conversation.item.truncated", timeout=5)
        heard = client.of("input_audio_buffer.committed")[0]["item_id"]
        await client.retrieve(heard)
        await client.retrieve(said)


async def text_turn(stage: Stage) -> None:
    async with stage.client() as client:
        await client.update(output_modalities=["text"], max_output_tokens=40)
        await client.say_text("What is the capital of France?")
        await client.send("response.create", response={"metadata": {"topic": "text"}})
        await client.wait_response()


async def function_call(stage: Stage) -> None:
    async with stage.client() as client:
        await client.update(output_modalities=["text"], tools=[TOOL], tool_choice="required", parallel_tool_calls=False)
        await client.say_text("What is the weather in Paris?")
        await client.send("response.create")
        done = await client.wait_response()
        call = next(item for item in done["response"]["output"] if item["type"] == "function_call")
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"sky": "sunny"}'}
        await client.send("conversation.item.create", item=output)
        here = len(client.events)
        await client.wait("conversation.item.done", after=here, timeout=5)


async def out_of_band(stage: Stage) -> None:
    async with stage.client() as client:
        question = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Say hello."}]}
        own: dict[str, Any] = {"conversation": "none", "metadata": {"topic": "side"}, "input": [question]}
        own["audio"] = {"output": {"voice": "alloy"}}
        await client.send("response.create", response=own)
        await client.wait_response()


async def transcription_session(stage: Stage) -> None:
    async with stage.client("?intent=transcription") as client:
        hearing = {"noise_reduction": {"type": "near_field"}, "turn_detection": VAD}
        session = {"type": "transcription", "audio": {"input": hearing}, "include": LOGPROBS}
        await client.send("session.update", session=session)
        await client.wait("session.updated", timeout=5)
        await client.append_fast(await stage.speech())
        await client.wait("conversation.item.input_audio_transcription.completed")


async def idle_timeout(stage: Stage) -> None:
    async with stage.client() as client:
        await client.update(audio={"input": {"turn_detection": VAD | {"idle_timeout_ms": 5000}}})
        await client.send("response.create", response={"max_output_tokens": 20})
        await client.wait_response()
        for _ in range(60):
            if client.of("input_audio_buffer.timeout_triggered"):
                break
            await client.append(silence(0.5))
            await asyncio.sleep(0.5)
        await client.wait("input_audio_buffer.timeout_triggered", timeout=1)


async def cancelled_response(stage: Stage) -> None:
    async with stage.client() as client:
        await client.send("response.create")
        await client.wait("response.created")
        await client.send("response.cancel")
        await client.wait("response.done")


async def cut_by_a_limit(stage: Stage) -> None:
    async with stage.client() as client:
        await client.update(output_modalities=["text"])
        await client.say_text("Tell me a long story about a river.")
        await client.send("response.create", response={"max_output_tokens": 2})
        await client.wait_response()


async def deleted_and_cleared(stage: Stage) -> None:
    async with stage.client() as client:
        item = await client.say_text("Forget this.")
        await client.send("conversation.item.delete", item_id=item)
        await client.wait("conversation.item.deleted", timeout=5)
        await client.send("input_audio_buffer.clear")
        await client.wait("input_audio_buffer.cleared", timeout=5)


async def refused_event(stage: Stage) -> None:
    async with stage.client() as client:
        await client.send("session.update", event_id="mine", session={"type": "realtime", "instructions": 1})
        await client.wait("error", timeout=5)


SCENARIOS: tuple[Callable[[Stage], Awaitable[None]], ...] = (
    spoken_turn, text_turn, function_call, out_of_band, transcription_session, idle_timeout, cancelled_response,
    cut_by_a_limit, deleted_and_cleared, refused_event,
)  # fmt: skip


HEARING = {
    "noise_reduction": {"type": "near_field", "strength": 1.5},
    "transcription": {"model": "whisper-1", "language": "en", "languages": ["en"], "prompt": "A call.",
                      "keywords": ["Viva"], "delay": "low"},
}  # fmt: skip
SECRETS: tuple[dict[str, Any], ...] = (
    {
        "type": "realtime", "model": "assistant", "include": LOGPROBS, "reasoning": {"effort": "low"},
        "tools": [TOOL], "tracing": {"group_id": "g", "metadata": {"a": "b"}, "workflow_name": "w"},
        "truncation": {"type": "retention_ratio", "retention_ratio": 0.5, "token_limits": {"post_instructions": 900}},
        "audio": {
            "input": HEARING | {"turn_detection": VAD | {"idle_timeout_ms": 6000}},
            "output": {"voice": "alloy"},
        },
    },
    {"type": "realtime", "model": "assistant", "audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}},
    {"type": "transcription", "include": LOGPROBS, "audio": {"input": HEARING | {"turn_detection": VAD}}},
)  # fmt: skip


def mint(server: VivaServer, session: dict[str, Any]) -> bytes:
    """The reply of `POST /v1/realtime/client_secrets`; raises unless it is a success."""
    body = {"expires_after": {"anchor": "created_at", "seconds": 60}, "session": session}
    request = urllib.request.Request(server.http + "/v1/realtime/client_secrets", json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {server.key}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as reply:
        return reply.read()
