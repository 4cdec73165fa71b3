"""The openai package's own client holds conversations with the default workers; every event is checked."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from typing import Any

import openai
import pytest
from conftest import SENTENCES
from support.client import Client, Event, SDKTransport, sdk_client
from support.microphone import Microphone
from support.order import assert_ordered
from support.server import MONOLOGUE, VivaServer
from support.speech import Voice, seconds, silence, transcribe
from support.words import is_word_prefix, word_error, words

SERVER_VAD = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}
PCM = {"type": "audio/pcm", "rate": 24000}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The current weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def audio_session(turn_detection: dict[str, Any] | None = SERVER_VAD) -> dict[str, Any]:
    return {
        "output_modalities": ["audio"],
        "audio": {
            "input": {"format": PCM, "turn_detection": turn_detection, "transcription": {"model": "whisper-1"}},
            "output": {"format": PCM},
        },
    }


def assert_clean(client: Client, allow_errors: bool = False) -> None:
    """Vocabulary, order and absence of errors."""
    assert not client.problems, "\n".join(client.problems)
    assert_ordered(client.events)
    assert allow_errors or not client.errors(), client.errors()


def converse(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 180))


def connection_of(client: Client) -> Any:
    assert isinstance(client.transport, SDKTransport)
    return client.transport.connection


def spoken(response: Event) -> str:
    """The transcript of a response's message."""
    content = [part for item in response["response"]["output"] for part in item.get("content", [])]
    return " ".join(part.get("transcript") or part.get("text") or "" for part in content)


async def answer(client: Client, after: int) -> Event:
    """The next response, completed."""
    done = await client.wait_response(after=after)
    assert done["response"]["status"] == "completed", done["response"]
    return done


def open_client(server: VivaServer, model: str = "assistant") -> Any:
    return sdk_client(server.http + "/v1", server.key, model)


def test_three_spoken_turns(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        said_words, agent_said, agent_heard = [], [], []
        async with open_client(server) as client:
            await client.wait("session.created", timeout=5)
            await connection_of(client).session.update(session={"type": "realtime", **audio_session()})
            updated = await client.wait("session.updated", timeout=5)
            detection = updated["session"]["audio"]["input"]["turn_detection"]
            assert {name: detection[name] for name in SERVER_VAD} == SERVER_VAD
            async with Microphone(client) as microphone:
                for sentence in SENTENCES[:3]:
                    here = len(client.events)
                    await microphone.say(await voice.say(sentence))
                    done = await answer(client, here)
                    heard = await client.wait(
                        "conversation.item.input_audio_transcription.completed", after=here, timeout=10
                    )
                    said_words.append((sentence, heard["transcript"]))
                    audio = client.audio(done.response_id)
                    assert seconds(audio) > 0.3, f"{seconds(audio)} s of audio for {spoken(done)!r}"
                    agent_said.append(spoken(done))
                    agent_heard.append(await transcribe(server.asr, audio))
                    await client.wait_played()
                    await asyncio.sleep(0.3)
            for sentence, transcript in said_words:
                assert word_error(sentence, transcript) < 0.4, (sentence, transcript)
            assert all(words(text) for text in agent_said), agent_said
            assert all(words(text) for text in agent_heard), agent_heard
            error = word_error(" ".join(agent_said), " ".join(agent_heard))
            assert error < 0.5, (agent_said, agent_heard)
            assert len(client.of("response.created")) == len(client.of("response.done")) == 3
            for name in ("speech_started", "speech_stopped", "committed"):
                assert len(client.of(f"input_audio_buffer.{name}")) == 3, client.summary()
            assert_clean(client)

    converse(body())


def test_vad_times_count_the_appended_audio(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            await client.update(**audio_session())
            speech = await voice.say(SENTENCES[1])
            # Far faster than real time: only a clock of samples gets these right.
            await client.append_fast(silence(2) + speech + silence(1.5), piece_ms=100)
            started = await client.wait("input_audio_buffer.speech_started", timeout=10)
            stopped = await client.wait("input_audio_buffer.speech_stopped", timeout=10)
            end = 2000 + seconds(speech) * 1000
            assert 1500 <= started["audio_start_ms"] <= 2100, (started.data, "speech begins at 2000")
            assert end + 300 <= stopped["audio_end_ms"] <= end + 800, (stopped.data, f"speech ends at {end}")
            await client.wait_response(after=stopped.index)
            assert_clean(client)

    converse(body())


def test_partial_transcripts_come_while_the_user_speaks(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            await client.update(**audio_session())
            async with Microphone(client) as microphone:
                await microphone.say(await voice.say(SENTENCES[3]))
                stopped = await client.wait("input_audio_buffer.speech_stopped", timeout=10)
                started = client.of("input_audio_buffer.speech_started")[0]
                completed = await client.wait("conversation.item.input_audio_transcription.completed", timeout=10)
                deltas = client.of("conversation.item.input_audio_transcription.delta")
                early = [delta for delta in deltas if delta.index < stopped.index]
                assert early, f"no delta before the end of the turn: {client.summary()}"
                assert {delta["item_id"] for delta in deltas} == {started["item_id"]} == {completed["item_id"]}
                assert all(delta.index < completed.index for delta in deltas)
                joined = "".join(delta["delta"] for delta in deltas)
                assert word_error(completed["transcript"], joined) < 0.5, (joined, completed["transcript"])
                await answer(client, stopped.index)
            assert_clean(client)

    converse(body())


def test_text_conversation(server: VivaServer) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            await client.update(output_modalities=["text"])
            for question in ("What is the capital of France?", "Thank you, that was helpful."):
                here = len(client.events)
                await connection_of(client).conversation.item.create(
                    item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": question}]}
                )
                await connection_of(client).response.create()
                done = await answer(client, here)
                assert words(spoken(done)), done["response"]
                assert client.of("response.output_text.delta", response=done.response_id)
                assert done["response"]["output_modalities"] == ["text"]
            assert not client.of("response.output_audio.delta")
            assert_clean(client)

    converse(body())


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "name": "get_weather"}], ids=["required", "named"]
)
def test_tool_call(server: VivaServer, choice: Any) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            await client.update(output_modalities=["text"], tools=[WEATHER], tool_choice=choice)
            await client.say_text("What is the weather in Paris right now?")
            here = len(client.events)
            await connection_of(client).response.create()
            done = await answer(client, here)
            calls = [item for item in done["response"]["output"] if item["type"] == "function_call"]
            assert len(calls) == 1, done["response"]["output"]
            assert calls[0]["name"] == "get_weather" and calls[0]["call_id"]
            assert isinstance(json.loads(calls[0]["arguments"])["city"], str), calls[0]
            arguments = client.of("response.function_call_arguments.done", response=done.response_id)
            assert [event["arguments"] for event in arguments] == [calls[0]["arguments"]]

            here = len(client.events)
            await connection_of(client).conversation.item.create(
                item={
                    "type": "function_call_output",
                    "call_id": calls[0]["call_id"],
                    "output": json.dumps({"temperature": "warm", "sky": "sunny"}),
                }
            )
            added = await client.wait("conversation.item.done", after=here, timeout=5)
            assert added["item"]["type"] == "function_call_output"
            here = len(client.events)
            await connection_of(client).response.create(response={"tool_choice": "none"})
            done = await answer(client, here)
            assert [item["type"] for item in done["response"]["output"]] == ["message"], done["response"]["output"]
            assert words(spoken(done))
            assert_clean(client)

    converse(body())


def test_a_cancelled_response_ends_at_once(server: VivaServer) -> None:
    async def body() -> None:
        async with open_client(server, "monologue") as client:
            first = await client.wait("response.output_audio.delta", timeout=20)
            await asyncio.sleep(1)
            here = len(client.events)
            await connection_of(client).response.cancel()
            done = await client.wait("response.done", after=here, timeout=2)
            assert done.response_id == first.response_id
            assert done["response"]["status"] == "cancelled", done["response"]
            assert done["response"]["status_details"]["reason"] == "client_cancelled", done["response"]
            await asyncio.sleep(1)
            assert not [event for event in client.events[done.index :] if event.type.endswith(".delta")]
            item = await client.retrieve(first["item_id"])
            assert item["status"] == "incomplete", item["status"]

            await client.say_text("What is the capital of France?")
            await answer_next(client)
            assert_clean(client)

    async def answer_next(client: Client) -> None:
        here = len(client.events)
        await connection_of(client).response.create(response={"output_modalities": ["text"]})
        await answer(client, here)

    converse(body())


def test_truncate_cuts_the_transcript(server: VivaServer) -> None:
    async def body() -> None:
        async with open_client(server, "monologue") as client:
            first = await client.wait("response.output_audio.delta", timeout=20)
            await asyncio.sleep(3)
            await client.send("response.cancel")
            await client.wait("response.done", timeout=5)
            item = first["item_id"]
            before = (await client.retrieve(item))["content"][0]["transcript"]
            # The server may have told of its own cut at the cancel already.
            here = len(client.events)
            await connection_of(client).conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=300)
            truncated = await client.wait("conversation.item.truncated", after=here, timeout=5)
            assert (truncated["item_id"], truncated["content_index"], truncated["audio_end_ms"]) == (item, 0, 300)
            after = (await client.retrieve(item))["content"][0].get("transcript") or ""
            assert len(words(after)) < len(words(before)), (before, after)
            assert is_word_prefix(after, MONOLOGUE), after

            here = len(client.events)
            await client.send(
                "conversation.item.truncate", event_id="too-far", item_id=item, content_index=0, audio_end_ms=3_600_000
            )
            error = (await client.wait("error", after=here, timeout=5))["error"]
            assert error["code"] and error["message"] and error["event_id"] == "too-far", error

            here = len(client.events)
            await client.say_text("Thank you, that was helpful.")
            await client.send("response.create")
            await answer(client, here)
            assert_clean(client, allow_errors=True)
            assert len(client.errors()) == 1, client.errors()

    converse(body())


def test_manual_turn(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            session = await client.update(**audio_session(turn_detection=None))
            assert session["audio"]["input"]["turn_detection"] is None
            await client.append_fast(silence(0.3) + await voice.say(SENTENCES[0]) + silence(0.3))
            await connection_of(client).input_audio_buffer.commit()
            committed = await client.wait("input_audio_buffer.committed", timeout=5)
            completed = await client.wait("conversation.item.input_audio_transcription.completed", timeout=15)
            assert completed["item_id"] == committed["item_id"]
            assert word_error(SENTENCES[0], completed["transcript"]) < 0.4, completed["transcript"]
            await asyncio.sleep(0.5)
            assert not client.of("response.created"), "a commit alone must not start a response"
            assert not client.of("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped")
            here = len(client.events)
            await connection_of(client).response.create()
            done = await answer(client, here)
            assert client.audio(done.response_id)
            assert_clean(client)

    converse(body())


def test_response_straight_after_a_manual_commit_knows_what_was_said(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            await client.update(**audio_session(turn_detection=None))
            await client.append_fast(await voice.say(SENTENCES[0]))
            await client.send("input_audio_buffer.commit")
            await client.send("response.create")
            done = await answer(client, 0)
            assert "paris" in words(spoken(done)), spoken(done)
            assert_clean(client)

    converse(body())


def test_cleared_audio_is_forgotten(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            await client.update(**audio_session(turn_detection=None))
            await client.append_fast(await voice.say(SENTENCES[3]))
            await connection_of(client).input_audio_buffer.clear()
            await client.wait("input_audio_buffer.cleared", timeout=5)
            # Moonshine repeats itself now and then when a recording ends with the last sound.
            await client.append_fast(await voice.say(SENTENCES[0]) + silence(0.3))
            await connection_of(client).input_audio_buffer.commit()
            completed = await client.wait("conversation.item.input_audio_transcription.completed", timeout=15)
            assert word_error(SENTENCES[0], completed["transcript"]) < 0.4, completed["transcript"]
            assert_clean(client)

    converse(body())


def test_items_are_placed_retrieved_and_deleted(server: VivaServer) -> None:
    def message(identifier: str, text: str, role: str = "user") -> dict[str, Any]:
        kind = {"user": "input_text", "system": "input_text", "assistant": "output_text"}[role]
        return {"id": identifier, "type": "message", "role": role, "content": [{"type": kind, "text": text}]}

    async def body() -> None:
        async with open_client(server) as client:
            items = connection_of(client).conversation.item

            async def create(item: dict[str, Any], **fields: Any) -> Event:
                here = len(client.events)
                await items.create(item=item, **fields)
                added = await client.wait("conversation.item.added", "error", after=here, timeout=5)
                if added.type != "error":
                    await client.wait("conversation.item.done", after=added.index, timeout=5)
                return added

            assert (await create(message("item_b", "I like tea."))).get("previous_item_id") is None
            assert (await create(message("item_d", "Bread.", "assistant")))["previous_item_id"] == "item_b"
            after_b = await create(message("item_c", "And you?"), previous_item_id="item_b")
            assert after_b["previous_item_id"] == "item_b"
            root = await create(message("item_a", "Be kind.", "system"), previous_item_id="root")
            assert root.get("previous_item_id") is None, root.data

            unknown = await create(message("item_e", "Where?"), previous_item_id="no_such_item", event_id="lost")
            assert unknown.type == "error" and unknown["error"]["event_id"] == "lost", unknown.data
            assert unknown["error"]["type"] == "invalid_request_error", unknown.data
            twice = await create(message("item_a", "Again."))
            assert twice.type == "error", f"a second item of the same id was taken: {twice.data}"

            item = await client.retrieve("item_c")
            assert item["content"][0]["text"] == "And you?" and item["role"] == "user", item
            await items.delete(item_id="item_c")
            assert (await client.wait("conversation.item.deleted", timeout=5))["item_id"] == "item_c"
            for verb in (items.retrieve, items.delete):
                here = len(client.events)
                await verb(item_id="item_c")
                error = await client.wait("error", after=here, timeout=5)
                assert error["error"]["type"] == "invalid_request_error", error.data
            assert_clean(client, allow_errors=True)

    converse(body())


def test_usage_is_counted(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            await client.update(**audio_session(turn_detection=None))
            await client.append_fast(await voice.say(SENTENCES[1]))
            await client.send("input_audio_buffer.commit")
            completed = await client.wait("conversation.item.input_audio_transcription.completed", timeout=15)
            usage = completed["usage"]
            if usage["type"] == "duration":
                said = seconds(await voice.say(SENTENCES[1]))
                assert said * 0.9 - 0.1 <= usage["seconds"] <= said * 1.1 + 1.1, (usage, said)
            else:
                assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] > 0, usage
            here = len(client.events)
            await client.send("response.create")
            usage = (await answer(client, here))["response"]["usage"]
            assert usage["input_tokens"] > 0 and usage["output_tokens"] > 0, usage
            assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"], usage
            assert usage["output_tokens"] < 2000, usage
            for side in ("input", "output"):
                details = usage[f"{side}_token_details"]
                parts = sum(details.get(kind) or 0 for kind in ("text_tokens", "audio_tokens", "image_tokens"))
                assert parts <= usage[f"{side}_tokens"], usage
            assert_clean(client)

    converse(body())


def test_the_greeting_is_spoken(server: VivaServer) -> None:
    greeting = "Hello, and welcome to the interview. Can you tell me about a project you are proud of?"

    async def body() -> None:
        async with open_client(server, "interviewer") as client:
            done = await answer(client, 0)
            assert word_error(greeting, spoken(done)) == 0, spoken(done)
            heard = await transcribe(server.asr, client.audio(done.response_id))
            assert word_error(greeting, heard) < 0.4, heard
            assert_clean(client)

    converse(body())


def test_session_created_holds_the_effective_session(server: VivaServer) -> None:
    async def body() -> None:
        began = time.monotonic()
        async with open_client(server) as client:
            created = await client.wait("session.created", timeout=5)
            assert created.at - began < 2, created.at - began
            session = created["session"]
            assert session["object"] == "realtime.session" and session["id"] and session["type"] == "realtime"
            assert session["model"] == "assistant" and session["output_modalities"] == ["audio"]
            assert session["audio"]["input"]["format"] == session["audio"]["output"]["format"] == PCM
            assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
            assert session["expires_at"] > time.time()
            assert session["instructions"]
            assert_clean(client)

    converse(body())


def test_session_update_changes_only_what_it_names(server: VivaServer) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            before = (await client.wait("session.created", timeout=5))["session"]
            after = await client.update(
                instructions="Speak like a sailor.",
                audio={"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 900}}},
            )
            assert after["instructions"] == "Speak like a sailor."
            assert after["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 900
            assert after["audio"]["output"] == before["audio"]["output"]
            assert after["id"] == before["id"] and after["output_modalities"] == before["output_modalities"]
            assert (await client.update(instructions=""))["instructions"] in ("", None)
            here = len(client.events)
            await client.send("session.update", event_id="bad-1", session={"type": "realtime", "model": "interviewer"})
            error = await client.wait("error", "session.updated", after=here, timeout=5)
            assert error.type == "error" and error["error"]["event_id"] == "bad-1", "model is immutable"
            assert error["error"]["param"] == "session.model", error.data
            assert_clean(client, allow_errors=True)

    converse(body())


def test_with_create_response_off_only_the_events_come(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with open_client(server) as client:
            await client.update(**audio_session({**SERVER_VAD, "create_response": False}))
            await client.append_fast(silence(0.5) + await voice.say(SENTENCES[0]) + silence(1.2))
            await client.wait("conversation.item.input_audio_transcription.completed", timeout=15)
            await asyncio.sleep(1)
            assert not client.of("response.created"), client.summary()
            await client.send("response.create")
            await answer(client, 0)
            assert_clean(client)

    converse(body())


def test_a_wrong_key_is_an_sdk_error(server: VivaServer) -> None:
    async def body() -> None:
        async with openai.AsyncOpenAI(api_key="sk-wrong", base_url=server.http + "/v1") as api:
            with pytest.raises(openai.AuthenticationError):
                await api.models.list()
        async with openai.AsyncOpenAI(api_key=server.key, base_url=server.http + "/v1") as api:
            models = [model.id async for model in await api.models.list()]
            assert {"assistant", "interviewer", "monologue"} <= set(models), models

    converse(body())
