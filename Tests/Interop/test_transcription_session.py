"""Sessions that only write down what they hear (`?intent=transcription`), end to end with the openai package."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from typing import Any

from conftest import SENTENCES
from support.client import Client, SDKTransport, sdk_client
from support.codecs import encode_g711
from support.order import assert_ordered
from support.server import VivaServer
from support.speech import Voice, silence, transcribe
from support.words import word_error

VAD = {"type": "server_vad", "silence_duration_ms": 500}
INTENT = {"intent": "transcription"}


def converse(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 90))


def open_client(server: VivaServer) -> Any:
    return sdk_client(server.http + "/v1", server.key, None, extra_query=INTENT)


async def update(client: Client, **hearing: Any) -> dict[str, Any]:
    """As an SDK user writes it."""
    assert isinstance(client.transport, SDKTransport)
    here = len(client.events)
    session: Any = {"type": "transcription", "audio": {"input": hearing}}
    await client.transport.connection.session.update(session=session)
    return (await client.wait("session.updated", after=here, timeout=5))["session"]


async def completed(client: Client, after: int = 0) -> Any:
    return await client.wait("conversation.item.input_audio_transcription.completed", after=after)


def assert_quiet_and_clean(client: Client) -> None:
    assert not client.of("response.created"), "nobody answers here"
    assert not client.problems, "\n".join(client.problems)
    assert not client.errors(), client.errors()
    assert_ordered(client.events)


def test_turns_are_found_and_written_down(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            created = (await client.wait("session.created", timeout=5))["session"]
            assert created["type"] == "transcription" and "instructions" not in created
            session = await update(client, turn_detection=VAD, format={"type": "audio/pcmu"})
            assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500
            said = [SENTENCES[0], SENTENCES[1]]
            for sentence in said:
                here = len(client.events)
                pcm = silence(0.4) + await voice.say(sentence) + silence(1)
                payload = encode_g711("audio/pcmu", pcm)
                for start in range(0, len(payload), 800):
                    await client.append(payload[start : start + 800])
                done = await completed(client, here)
                assert word_error(sentence, done["transcript"]) < 0.5, done["transcript"]
                deltas = client.of("conversation.item.input_audio_transcription.delta")
                mine = [delta["delta"] for delta in deltas if delta["item_id"] == done["item_id"]]
                assert word_error(done["transcript"], "".join(mine)) < 0.5
                assert done["usage"]["type"] == "duration" and done["usage"]["seconds"] > 0.5
            first, second = client.of("input_audio_buffer.committed")
            assert second["previous_item_id"] == first["item_id"]
            await asyncio.sleep(1)
            assert_quiet_and_clean(client)

    converse(body())


def test_turns_that_the_client_commits_are_written_down(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            await client.wait("session.created", timeout=5)
            assert (await update(client, turn_detection=None))["audio"]["input"]["turn_detection"] is None
            await client.append_fast(silence(0.2) + await voice.say(SENTENCES[2]) + silence(0.2))
            await client.send("input_audio_buffer.commit")
            done = await completed(client)
            assert word_error(SENTENCES[2], done["transcript"]) < 0.5, done["transcript"]
            item = await client.retrieve(done["item_id"])
            assert item["content"][0]["transcript"] == done["transcript"]
            heard = await transcribe(server.asr, base64.b64decode(item["content"][0]["audio"]))
            assert word_error(SENTENCES[2], heard) < 0.5, heard
            assert_quiet_and_clean(client)

    converse(body())


def test_what_has_no_meaning_here_is_refused_by_name(server: VivaServer) -> None:
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]}
    attempts: list[tuple[str, dict[str, Any], str, str]] = [
        ("response.create", {}, "type", "realtime"),
        ("response.cancel", {}, "type", "realtime"),
        ("conversation.item.create", {"item": message}, "type", "realtime"),
        ("session.update", {"session": {"type": "realtime"}}, "session.type", "intent=transcription"),
        ("session.update", {"session": {"type": "transcription", "tools": []}}, "session.tools", ""),
        ("session.update", {"session": {"type": "transcription", "instructions": "x"}}, "session.instructions", ""),
    ]

    async def body() -> None:
        async with open_client(server) as client:
            await client.wait("session.created", timeout=5)
            for number, (type, fields, param, remedy) in enumerate(attempts):
                here = len(client.events)
                await client.send(type, event_id=f"{number}", **fields)
                error = (await client.wait("error", after=here, timeout=5))["error"]
                assert error["event_id"] == f"{number}" and error["param"] == param, error
                assert error["code"] and remedy in error["message"], error
            assert (await update(client, turn_detection=VAD))["type"] == "transcription"
            assert not client.problems

    converse(body())


def test_silence_is_nobodys_turn(server: VivaServer) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            await update(client, turn_detection=VAD)
            await client.append_fast(silence(5))
            await update(client, turn_detection=VAD)
            assert not client.of("input_audio_buffer.speech_started"), client.summary()
            assert_quiet_and_clean(client)

    converse(body())
