"""Webhooks: what happens in sessions is told, signed, in order, repeated until it is taken, and not lost at the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import openai
import pytest
from conftest import SENTENCES
from support.client import Client, Event, plain_client, sdk_client
from support.guest_server import GuestServer
from support.http_service import Reply
from support.receiver import Message, Receiver
from support.scripted_llm import Says, ScriptedLLM
from support.server import VivaServer, fetch
from support.speech import Voice, silence
from support.words import word_error

AGENT = {"instructions": "You are a friendly voice assistant."}
PLAIN_SECRET = "a secret that is just some words"
TEXT = ["text"]


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    made = ScriptedLLM(lambda question: Says(f"You said: {question.said}"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def receivers() -> Iterator[tuple[Receiver, Receiver]]:
    """One who is told everything, and one who wants to know of ends only."""
    made = Receiver(), Receiver(PLAIN_SECRET)
    yield made
    for each in made:
        each.close()


@pytest.fixture
def receiver(receivers: tuple[Receiver, Receiver]) -> Receiver:
    for each in receivers:
        each.reset()
    return receivers[0]


def start(server: VivaServer, llm: ScriptedLLM, receivers: tuple[Receiver, ...]) -> GuestServer:
    first, *others = [receiver.settings() for receiver in receivers]
    hooks = [first, *(other | {"events": ["session.ended"]} for other in others)]
    return GuestServer(server, llm.url, {"assistant": AGENT}, webhooks=hooks).start()


@pytest.fixture(scope="module")
def office(server: VivaServer, llm: ScriptedLLM, receivers: tuple[Receiver, Receiver]) -> Iterator[GuestServer]:
    viva = start(server, llm, receivers)
    yield viva
    assert viva.process is not None and viva.process.poll() is None, f"it died:\n{viva.log_end()}"
    viva.stop()
    viva.remove()


def converse(body: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(body, 90))


async def session_of(client: Client) -> str:
    created = await client.wait("session.created", timeout=10)
    return created["session"]["id"]


async def turn(client: Client, text: str) -> Event:
    """A typed question and its answer."""
    await client.say_text(text)
    here = len(client.events)
    await client.send("response.create", response={"output_modalities": TEXT})
    done = await client.wait_response(after=here)
    assert done["response"]["status"] == "completed", done["response"]
    return done


async def short_session(office: GuestServer, turns: int, name: str) -> tuple[str, list[str]]:
    """Typed turns; returns the session's id and what was said in it, in order."""
    said: list[str] = []
    async with plain_client(office.websocket, office.key) as client:
        session = await session_of(client)
        for number in range(turns):
            text = f"{name}, sentence {number}"
            await turn(client, text)
            said += [text, f"You said: {text.lower()}"]
    return session, said


def check(messages: list[Message], said: list[str]) -> None:
    """Beginning, turns in order, end; nothing else, nothing missing."""
    assert [each["type"] for each in messages] == [
        "session.started", *["turn.committed"] * len(said), "session.ended",
    ]  # fmt: skip
    assert [each["data"]["text"] for each in messages[1:-1]] == said
    assert [each["created_at"] for each in messages] == sorted(each["created_at"] for each in messages)
    assert len({each["id"] for each in messages}) == len(messages)


# What is told


def test_a_spoken_conversation_is_told_and_the_sdk_trusts_it(
    office: GuestServer, receiver: Receiver, receivers: tuple[Receiver, Receiver], voice: Voice
) -> None:
    async def body() -> tuple[str, Client]:
        async with sdk_client(office.http + "/v1", office.key) as client:
            session = await session_of(client)
            await client.append_fast(silence(0.3) + await voice.say(SENTENCES[0]) + silence(1))
            done = await client.wait_response()
            assert done["response"]["status"] == "completed"
        return session, client

    began = time.time()
    session, client = converse(body())
    receiver.wait_for_end(session)
    messages = receiver.of(session)
    started, heard, answered, ended = messages
    assert [each["type"] for each in messages] == [
        "session.started", "turn.committed", "turn.committed", "session.ended",
    ]  # fmt: skip
    assert started["data"] == {"session_id": session, "agent": "assistant", "kind": "realtime"}
    committed = client.of("input_audio_buffer.committed")[0]
    transcript = client.of("conversation.item.input_audio_transcription.completed")[0]["transcript"]
    assert heard["data"]["item_id"] == committed["item_id"] and heard["data"]["role"] == "user"
    assert heard["data"]["text"] == transcript and word_error(SENTENCES[0], transcript) < 0.5
    done = client.of("response.done")[0]
    assert answered["data"]["response_id"] == done.response_id and answered["data"]["role"] == "assistant"
    assert answered["data"]["text"] == done["response"]["output"][0]["content"][0]["transcript"]
    assert ended["data"]["reason"] == "disconnected" and ended["data"]["items"] == 2
    assert 0 < ended["data"]["seconds"] <= time.time() - began + 1
    assert all(abs(each["created_at"] - began) < 60 for each in messages)

    sdk = openai.OpenAI(api_key=office.key, base_url=office.http + "/v1", webhook_secret=receiver.secret)
    for call in receiver.service.calls:
        event = sdk.webhooks.unwrap(call.body, call.headers)
        message = json.loads(call.body)
        assert (event.type, event.id, event.created_at) == (message["type"], message["id"], message["created_at"])
        assert call.headers["webhook-id"] == message["id"] and message["object"] == "event"
        assert call.headers["content-type"] == "application/json"
        with pytest.raises(openai.InvalidWebhookSignatureError):
            sdk.webhooks.unwrap(call.body, call.headers, secret=receivers[1].secret)
    assert not receiver.distrusted

    # The other one asked for ends only, and has a secret that is no base64.
    receivers[1].wait_for_end(session)
    assert [each["type"] for each in receivers[1].of(session)] == ["session.ended"]
    for call in receivers[1].service.calls:
        sdk.webhooks.unwrap(call.body, call.headers, secret=PLAIN_SECRET)
    assert not receivers[1].distrusted


def test_a_typed_conversation_is_told_from_both_sides(office: GuestServer, receiver: Receiver) -> None:
    session, said = converse(short_session(office, 2, "Anna"))
    receiver.wait_for_end(session)
    messages = receiver.of(session)
    check(messages, said)
    assert [each["data"]["role"] for each in messages[1:-1]] == ["user", "assistant"] * 2


def test_an_interrupted_answer_is_told_as_far_as_it_went(office: GuestServer, receiver: Receiver) -> None:
    async def body() -> tuple[str, str]:
        async with plain_client(office.websocket, office.key) as client:
            session = await session_of(client)
            await client.say_text("one two three four five six seven eight nine ten eleven twelve")
            await client.send("response.create")
            await client.wait("response.output_audio.delta")
            await asyncio.sleep(1)
            await client.send("response.cancel")
            done = await client.wait("response.done")
            return session, done["response"]["output"][0]["content"][0]["transcript"]

    session, heard = converse(body())
    receiver.wait_for_end(session)
    told = [each["data"] for each in receiver.of(session) if each["data"].get("role") == "assistant"]
    assert [each["response_status"] for each in told] == ["cancelled"]
    assert told[0]["text"] == heard and "twelve" not in heard


# In order, whatever happens


async def many_sessions(office: GuestServer, count: int, turns: int) -> dict[str, list[str]]:
    sessions = await asyncio.gather(*(short_session(office, turns, f"caller {n}") for n in range(count)))
    return dict(sessions)


def test_sessions_at_once_are_each_told_in_order(office: GuestServer, receiver: Receiver) -> None:
    sessions = converse(many_sessions(office, 12, 3))
    receiver.wait_for_end(*sessions)
    for session, said in sessions.items():
        check(receiver.of(session), said)


def test_a_receiver_that_fails_now_and_then_gets_everything_in_order(
    office: GuestServer, receiver: Receiver
) -> None:
    """Errors, lost answers and broken connections; what comes again has the same id and the same body."""
    fates = [Reply(503), None, Reply(hangs_up=True), Reply(429, headers={"Retry-After": "0"}), None, Reply(500)]
    # One who hangs up has read the message.
    receiver.plan(*(fates * 6))
    sessions = converse(many_sessions(office, 6, 2))
    receiver.wait_for_end(*sessions)
    for session, said in sessions.items():
        check(receiver.of(session), said)
    bodies: dict[str, set[bytes]] = {}
    for call in receiver.service.calls:
        bodies.setdefault(call.headers["webhook-id"], set()).add(call.body)
    assert all(len(each) == 1 for each in bodies.values())
    assert len(receiver.service.calls) > len(bodies), "nothing was repeated"
    assert not receiver.distrusted


def test_a_receiver_that_was_away_is_told_what_it_missed(
    office: GuestServer, receiver: Receiver, receivers: tuple[Receiver, Receiver]
) -> None:
    receiver.service.go_away()
    sessions = converse(many_sessions(office, 4, 2))
    # Nobody waits for it.
    receivers[1].wait_for_end(*sessions)
    time.sleep(1)
    assert not receiver.service.calls
    backlog = fetch(office.admin + "/metrics")[2].decode()
    waiting = [line for line in backlog.splitlines() if line.startswith("viva_webhook_backlog") and "#2" not in line]
    assert [float(line.split()[-1]) for line in waiting] == [4 * 6], waiting
    receiver.service.come_back()
    receiver.wait_for_end(*sessions)
    for session, said in sessions.items():
        check(receiver.of(session), said)


def test_a_slow_receiver_delays_nobody_but_itself(
    office: GuestServer, receiver: Receiver, receivers: tuple[Receiver, Receiver]
) -> None:
    release = threading.Event()
    receiver.fate = lambda _: Reply(204, delay=60, until=release)
    sessions = converse(many_sessions(office, 3, 2))
    receivers[1].wait_for_end(*sessions)
    # It has the first message of each session in its hands, and no second one.
    assert len(receiver.service.wait_for_count(3)) == 3
    release.set()
    receiver.wait_for_end(*sessions)
    for session, said in sessions.items():
        check(receiver.of(session), said)


def test_a_message_that_nobody_wants_holds_up_nothing(office: GuestServer, receiver: Receiver) -> None:
    """A 4xx is tried as often as the profile has it, and given up: what comes behind it is told."""
    receiver.fate = lambda message: Reply(400) if message["type"] == "session.started" else None
    session, said = converse(short_session(office, 1, "Berta"))
    receiver.wait_for_end(session)
    assert [each["type"] for each in receiver.of(session)] == ["turn.committed", "turn.committed", "session.ended"]
    tries = [call for call in receiver.service.calls if json.loads(call.body)["type"] == "session.started"]
    assert len(tries) == 4 and len({call.headers["webhook-id"] for call in tries}) == 1
    given_up = [line for line in office.log.read_text().splitlines() if "given up" in line]
    assert given_up and all("token=x" not in line and receiver.secret not in line for line in given_up)


# The end of the server


@contextlib.asynccontextmanager
async def open_sessions(office: GuestServer, count: int) -> AsyncIterator[list[tuple[str, Client]]]:
    """Sessions with a turn each, which stay open."""
    async with contextlib.AsyncExitStack() as stack:
        sessions = []
        for number in range(count):
            client = await stack.enter_async_context(plain_client(office.websocket, office.key))
            session = await session_of(client)
            await turn(client, f"caller {number}")
            sessions.append((session, client))
        yield sessions


def said_by(number: int) -> list[str]:
    return [f"caller {number}", f"You said: caller {number}"]


def test_a_server_that_stops_tells_the_ends_of_its_sessions(
    server: VivaServer, llm: ScriptedLLM, receiver: Receiver
) -> None:
    async def body(viva: GuestServer) -> None:
        async with open_sessions(viva, 5) as sessions:
            # It was away, and what it has missed waits for a retry: the end must not wait for that.
            receiver.service.go_away()
            for number, (_, client) in enumerate(sessions):
                await turn(client, f"again {number}")
            await asyncio.sleep(1)
            receiver.service.come_back()
            await asyncio.to_thread(viva.stop)
            assert viva.process is not None and viva.process.returncode == 0, viva.log_end()
            for number, (session, client) in enumerate(sessions):
                assert await client.wait_closed() == 1001
                said = [*said_by(number), f"again {number}", f"You said: again {number}"]
                check(receiver.of(session), said)

    viva = start(server, llm, (receiver,))
    try:
        converse(body(viva))
        assert "lost" not in viva.log.read_text()
    finally:
        viva.kill()
        viva.remove()


def test_a_server_that_stops_says_what_it_could_not_tell(
    server: VivaServer, llm: ScriptedLLM, receiver: Receiver
) -> None:
    async def body(viva: GuestServer) -> None:
        async with open_sessions(viva, 2):
            await asyncio.to_thread(receiver.wait_for, lambda told: len(told) == 6)
            receiver.service.go_away()
            began = time.monotonic()
            await asyncio.to_thread(viva.stop)
            # It tries for a while, and does not stay for ever.
            assert time.monotonic() - began < 10
            assert viva.process is not None and viva.process.returncode == 0, viva.log_end()

    viva = start(server, llm, (receiver,))
    try:
        converse(body(viva))
        lost = [line for line in viva.log.read_text().splitlines() if "lost" in line]
        assert len(lost) == 1 and "count=2" in lost[0], viva.log_end()
    finally:
        viva.kill()
        viva.remove()
