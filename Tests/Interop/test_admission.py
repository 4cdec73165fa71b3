"""Who is too many, too fast or not trusted, over real sockets: refused before the upgrade, with a reason and a time.

What needs no other limits than the shipped ones is in test_entry.py, CORS in test_javascript_client.py with a browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import ssl
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
import websockets
from support.client import Client, plain_client, sdk_client
from support.codecs import encode_g711
from support.guest_server import GuestServer
from support.scripted_llm import Says, ScriptedLLM
from support.server import VivaServer
from support.speech import silence
from support.tls import context_for, make_certificate, shown_name

AGENTS = {"assistant": {"instructions": "You are an assistant."}}


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    made = ScriptedLLM(lambda _: Says("All right."))
    yield made
    made.close()


@contextlib.contextmanager
def guest(host: VivaServer, llm: ScriptedLLM, **sections: Any) -> Iterator[GuestServer]:
    """A server of a test's own; it must outlive the test."""
    viva = GuestServer(host, llm.url, AGENTS, **sections)
    try:
        viva.start()
        yield viva
        assert viva.process is not None and viva.process.poll() is None, f"it died:\n{viva.log_end()}"
    finally:
        viva.kill()
        viva.remove()


def converse(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 90))


def open_client(viva: GuestServer, key: str | None = None, **options: Any) -> Any:
    return sdk_client(viva.http + "/v1", key or viva.key, options.pop("model", "assistant"), **options)


@contextlib.asynccontextmanager
async def session(viva: GuestServer, key: str | None = None, **options: Any) -> AsyncIterator[Client]:
    async with open_client(viva, key, **options) as client:
        await client.wait("session.created", timeout=10)
        yield client


async def refusal(viva: GuestServer, key: str | None = None, **options: Any) -> tuple[int, dict[str, Any], int | None]:
    """Status, error and `Retry-After` in seconds, as the package's user finds them in its exception."""
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with open_client(viva, key, **options):
            pass
    response = refused.value.response
    assert str(response.status_code) in str(refused.value)
    assert response.headers["Content-Type"].startswith("application/json")
    error = json.loads(response.body or b"{}")["error"]
    assert error["message"] and error["type"] and error["code"], error
    wait = response.headers.get("Retry-After")
    return response.status_code, error, None if wait is None else int(wait)


async def admitted(viva: GuestServer, key: str | None = None, **options: Any) -> None:
    """Somebody comes in, as soon as the server has seen another one leave."""
    deadline = time.monotonic() + 10
    while True:
        try:
            async with session(viva, key, **options):
                return
        except websockets.InvalidStatus:
            assert time.monotonic() < deadline, "there is still no room"
            await asyncio.sleep(0.1)


async def answer(client: Client) -> dict[str, Any]:
    await client.say_text("Hello.")
    here = len(client.events)
    await client.send("response.create", response={"output_modalities": ["text"]})
    return (await client.wait_response(after=here))["response"]


# Sessions


def test_sessions_of_a_key_and_of_all_are_counted(server: VivaServer, llm: ScriptedLLM) -> None:
    async def body(viva: GuestServer) -> None:
        async with session(viva), session(viva):
            status, error, wait = await refusal(viva)
            assert (status, error["code"], error["type"]) == (429, "session_limit_exceeded", "rate_limit_error")
            assert wait is not None and 1 <= wait <= 60 and "2" in error["message"]
            # A key's children count as the key.
            child = openai.OpenAI(api_key=viva.key, base_url=viva.http + "/v1").realtime.client_secrets.create()
            assert (await refusal(viva, child.value))[0] == 429
            async with session(viva, viva.other_key):
                status, error, wait = await refusal(viva, viva.other_key)
                assert (status, error["code"]) == (503, "server_overloaded") and wait is not None and wait >= 1
        await admitted(viva)

    with guest(server, llm, limits={"sessions": 3, "sessions_per_key": 2}) as viva:
        converse(body(viva))


def test_sidebands_of_a_session_are_counted(server: VivaServer, llm: ScriptedLLM) -> None:
    async def body(viva: GuestServer) -> None:
        async with session(viva) as client:
            call = client.events[0]["session"]["id"]
            async with session(viva, model=None, call_id=call):
                status, error, wait = await refusal(viva, model=None, call_id=call)
                assert (status, error["code"]) == (429, "sideband_limit_exceeded") and wait is not None
            await admitted(viva, model=None, call_id=call)

    with guest(server, llm, limits={"sidebands": 1}) as viva:
        converse(body(viva))


# The minute


def test_connections_of_a_key_are_counted_by_the_minute(server: VivaServer, llm: ScriptedLLM) -> None:
    async def body(viva: GuestServer) -> None:
        for _ in range(2):
            async with session(viva):
                pass
        status, error, wait = await refusal(viva)
        assert (status, error["code"]) == (429, "rate_limit_exceeded") and wait is not None and 1 <= wait <= 30
        async with session(viva, viva.other_key):
            pass

    with guest(server, llm, limits={"connections_per_minute": 2}) as viva:
        converse(body(viva))


def test_those_who_guess_keys_are_not_listened_to(server: VivaServer, llm: ScriptedLLM) -> None:
    async def body(viva: GuestServer) -> None:
        child = openai.OpenAI(api_key=viva.key, base_url=viva.http + "/v1").realtime.client_secrets.create()
        for number in range(3):
            status, error, _ = await refusal(viva, f"sk-viva-wrong-{number}")
            assert (status, error["code"]) == (401, "invalid_api_key")
        # Not even the right one is told to be right.
        for key in ("sk-viva-wrong", viva.key):
            status, error, wait = await refusal(viva, key)
            assert (status, error["code"]) == (429, "too_many_failed_logins") and wait is not None
        with pytest.raises(openai.RateLimitError) as refused:
            await asyncio.to_thread(lambda: _api(viva).models.list())
        assert int(refused.value.response.headers["Retry-After"]) >= 1
        async with session(viva, child.value):
            pass

    with guest(server, llm, limits={"failed_logins_per_minute": 3}) as viva:
        converse(body(viva))


def _api(viva: GuestServer) -> openai.OpenAI:
    return openai.OpenAI(api_key=viva.key, base_url=viva.http + "/v1", max_retries=0)


def test_responses_of_a_key_are_counted_by_the_minute(server: VivaServer, llm: ScriptedLLM) -> None:
    async def body(viva: GuestServer) -> None:
        async with session(viva) as first, session(viva) as second, session(viva, viva.other_key) as other:
            assert (await answer(first))["status"] == (await answer(second))["status"] == "completed"
            spent = await answer(first)
            assert spent["status"] == "failed" and not spent["output"]
            error = spent["status_details"]["error"]
            assert error["code"] == "rate_limit_exceeded" and "Try again in" in error["message"], error
            limits = first.of("rate_limits.updated")[-1]["rate_limits"]
            assert {each["name"]: each["remaining"] for each in limits}["requests"] == 0
            assert (await answer(other))["status"] == "completed"
            assert first.closed is None

    with guest(server, llm, limits={"responses_per_minute": 2}) as viva:
        converse(body(viva))


def test_ephemeral_keys_are_counted(server: VivaServer, llm: ScriptedLLM) -> None:
    with guest(server, llm, server={"max_ephemeral_keys": 2}) as viva:
        # The page's own, made at the start, is one of them.
        _api(viva).realtime.client_secrets.create(expires_after={"anchor": "created_at", "seconds": 30})
        with pytest.raises(openai.RateLimitError) as refused:
            _api(viva).realtime.client_secrets.create()
        assert refused.value.code == "too_many_client_secrets" and "max_ephemeral_keys" in refused.value.message
        assert 20 <= int(refused.value.response.headers["Retry-After"]) <= 30


# Audio


def test_audio_faster_than_allowed_is_read_slower(server: VivaServer, llm: ScriptedLLM) -> None:
    async def body(viva: GuestServer) -> None:
        async with session(viva) as client, session(viva, viva.other_key) as neighbour:
            await client.update(audio={"input": {"format": {"type": "audio/pcmu"}, "turn_detection": None}})
            began = time.monotonic()
            # Half a minute may come at once; the rest at four times the speed of life.
            payload = encode_g711("audio/pcmu", silence(42))
            for start in range(0, len(payload), 4000):
                await client.append(payload[start : start + 4000])
            await client.send("input_audio_buffer.clear")
            assert (await answer(neighbour))["status"] == "completed"
            assert not client.of("input_audio_buffer.cleared"), "the neighbour did not wait for it"
            await client.wait("input_audio_buffer.cleared", timeout=30)
            assert time.monotonic() - began > 2
            assert not client.errors()

    with guest(server, llm, limits={"audio_rate": 4}) as viva:
        converse(body(viva))


def test_a_message_that_is_too_large_ends_its_connection_alone(server: VivaServer, llm: ScriptedLLM) -> None:
    async def body(viva: GuestServer) -> None:
        async with plain_client(viva.websocket, viva.key) as client, session(viva) as neighbour:
            await client.update(instructions="x" * 50_000)
            with contextlib.suppress(websockets.ConnectionClosed):
                await client.send("session.update", session={"type": "realtime", "instructions": "x" * 200_000})
            assert await client.wait_closed() == 1009
            assert (await answer(neighbour))["status"] == "completed"

    with guest(server, llm, limits={"message_bytes": 65_536}) as viva:
        converse(body(viva))


# Web sites


def test_a_foreign_web_site_is_refused_and_an_allowed_one_is_answered(server: VivaServer, llm: ScriptedLLM) -> None:
    friend, stranger = "https://app.example", "https://evil.example"

    async def body(viva: GuestServer) -> None:
        status, error, _ = await refusal(viva, extra_headers={"Origin": stranger})
        assert (status, error["code"]) == (403, "origin_not_allowed")
        assert stranger in error["message"] and "allowed_origins" in error["message"]
        async with session(viva, extra_headers={"Origin": friend}):
            pass
        async with session(viva, extra_headers={"Origin": viva.http}):
            pass

    with guest(server, llm, server={"allowed_origins": [friend]}) as viva:
        converse(body(viva))


# TLS


def test_a_certificate_is_replaced_while_serving(server: VivaServer, llm: ScriptedLLM, tmp_path: Path) -> None:
    first, second = (make_certificate(tmp_path, name) for name in ("first", "second"))
    used = make_certificate(tmp_path / "used", "used")

    def put(certificate: Path, key: Path) -> None:
        for source, target in zip((certificate, key), used, strict=True):
            # As certbot does: a new file takes the old one's name.
            fresh = target.with_suffix(".new")
            shutil.copy(source, fresh)
            fresh.rename(target)

    put(*first)
    trust = context_for(first[0], second[0])

    async def until_shown(viva: GuestServer, name: str) -> None:
        deadline = time.monotonic() + 20
        while await asyncio.to_thread(shown_name, viva.ports.listen, trust) != name:
            assert time.monotonic() < deadline, f"still not {name}:\n{viva.log_end()}"
            await asyncio.sleep(0.2)

    async def body(viva: GuestServer) -> None:
        secure: dict[str, Any] = {"websocket_connection_options": {"ssl": trust}}
        assert viva.websocket.startswith("wss://") and viva.page.startswith("https://")
        async with session(viva, **secure) as early:
            await until_shown(viva, "first")
            put(*second)
            await until_shown(viva, "second")
            # Those who are in stay in.
            assert (await answer(early))["status"] == "completed"
            async with session(viva, **secure) as late:
                assert (await answer(late))["status"] == "completed"
            # A key that is another's changes nothing but the log.
            put(first[0], second[1])
            deadline = time.monotonic() + 20
            while "not usable" not in viva.log.read_text():
                assert time.monotonic() < deadline, viva.log_end()
                await asyncio.sleep(0.2)
            await until_shown(viva, "second")
        # Nobody is talked to who does not trust it.
        with pytest.raises(ssl.SSLCertVerificationError):
            async with open_client(viva, websocket_connection_options={"ssl": ssl.create_default_context()}):
                pass

    tls = {"certificate": str(used[0]), "key": str(used[1])}
    with guest(server, llm, server={"tls": tls}) as viva:
        converse(body(viva))
        with httpx2.Client(verify=trust) as http:
            sdk = openai.OpenAI(api_key=viva.key, base_url=viva.http + "/v1", http_client=http)
            assert [model.id for model in sdk.models.list()] == ["assistant"]
            assert sdk.realtime.client_secrets.create().value.startswith("ek_")
