"""What a session's settings do to what is heard, thought and said; and what is refused, with what to do instead."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from conftest import SENTENCES
from support.client import Client, Event, sdk_client
from support.guest_server import GuestServer
from support.order import assert_ordered
from support.scripted_llm import Question, Says, ScriptedLLM
from support.server import VivaServer
from support.speech import Voice, seconds, silence, transcribe, voiced_end
from support.words import word_error

LONG = "The weather is sunny today, and the children play in the garden."
HISTORY = 600  # characters that the agent's model is shown


def decide(question: Question) -> Says:
    return Says(LONG if "rainy" in question.said else "All right.")


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    made = ScriptedLLM(decide)
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(server: VivaServer, llm: ScriptedLLM) -> Iterator[GuestServer]:
    agents = {"assistant": {"instructions": "You are an assistant.", "history_characters": HISTORY}}
    viva = GuestServer(server, llm.url, agents, limits={"responses_per_minute": 200, "tokens_per_minute": 100_000})
    yield viva.start()
    assert viva.process is not None and viva.process.poll() is None, f"it died:\n{viva.log_end()}"
    viva.stop()
    viva.remove()


@pytest.fixture(autouse=True)
def afresh(llm: ScriptedLLM) -> None:
    llm.service.forget()


def converse(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 90))


def open_client(office: GuestServer) -> Any:
    return sdk_client(office.http + "/v1", office.key)


async def ask(client: Client, text: str, **response: Any) -> Event:
    """A typed question, answered."""
    await client.say_text(text)
    here = len(client.events)
    await client.send("response.create", **({"response": response} if response else {}))
    return await client.wait_response(after=here)


def text_of(done: Event) -> str:
    [part] = done["response"]["output"][0]["content"]
    return part.get("text") or part.get("transcript") or ""


def assert_clean(client: Client) -> None:
    assert not client.problems, "\n".join(client.problems)
    assert not client.errors(), client.errors()
    assert_ordered(client.events)


# Heard


def test_the_audio_of_both_sides_is_given_back(office: GuestServer, server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            await client.append_fast(silence(0.3) + await voice.say(SENTENCES[1]) + silence(1))
            done = await client.wait_response()
            heard_id = client.of("input_audio_buffer.committed")[0]["item_id"]
            [said] = done["response"]["output"]
            # What events show is without audio; what is asked for is with it.
            assert all(not part.get("audio") for part in said["content"])
            for item, words in ((heard_id, SENTENCES[1]), (said["id"], LONG)):
                [part] = (await client.retrieve(item))["content"]
                pcm = base64.b64decode(part["audio"], validate=True)
                heard = await transcribe(server.asr, pcm)
                assert word_error(words, heard) < 0.5, (words, heard)
                assert word_error(words, part["transcript"]) < 0.5
            assert done.response_id is not None
            sent = client.audio(done.response_id)
            assert abs(seconds(pcm) - seconds(sent)) < 0.1, "all of what was sent"
            assert_clean(client)

    converse(body())


def test_silence_after_an_answer_becomes_a_turn(office: GuestServer, llm: ScriptedLLM) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            detection = {"type": "server_vad", "idle_timeout_ms": 5000}
            session = await client.update(audio={"input": {"turn_detection": detection}}, output_modalities=["text"])
            assert session["audio"]["input"]["turn_detection"]["idle_timeout_ms"] == 5000
            answered = await ask(client, "Hello.")
            await client.append_fast(silence(4))
            timeout = await client.wait("input_audio_buffer.timeout_triggered", timeout=15)
            assert timeout.at - answered.at > 4
            assert 0 <= timeout["audio_start_ms"] <= timeout["audio_end_ms"] <= 4100
            done = await client.wait_response(after=timeout.index)
            order = [
                event.type
                for event in client.events[timeout.index :]
                if event.type != "rate_limits.updated"
            ][:5]
            assert order == [
                "input_audio_buffer.timeout_triggered", "input_audio_buffer.committed", "conversation.item.added",
                "conversation.item.done", "response.created",
            ]  # fmt: skip
            assert timeout["item_id"] == client.of("input_audio_buffer.committed")[0]["item_id"]
            assert done["response"]["status"] == "completed" and text_of(done) == "All right."
            # The model is told why it is asked.
            assert "silent" in llm.questions[-1].messages[0]["content"]
            assert_clean(client)

    converse(body())


# Said


def test_speed_makes_the_answer_shorter_and_keeps_its_words(office: GuestServer, server: VivaServer) -> None:
    async def body() -> None:
        lasts = {}
        for speed in (1.0, 1.5):
            async with open_client(office) as client:
                session = await client.update(audio={"output": {"speed": speed}})
                assert session["audio"]["output"]["speed"] == speed
                # Beside the conversation it comes as fast as it is made.
                own = {"conversation": "none", "input": [_user("What can I do on a rainy day?")]}
                await client.send("response.create", response=own)
                done = await client.wait_response()
                assert done.response_id is not None
                audio = client.audio(done.response_id)
                lasts[speed] = voiced_end(audio)
                heard = await transcribe(server.asr, audio)
                assert word_error(LONG, heard) < 0.5, (speed, heard)
                assert_clean(client)
        # Piper says a sentence a little differently each time.
        assert 0.55 < lasts[1.5] / lasts[1.0] < 0.8, lasts

    converse(body())


def _user(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def test_the_voice_may_be_chosen_until_it_was_heard(office: GuestServer, server: VivaServer) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            # A client of OpenAI's asks for voices that only they have: it is heard all the same.
            session = await client.update(audio={"output": {"voice": "marin"}})
            assert session["audio"]["output"]["voice"] == "marin"
            done = await ask(client, "What can I do on a rainy day?")
            assert done["response"]["audio"]["output"]["voice"] == "marin"
            assert done.response_id is not None
            heard = await transcribe(server.asr, client.audio(done.response_id))
            assert word_error(LONG, heard) < 0.5, heard
            assert_clean(client)

            here = len(client.events)
            session = {"type": "realtime", "audio": {"output": {"voice": "alloy"}}}
            await client.send("session.update", event_id="late", session=session)
            error = (await client.wait("error", after=here, timeout=5))["error"]
            assert error["param"] == "session.audio.output.voice" and error["event_id"] == "late"
            assert error["code"] == "cannot_update_voice"
            # The same voice again is no change.
            assert (await client.update(audio={"output": {"voice": "marin"}}))["audio"]["output"]["voice"] == "marin"

    converse(body())


@pytest.mark.parametrize("modality", ["text", "audio"])
def test_a_limit_of_tokens_leaves_the_answer_incomplete(
    office: GuestServer, llm: ScriptedLLM, modality: str
) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            await client.update(output_modalities=[modality], max_output_tokens=5)
            done = await ask(client, "What can I do on a rainy day?")
            assert llm.questions[-1].body["max_tokens"] == 5
            assert done["response"]["status"] == "incomplete"
            assert done["response"]["status_details"]["reason"] == "max_output_tokens"
            assert done["response"]["max_output_tokens"] == 5 and done["response"]["usage"]["output_tokens"] == 5
            [item] = done["response"]["output"]
            assert item["status"] == "incomplete" and LONG.startswith(text_of(done)) and text_of(done)
            # A response's own limit goes before the session's.
            done = await ask(client, "And when it is rainy again?", max_output_tokens="inf", output_modalities=["text"])
            assert done["response"]["status"] == "completed" and text_of(done) == LONG
            assert done["response"]["max_output_tokens"] == "inf"
            assert_clean(client)

    converse(body())


# Thought


async def fill(client: Client, count: int) -> None:
    """A conversation much longer than the model's share of it."""
    for number in range(count):
        role, kind = (("user", "input_text"), ("assistant", "output_text"))[number % 2]
        content = [{"type": kind, "text": f"Sentence {number} " + "x" * 80}]
        await client.send("conversation.item.create", item={"type": "message", "role": role, "content": content})
    await client.wait("conversation.item.done", where=lambda event: f"Sentence {count - 1} " in str(event["item"]))


def shown(question: Question) -> list[str]:
    return [message["content"] for message in question.messages if message["role"] != "system"]


def test_truncation_shows_the_model_the_newest_or_all(office: GuestServer, llm: ScriptedLLM) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            await fill(client, 30)

            await ask(client, "Hello.")
            newest = shown(llm.questions[-1])
            assert 3 <= len(newest) <= 8 and newest[-1] == "Hello." and newest[-2].startswith("Sentence 29")
            assert sum(map(len, newest)) <= HISTORY + 100

            assert (await client.update(truncation="disabled"))["truncation"] == "disabled"
            await ask(client, "Hello again.")
            assert len(shown(llm.questions[-1])) == 33, "all of it"

            ratio = {"type": "retention_ratio", "retention_ratio": 0.5}
            session = await client.update(truncation=ratio)
            assert session["truncation"]["retention_ratio"] == 0.5
            beginnings = []
            for number in range(3):
                await ask(client, f"Number {number}.")
                assert sum(map(len, shown(llm.questions[-1]))) <= HISTORY
                beginnings.append(shown(llm.questions[-1])[0])
            assert len(set(beginnings)) == 1, "the beginning stays for a while, as a prompt cache needs it"

            small = ratio | {"token_limits": {"post_instructions": 50}}
            await client.update(truncation=small)
            await ask(client, "Last.")
            assert sum(map(len, shown(llm.questions[-1]))) <= 200
            assert_clean(client)

    converse(body())


def test_what_is_left_of_the_minute_is_told(office: GuestServer) -> None:
    async def body() -> None:
        async with sdk_client(office.http + "/v1", office.other_key) as client:
            await client.update(output_modalities=["text"])
            for spent in range(1, 4):
                done = await ask(client, "Hello.")
                limits = client.of("rate_limits.updated")[-1]
                created = client.of("response.created")[-1]
                assert created.index < limits.index < done.index
                by_name = {limit["name"]: limit for limit in limits["rate_limits"]}
                assert set(by_name) == {"requests", "tokens"}
                for name, limit in (("requests", 200), ("tokens", 100_000)):
                    assert by_name[name]["limit"] == limit and 0 <= by_name[name]["reset_seconds"] <= 60
                # The minute rolls: some of it may have come back.
                assert 200 - spent <= by_name["requests"]["remaining"] < 200
                assert 0 < by_name["tokens"]["remaining"] <= 100_000
            assert_clean(client)

    converse(body())


# Refused

IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
MCP = {"type": "mcp", "server_label": "s", "server_url": "https://example.com/mcp"}
PROMPT = {"id": "pmpt_1"}
REFUSALS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "an image": (
        "conversation.item.create",
        {"item": {"type": "message", "role": "user", "content": [IMAGE]}},
        "item.content[0].type",
        "text",
    ),
    "an image of a response's input": (
        "response.create",
        {"response": {"conversation": "none", "input": [{"type": "message", "role": "user", "content": [IMAGE]}]}},
        "response.input[0].content[0].type",
        "text",
    ),
    "an MCP server": (
        "session.update", {"session": {"type": "realtime", "tools": [MCP]}},
        "session.tools[0].type", "function",
    ),
    "an MCP server of a response": (
        "response.create", {"response": {"tools": [MCP]}},
        "response.tools[0].type", "function",
    ),
    "the choice of an MCP server": (
        "session.update",
        {"session": {"type": "realtime", "tool_choice": {"type": "mcp", "server_label": "s"}}},
        "session.tool_choice.type",
        "function",
    ),
    "an MCP item": (
        "conversation.item.create",
        {"item": {"type": "mcp_approval_response", "approval_request_id": "a", "approve": True}},
        "item.type",
        "function",
    ),
    "a stored prompt": (
        "session.update", {"session": {"type": "realtime", "prompt": PROMPT}},
        "session.prompt", "instructions",
    ),
    "a stored prompt of a response": (
        "response.create", {"response": {"prompt": PROMPT}},
        "response.prompt", "instructions",
    ),
    "both modalities": (
        "session.update",
        {"session": {"type": "realtime", "output_modalities": ["audio", "text"]}},
        "session.output_modalities",
        "audio",
    ),
    "the WebRTC buffer": ("output_audio_buffer.clear", {}, "type", "conversation.item.truncate"),
    "a field of the beta": (
        "session.update",
        {"session": {"type": "realtime", "modalities": ["text"]}},
        "session.modalities",
        "session.output_modalities",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("type", "fields", "param", "remedy"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_names_the_field_and_the_remedy(
    office: GuestServer, type: str, fields: dict[str, Any], param: str, remedy: str
) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            created = (await client.wait("session.created", timeout=5))["session"]
            here = len(client.events)
            await client.send(type, event_id="mine", **fields)
            error = (await client.wait("error", after=here, timeout=5))["error"]
            assert error["type"] == "invalid_request_error" and error["event_id"] == "mine", error
            assert error["code"] and error["param"] == param, error
            assert remedy in error["message"] and len(error["message"]) > 20, error
            # Nothing of it was taken, and the session goes on.
            session = await client.update()
            assert {name: value for name, value in session.items() if name != "expires_at"} == {
                name: value for name, value in created.items() if name != "expires_at"
            }
            assert not client.of("conversation.item.added", "response.created")
            done = await ask(client, "Hello.", output_modalities=["text"])
            assert text_of(done) == "All right."
            assert not client.problems

    converse(body())
