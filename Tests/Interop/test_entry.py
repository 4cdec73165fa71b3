"""Who may open a session, and what becomes of the rest."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
import websockets
from support.bystander import run, victim_and_bystander
from support.client import Client, PlainTransport, plain_client
from support.server import VivaServer
from websockets.asyncio.client import connect


async def attempt(url: str, **options: Any) -> int:
    """The HTTP status of an upgrade: 101, or what refused it."""
    try:
        async with connect(url, **options):
            return 101
    except websockets.InvalidStatus as refusal:
        body = json.loads(refusal.response.body or b"{}")
        assert body.get("error", {}).get("message"), f"no error in the body: {refusal.response.body!r}"
        assert refusal.response.headers.get("Content-Type", "").startswith("application/json")
        return refusal.response.status_code


ENTRIES: dict[str, tuple[Callable[[VivaServer], dict[str, Any]], int]] = {
    "right key": (lambda server: {"additional_headers": {"Authorization": f"Bearer {server.key}"}}, 101),
    "no key": (lambda server: {}, 401),
    "wrong key": (lambda server: {"additional_headers": {"Authorization": "Bearer sk-viva-wrong"}}, 401),
    "beginning of the key": (
        lambda server: {"additional_headers": {"Authorization": f"Bearer {server.key[:-1]}"}},
        401,
    ),
    "empty key": (lambda server: {"additional_headers": {"Authorization": "Bearer "}}, 401),
    "another scheme": (lambda server: {"additional_headers": {"Authorization": f"Basic {server.key}"}}, 401),
    "a foreign web site": (
        lambda server: {
            "additional_headers": {"Authorization": f"Bearer {server.key}"},
            "origin": "https://evil.example",
        },
        403,
    ),
    "sub-protocol, wrong key": (
        lambda server: {"subprotocols": ["realtime", "openai-insecure-api-key.sk-viva-wrong"]},
        401,
    ),
    "sub-protocol, no key": (lambda server: {"subprotocols": ["realtime"]}, 401),
}


@pytest.mark.parametrize(("options", "status"), ENTRIES.values(), ids=ENTRIES.keys())
def test_entry(server: VivaServer, options: Callable[[VivaServer], dict[str, Any]], status: int) -> None:
    async def body() -> None:
        async with victim_and_bystander(server):
            assert await attempt(server.websocket + "?model=assistant", **options(server)) == status

    run(body())


def test_the_sub_protocol_form_is_answered_with_realtime(server: VivaServer) -> None:
    async def body() -> None:
        protocols = ["realtime", f"openai-insecure-api-key.{server.key}"]
        target = server.websocket + "?model=assistant"
        async with connect(target, subprotocols=protocols, origin=server.http, max_size=None) as socket:
            assert socket.subprotocol == "realtime"
            client = Client(PlainTransport(socket))
            await client.wait("session.created", timeout=5)
            await client.stop()

    run(body())


@pytest.mark.parametrize("model", ["no-such-agent", "../assistant", "assistant%00", "x" * 3000])
def test_an_unknown_model_is_refused_by_name(server: VivaServer, model: str) -> None:
    async def body() -> None:
        async with victim_and_bystander(server):
            headers = {"Authorization": f"Bearer {server.key}"}
            try:
                async with connect(f"{server.websocket}?model={model}", additional_headers=headers) as socket:
                    first = json.loads(await asyncio.wait_for(socket.recv(), 5))
                    assert first["type"] == "error" and first["error"]["code"] == "model_not_found", first
            except websockets.InvalidStatus as refusal:
                assert refusal.response.status_code in (400, 404, 414), refusal.response
                if refusal.response.status_code == 404:
                    assert json.loads(refusal.response.body)["error"]["code"] == "model_not_found"
            except websockets.InvalidMessage:
                # A target that is no URI at all earns no answer.
                assert model in ("assistant%00", "x" * 3000), "no HTTP answer"

    run(body())


def test_no_model_means_the_default_agent(server: VivaServer) -> None:
    async def body() -> None:
        async with plain_client(server.websocket, server.key, model=None) as client:
            created = await client.wait("session.created", timeout=5)
            assert created["session"]["model"] == "assistant"

    run(body())


def test_random_bytes_on_the_http_port(server: VivaServer) -> None:
    async def body() -> None:
        chance = random.Random(7)
        requests = [
            b"",
            b"\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
            b"POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nx",
            b"GET /v1/realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            *[chance.randbytes(300) for _ in range(10)],
        ]
        async with victim_and_bystander(server):
            for request in requests:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.ports.listen)
                writer.write(request)
                with contextlib.suppress(asyncio.TimeoutError, ConnectionError):
                    await asyncio.wait_for(reader.read(4096), 0.5)
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

    run(body())
