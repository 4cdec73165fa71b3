"""Hostile and clumsy clients: an error event or a close code each, and never another session harmed."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import websockets
from support.bystander import run, victim_and_bystander
from support.client import Client, PlainTransport, plain_client
from support.order import assert_ordered
from support.server import VivaServer
from support.words import words
from websockets.asyncio.client import connect

MANUAL = {"input": {"turn_detection": None}}


async def raw(client: Client, frame: str | bytes) -> None:
    assert isinstance(client.transport, PlainTransport)
    await client.transport.socket.send(frame)


async def refused(client: Client, frame: str | bytes) -> dict[str, Any]:
    """Sends a frame and returns the error that it earns; the session must stay usable."""
    here = len(client.events)
    await raw(client, frame)
    answer = await client.wait("error", after=here, timeout=5)
    error = answer["error"]
    assert error["type"] == "invalid_request_error", error
    assert error["message"], error
    await client.update(instructions="Still here.")
    assert not client.problems, client.problems
    return error


def event(type: str, **fields: Any) -> str:
    return json.dumps({"type": type, "event_id": "mine", **fields})


BAD_FRAMES = {
    "empty": "",
    "not JSON": "hello",
    "cut off": '{"type": "response.create"',
    "two values": '{"type":"response.create"}{"type":"response.create"}',
    "a number": "17",
    "null": "null",
    "an array": '[{"type": "response.create"}]',
    "no type": '{"event_id": "mine"}',
    "type is a number": '{"type": 3}',
    "type is an object": '{"type": {}}',
    "lone surrogate": '{"type": "\\ud800"}',
    "NUL in type": '{"type": "response.\\u0000create"}',
}

WRONG = {
    "unknown type": event("please.do"),
    "server's own type": event("response.done"),
    "append without audio": event("input_audio_buffer.append"),
    "append a number": event("input_audio_buffer.append", audio=17),
    "append bad base64": event("input_audio_buffer.append", audio="!!!! not base64 ????"),
    "append cut base64": event("input_audio_buffer.append", audio="QUJDRA="),
    "append odd bytes": event("input_audio_buffer.append", audio=base64.b64encode(b"\1\2\3").decode()),
    "update without session": event("session.update"),
    "update with a string": event("session.update", session="audio"),
    "modalities both": event("session.update", session={"type": "realtime", "output_modalities": ["audio", "text"]}),
    "modalities unknown": event("session.update", session={"type": "realtime", "output_modalities": ["smell"]}),
    "format unknown": event(
        "session.update", session={"type": "realtime", "audio": {"input": {"format": {"type": "audio/mp3"}}}}
    ),
    "rate not 24 kHz": event(
        "session.update",
        session={"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcm", "rate": 8000}}}},
    ),
    "threshold a string": event(
        "session.update",
        session={
            "type": "realtime",
            "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": "high"}}},
        },
    ),
    "threshold of 7": event(
        "session.update",
        session={"type": "realtime", "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 7}}}},
    ),
    "silence below zero": event(
        "session.update",
        session={
            "type": "realtime",
            "audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": -5}}},
        },
    ),
    "turn detection unknown": event(
        "session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": {"type": "telepathy"}}}}
    ),
    "tools a string": event("session.update", session={"type": "realtime", "tools": "all"}),
    "tokens below zero": event("session.update", session={"type": "realtime", "max_output_tokens": -1}),
    "item without content": event("conversation.item.create", item={"type": "message", "role": "user"}),
    "item of an unknown role": event(
        "conversation.item.create", item={"type": "message", "role": "wizard", "content": []}
    ),
    "item of an unknown type": event("conversation.item.create", item={"type": "dream"}),
    "item missing": event("conversation.item.create"),
    "output for no call": event(
        "conversation.item.create", item={"type": "function_call_output", "call_id": "call_nobody", "output": "{}"}
    ),
    "retrieve nothing": event("conversation.item.retrieve", item_id="no_such_item"),
    "retrieve a number": event("conversation.item.retrieve", item_id=5),
    "delete nothing": event("conversation.item.delete", item_id="no_such_item"),
    "truncate nothing": event("conversation.item.truncate", item_id="no_such_item", content_index=0, audio_end_ms=0),
    "truncate below zero": event("conversation.item.truncate", item_id="x", content_index=-1, audio_end_ms=-1),
    "truncate a fraction": event("conversation.item.truncate", item_id="x", content_index=0, audio_end_ms=0.5),
    "commit of nothing": event("input_audio_buffer.commit"),
    "cancel of nothing": event("response.cancel"),
    "cancel of another": event("response.cancel", response_id="resp_nobody"),
    "response with a bad field": event("response.create", response={"output_modalities": "audio"}),
    "response of a wrong type": event("response.create", response=[1]),
}


@pytest.mark.parametrize("frame", BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
def test_what_is_no_event_is_an_error(server: VivaServer, frame: str) -> None:
    async def body() -> None:
        async with victim_and_bystander(server) as client:
            await refused(client, frame)

    run(body())


@pytest.mark.parametrize("frame", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_event_is_an_error_that_names_it(server: VivaServer, frame: str) -> None:
    async def body() -> None:
        async with victim_and_bystander(server) as client:
            error = await refused(client, frame)
            assert error["event_id"] == "mine", f"event_id is not echoed: {error}"

    run(body())


def test_known_error_codes(server: VivaServer) -> None:
    async def body() -> None:
        async with victim_and_bystander(server) as client:
            cancel = await refused(client, event("response.cancel"))
            assert cancel["code"] == "response_cancel_not_active", cancel
            commit = await refused(client, event("input_audio_buffer.commit"))
            assert commit["code"] == "input_audio_buffer_commit_empty", commit
            await client.update(output_modalities=["text"])
            await client.say_text("Tell me about your garden.")
            here = len(client.events)
            await client.send("response.create")
            await client.send("response.create", event_id="second")
            second = (await client.wait("error", after=here, timeout=10))["error"]
            assert second["code"] == "conversation_already_has_active_response", second
            assert second["event_id"] == "second", second
            done = await client.wait_response(after=here)
            assert done["response"]["status"] == "completed", done["response"]
            assert len(client.of("response.created")) == 1
            assert_ordered(client.events)

    run(body())


@pytest.mark.parametrize("frame", [b"\0" * 640, b"", b'{"type":"response.create"}'], ids=["audio", "empty", "json"])
def test_a_binary_frame_is_refused(server: VivaServer, frame: bytes) -> None:
    async def body() -> None:
        async with victim_and_bystander(server) as client:
            here = len(client.events)
            await raw(client, frame)
            try:
                answer = await client.wait("error", after=here, timeout=5)
                assert answer["error"]["type"] == "invalid_request_error", answer.data
            except AssertionError:
                assert client.closed is not None and client.closed.rcvd is not None, "no answer at all"
                assert client.closed.rcvd.code == 1003, client.closed

    run(body())


def test_invalid_utf8_is_refused(server: VivaServer) -> None:
    async def body() -> None:
        async with victim_and_bystander(server) as client:
            assert isinstance(client.transport, PlainTransport)
            here = len(client.events)
            await client.transport.socket.send(b'{"type":"\xff\xfe"}', text=True)
            try:
                await client.wait("error", after=here, timeout=5)
            except AssertionError:
                assert await client.wait_closed(1) == 1007

    run(body())


def test_an_oversized_frame_closes_with_1009(server: VivaServer) -> None:
    async def body() -> None:
        async with victim_and_bystander(server) as client:
            frame = event("input_audio_buffer.append", audio="A" * (24 << 20))
            with contextlib.suppress(websockets.ConnectionClosed):
                await raw(client, frame)
            assert await client.wait_closed() == 1009, client.closed

    run(body())


def test_an_oversized_message_in_fragments_closes_with_1009(server: VivaServer) -> None:
    async def pieces() -> AsyncIterator[str]:
        yield '{"type":"input_audio_buffer.append","audio":"'
        for _ in range(400):
            yield "A" * (64 << 10)
        yield '"}'

    async def body() -> None:
        async with victim_and_bystander(server) as client:
            assert isinstance(client.transport, PlainTransport)
            with contextlib.suppress(websockets.ConnectionClosed):
                await client.transport.socket.send(pieces())
            assert await client.wait_closed() == 1009, client.closed

    run(body())


def test_fifteen_mebibytes_in_one_append_are_taken(server: VivaServer) -> None:
    async def body() -> None:
        async with victim_and_bystander(server) as client:
            await client.update(audio=MANUAL)
            # 11 MiB of PCM: what the protocol's 15 MiB of base64 holds, under the server's own 300 s.
            await client.append(bytes(11 << 20))
            here = len(client.events)
            await client.send("input_audio_buffer.clear")
            await client.wait("input_audio_buffer.cleared", after=here, timeout=10)
            assert not client.errors(), client.errors()

    run(body())


def test_a_thousand_appends_without_a_commit(server: VivaServer) -> None:
    async def body() -> None:
        async with victim_and_bystander(server) as client:
            await client.update(audio=MANUAL)
            for _ in range(1000):
                await client.append(bytes(960))
            await client.update(instructions="Still here.")
            assert not client.errors(), client.errors()
            # Twenty times as much is more than a buffer may hold.
            for _ in range(1000):
                await client.append(bytes(19200))
            answer = await client.wait("error", timeout=20)
            assert answer["error"]["type"] == "invalid_request_error", answer.data
            assert len(client.errors()) <= 1000
            if client.closed is None:
                here = len(client.events)
                await client.send("input_audio_buffer.clear")
                await client.wait("input_audio_buffer.cleared", after=here, timeout=10)

    run(body())


def nested(depth: int, opening: str, closing: str) -> str:
    return opening * depth + closing * depth


BOMBS = {
    "arrays": nested(200_000, "[", "]"),
    "objects": nested(100_000, '{"a":', "") + "1" + "}" * 100_000,
    "unclosed": "[" * 500_000,
    "inside an event": '{"type":"session.update","session":' + nested(50_000, '{"audio":', "") + "0" + "}" * 50_001,
    "inside a tool": event(
        "session.update",
        session={"type": "realtime", "tools": [{"type": "function", "name": "f", "parameters": "PLACE"}]},
    ).replace('"PLACE"', nested(50_000, '{"p":[', "") + "1" + "]}" * 50_000),
    "many keys": '{"type":"session.update",' + ",".join(f'"k{n}":{n}' for n in range(100_000)) + "}",
}


@pytest.mark.parametrize("frame", BOMBS.values(), ids=BOMBS.keys())
def test_a_json_bomb_harms_nobody(server: VivaServer, frame: str) -> None:
    async def body() -> None:
        async with victim_and_bystander(server) as client:
            here = len(client.events)
            await raw(client, frame)
            try:
                await client.wait("error", after=here, timeout=10)
            except AssertionError:
                assert client.closed is not None and client.closed.rcvd is not None, client.summary(here)

    run(body())


NUMBERS = ["1e308", "1e999", "-1e999", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1" * 400]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number if len(number) < 30 else "400 digits")
def test_huge_numbers_harm_nobody(server: VivaServer, number: str) -> None:
    frames = [
        '{"type":"conversation.item.truncate","item_id":"ITEM","content_index":0,"audio_end_ms":N}',
        '{"type":"conversation.item.truncate","item_id":"ITEM","content_index":N,"audio_end_ms":0}',
        '{"type":"session.update","session":{"type":"realtime","max_output_tokens":N}}',
        '{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":'
        '{"type":"server_vad","silence_duration_ms":N,"prefix_padding_ms":N,"threshold":N}}}}}',
        '{"type":"session.update","session":{"type":"realtime","audio":{"output":{"speed":N}}}}',
        '{"type":"response.create","response":{"max_output_tokens":N}}',
    ]

    async def body() -> None:
        async with victim_and_bystander(server) as client:
            item = await client.say_text("Hello.")
            for frame in frames:
                await refused(client, frame.replace("N", number).replace("ITEM", item))

    run(body())


def test_long_and_strange_strings_harm_nobody(server: VivaServer) -> None:
    async def body() -> None:
        async with victim_and_bystander(server) as client:
            await client.update(instructions="x" * 100_000)
            strange = "\0\u202e\ufeff\U0001f9d1\u200d\U0001f680é\u0301" * 100
            item = await client.say_text(strange)
            assert (await client.retrieve(item))["content"][0]["text"] == strange
            await refused(client, event("conversation.item.retrieve", item_id="x" * 1_000_000))
            error = await refused(client, event("x" * 1_000_000))
            assert len(json.dumps(error)) < 10_000, "the error repeats the whole input"

    run(body())


def random_frame(chance: random.Random) -> str | bytes:
    """Noise, valid events with a byte changed, and events with random fields."""
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind == 1:
        return "".join(chr(chance.choice([chance.randrange(32, 127), chance.randrange(0xD7FF)])) for _ in range(50))
    frame = chance.choice(list(WRONG.values()))
    if kind == 2:
        place = chance.randrange(len(frame))
        return frame[:place] + chr(chance.randrange(127)) + frame[place + 1 :]
    data = json.loads(frame)
    name = chance.choice(list(data))
    if name != "type":
        data[name] = chance.choice([None, True, -1, 1e300, "", [], {}, [[]], {"type": "message"}, "x" * 5000])
    return json.dumps(data)


def test_two_hundred_random_messages(server: VivaServer) -> None:
    async def body() -> None:
        chance = random.Random(20261121)
        async with plain_client(server.websocket, server.key) as witness:
            await witness.wait("session.created", timeout=5)
            sent = 0
            while sent < 200:
                async with victim_and_bystander(server) as client:
                    while sent < 200 and client.closed is None:
                        frame = random_frame(chance)
                        sent += 1
                        with contextlib.suppress(websockets.ConnectionClosed):
                            await raw(client, frame)
                    if client.closed is None:
                        # Errors of the last messages may still come first.
                        await client.send("session.update", session={"type": "realtime", "instructions": "The end."})
                        await client.wait(
                            "session.updated", where=lambda event: event["session"]["instructions"] == "The end."
                        )
            await witness.update(output_modalities=["text"])
            await witness.say_text("What is the capital of France?")
            await witness.send("response.create")
            done = await witness.wait_response()
            assert done["response"]["status"] == "completed", done["response"]
            assert words(done["response"]["output"][0]["content"][0]["text"])
            assert_ordered(witness.events)

    run(body())


def test_a_client_that_does_not_read_harms_nobody(server: VivaServer) -> None:
    async def body() -> None:
        async with victim_and_bystander(server):
            # Nothing ever reads this connection, and each retrieve makes the server send 2 MiB.
            headers = {"Authorization": f"Bearer {server.key}"}
            async with connect(
                server.websocket + "?model=assistant",
                additional_headers=headers,
                max_queue=1,
                compression=None,
                close_timeout=1,
                ping_interval=None,
            ) as deaf:
                text = "x" * (2 << 20)
                content = [{"type": "input_text", "text": text}]
                item = {"id": "big", "type": "message", "role": "user", "content": content}
                with contextlib.suppress(websockets.ConnectionClosed, asyncio.TimeoutError):
                    async with asyncio.timeout(10):
                        await deaf.send(event("conversation.item.create", item=item))
                        for _ in range(40):
                            await deaf.send(event("conversation.item.retrieve", item_id="big"))
                deaf.transport.abort()

    run(body())


def test_connections_that_vanish_harm_nobody(server: VivaServer) -> None:
    async def body() -> None:
        async with victim_and_bystander(server):
            for moment in range(6):
                async with plain_client(server.websocket, server.key, "monologue", close_timeout=1) as client:
                    if moment % 3 == 0:
                        await client.wait("response.output_audio.delta", timeout=30)
                    elif moment % 3 == 1:
                        await client.wait("session.created", timeout=5)
                        await client.append_fast(bytes(480_000))
                    assert isinstance(client.transport, PlainTransport)
                    client.transport.socket.transport.abort()

    run(body())
