"""The documented ways to connect, unchanged but for the URL: the package's, `websocket-client`'s, `ws`'s, Node's own.

The raw forms of the `websockets` package are in test_entry.py, a browser's in test_javascript_client.py, `call_id=` and
`extra_query` in test_keys.py and test_transcription_session.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import websocket
from openai.types.websocket_reconnection import ReconnectingEvent, ReconnectingOverrides
from support.guest_server import GuestServer
from support.node import run_node
from support.scripted_llm import Says, ScriptedLLM
from support.server import VivaServer

ANSWER = "Hello! What can I do for you?"
AGENTS = {"assistant": {"instructions": "You are an assistant."}, "second": {"instructions": "You are another."}}
HELLO: Any = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello!"}]}
BY_TEXT: Any = {"type": "realtime", "output_modalities": ["text"]}


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    made = ScriptedLLM(lambda _: Says(ANSWER))
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(server: VivaServer, llm: ScriptedLLM) -> Iterator[GuestServer]:
    viva = GuestServer(server, llm.url, AGENTS).start()
    yield viva
    assert viva.process is not None and viva.process.poll() is None, f"it died:\n{viva.log_end()}"
    viva.stop()
    viva.remove()


def converse(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 60))


def check(events: list[dict[str, Any]]) -> None:
    """A whole conversation by text."""
    types = [event["type"] for event in events]
    assert types[0] == "session.created" and "session.updated" in types
    assert "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta") == ANSWER
    assert events[-1]["type"] == "response.done" and events[-1]["response"]["status"] == "completed"


# The openai package


def test_the_asynchronous_client(office: GuestServer) -> None:
    async def body() -> None:
        client = openai.AsyncOpenAI(api_key=office.key, base_url=office.http + "/v1")
        text = ""
        async with client.realtime.connect(model="assistant") as connection:
            await connection.session.update(session=BY_TEXT)
            await connection.conversation.item.create(item=HELLO)
            await connection.response.create()
            async for event in connection:
                if event.type == "response.output_text.delta":
                    text += event.delta
                elif event.type == "response.output_text.done":
                    assert event.text == text == ANSWER
                elif event.type == "response.done":
                    assert event.response.status == "completed"
                    break

    converse(body())


def test_the_synchronous_client(office: GuestServer) -> None:
    client = openai.OpenAI(api_key=office.key, base_url=office.http + "/v1")
    events = []
    with client.realtime.connect(model="assistant") as connection:
        connection.session.update(session=BY_TEXT)
        connection.conversation.item.create(item=HELLO)
        connection.response.create()
        for event in connection:
            events.append(event.to_dict())
            if event.type == "response.done":
                break
    check(events)


def test_handlers_of_events_and_what_is_sent_before_the_connection(office: GuestServer) -> None:
    client = openai.OpenAI(api_key=office.key, base_url=office.http + "/v1")
    manager = client.realtime.connect(model="assistant")
    manager.send({"type": "session.update", "session": BY_TEXT})
    manager.send({"type": "conversation.item.create", "item": HELLO})
    manager.send({"type": "response.create"})
    events: list[dict[str, Any]] = []
    errors: list[Any] = []
    connection = manager.enter()

    def ends(_: Any) -> None:
        # An error with a handler does not end the loop.
        connection.send({"type": "response.cancel", "event_id": "late"})

    def complains(event: Any) -> None:
        errors.append(event.error)
        connection.close()

    connection.on("event", lambda event: events.append(event.to_dict()))
    connection.on("response.done", ends)
    connection.on("error", complains)
    connection.dispatch_events()
    check([event for event in events if event["type"] != "error"])
    assert [error.code for error in errors] == ["response_cancel_not_active"] and errors[0].event_id == "late"


def test_an_address_from_the_environment(office: GuestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", office.key)
    monkeypatch.setenv("OPENAI_BASE_URL", office.http + "/v1")
    client = openai.OpenAI()
    assert [model.id for model in client.models.list()] == ["assistant", "second"]
    with client.realtime.connect(model="second") as connection:
        assert connection.recv().type == "session.created"


def test_an_address_for_websockets_alone(office: GuestServer) -> None:
    client = openai.OpenAI(
        api_key=office.key, base_url="http://127.0.0.1:1/v1", websocket_base_url=office.websocket.rpartition("/")[0]
    )
    with client.realtime.connect(model="assistant", extra_headers={"X-Request-Source": "a test"}) as connection:
        created: Any = connection.recv()
        assert created.type == "session.created" and created.session.model == "assistant"


def test_a_client_comes_back_after_a_restart(server: VivaServer, llm: ScriptedLLM) -> None:
    """The server's goodbye makes the package connect again; what was said meanwhile is not lost."""
    viva = GuestServer(server, llm.url, AGENTS).start()
    reconnects: list[ReconnectingEvent] = []

    def on_reconnecting(event: ReconnectingEvent) -> ReconnectingOverrides:
        reconnects.append(event)
        return {"extra_query": {"model": "second"}}

    async def body() -> None:
        events: list[Any] = []

        async def listen() -> None:
            async for event in connection:
                events.append(event)
                if event.type == "response.done":
                    break

        client = openai.AsyncOpenAI(api_key=viva.key, base_url=viva.http + "/v1")
        async with client.realtime.connect(
            model="assistant", on_reconnecting=on_reconnecting, initial_delay=1, max_retries=10
        ) as connection:
            listening = asyncio.create_task(listen())
            while not events:
                await asyncio.sleep(0.05)
            await asyncio.to_thread(viva.stop)
            while not reconnects:
                await asyncio.sleep(0.05)
            await connection.conversation.item.create(item=HELLO)
            await connection.response.create(response={"output_modalities": ["text"]})
            await asyncio.to_thread(viva.start)
            await listening
        first, second = [event.session for event in events if event.type == "session.created"]
        assert second.id != first.id and (first.model, second.model) == ("assistant", "second")
        assert events[-1].response.status == "completed"

    try:
        converse(body())
        assert reconnects[0].close_code == 1001
    finally:
        viva.kill()
        viva.remove()


# websocket-client


@pytest.mark.parametrize("form", ["header", "sub-protocol"])
def test_websocket_client(office: GuestServer, form: str) -> None:
    url = office.websocket + "?model=assistant"
    events: list[dict[str, Any]] = []
    trouble: list[Any] = []

    def on_open(ws: websocket.WebSocketApp) -> None:
        ws.send(json.dumps({"type": "session.update", "session": BY_TEXT}))
        ws.send(json.dumps({"type": "conversation.item.create", "item": HELLO}))
        ws.send(json.dumps({"type": "response.create"}))

    def on_message(ws: websocket.WebSocketApp, message: str) -> None:
        data = json.loads(message)
        events.append(data)
        if data["type"] == "response.done":
            ws.close()

    if form == "header":
        headers = ["Authorization: Bearer " + office.key]
        ws = websocket.WebSocketApp(url, header=headers, on_open=on_open, on_message=on_message)
    else:
        protocols = ["realtime", "openai-insecure-api-key." + office.key]
        ws = websocket.WebSocketApp(url, subprotocols=protocols, on_open=on_open, on_message=on_message)
    ws.on_error = lambda _, error: trouble.append(error)
    ws.run_forever()
    assert not trouble, trouble
    check(events)


# Node


@pytest.mark.parametrize("script", ["node_ws", "node_subprotocol"])
def test_node(office: GuestServer, script: str, tmp_path: Path) -> None:
    check(run_node(script, office.websocket + "?model=assistant", office.key, tmp_path))
