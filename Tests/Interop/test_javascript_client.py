"""Documented JavaScript clients in headless Chromium, unchanged but for the URL, on the server's page and on others."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from support.server import VivaServer
from support.web_site import WebSite, run_script, script
from support.words import words

NORMAL_CLOSURES = (1000, 1005)
ABNORMAL_CLOSURE = 1006


@pytest.fixture(scope="module")
def friend() -> Iterator[WebSite]:
    """A web site that the server allows."""
    site = WebSite()
    yield site
    site.close()


@pytest.fixture(scope="module")
def stranger() -> Iterator[WebSite]:
    """A web site that the server does not know."""
    site = WebSite()
    yield site
    site.close()


@pytest.fixture(scope="module")
def open_server(friend: WebSite) -> Iterator[VivaServer]:
    """A server of its own, which has a list of origins."""
    viva = VivaServer()
    text = viva.config.read_text()
    default = "# allowed_origins: []"
    assert text.count(default) == 1, f"config/viva.yaml no longer has the line {default!r}"
    viva.config.write_text(text.replace(default, f"allowed_origins: [{json.dumps(friend.origin)}]"))
    viva.start()
    yield viva
    left = viva.stop()
    assert not left, f"left behind: {[process.command for process in left]}"
    viva.remove()


@pytest.fixture(params=["own page", "allowed site"])
def page(request: pytest.FixtureRequest, open_server: VivaServer, friend: WebSite) -> str:
    """Where the client runs: the server's own page, or another web site's."""
    return open_server.http if request.param == "own page" else friend.origin


@pytest.fixture(params=["server key", "ephemeral key"])
def key(request: pytest.FixtureRequest, open_server: VivaServer) -> str:
    """What the client says it may come in with."""
    return open_server.key if request.param == "server key" else mint(open_server)["value"]


def mint(server: VivaServer, seconds: int = 600) -> dict[str, Any]:
    """An ephemeral key for `assistant`, as a team's own back end makes it."""
    body = {
        "expires_after": {"anchor": "created_at", "seconds": seconds},
        "session": {"type": "realtime", "model": "assistant"},
    }
    request = urllib.request.Request(
        server.http + "/v1/realtime/client_secrets",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def client(server: VivaServer, name: str) -> str:
    """A documented client, pointed at the server."""
    return script(name, server.http.partition("//")[2])


def test_a_text_conversation(open_server: VivaServer, page: str, key: str) -> None:
    run = run_script(page, client(open_server, "conversation"), key)
    assert run.end in NORMAL_CLOSURES and not run.of("error"), run.of("error")
    types = [event["type"] for event in run.seen]
    assert types[0] == "session.created" and "session.updated" in types
    [done] = run.of("response.done")
    assert done["response"]["status"] == "completed", done
    said = done["response"]["output"][0]["content"][0]["text"]
    assert words(said) and "".join(event["delta"] for event in run.of("response.output_text.delta")) == said


def test_a_function_call_and_its_output(open_server: VivaServer, key: str) -> None:
    run = run_script(open_server.http, client(open_server, "function-call"), key)
    assert run.end in NORMAL_CLOSURES and not run.of("error"), run.of("error")
    called, answered = run.of("response.done")
    [call] = called["response"]["output"]
    assert call["type"] == "function_call" and call["name"] == "get_weather"
    assert isinstance(json.loads(call["arguments"])["city"], str)
    [output] = [
        event["item"]
        for event in run.of("conversation.item.done")
        if event["item"]["type"] == "function_call_output"
    ]
    assert output["call_id"] == call["call_id"]
    assert [item["type"] for item in answered["response"]["output"]] == ["message"], answered


def test_a_key_that_is_not_known_opens_nothing(open_server: VivaServer) -> None:
    run = run_script(open_server.http, client(open_server, "conversation"), "ek_" + "0" * 32)
    assert run.end == ABNORMAL_CLOSURE and not run.seen


def test_an_expired_key_opens_nothing(open_server: VivaServer) -> None:
    secret = mint(open_server, seconds=10)
    time.sleep(max(0.0, secret["expires_at"] - time.time()) + 1)
    run = run_script(open_server.http, client(open_server, "conversation"), secret["value"])
    assert run.end == ABNORMAL_CLOSURE and not run.seen


def test_a_foreign_web_site_is_refused_even_with_a_key(
    open_server: VivaServer, stranger: WebSite, key: str
) -> None:
    run = run_script(stranger.origin, client(open_server, "conversation"), key)
    assert run.end == ABNORMAL_CLOSURE and not run.seen


def test_an_allowed_web_site_mints_a_key_and_talks_with_it(open_server: VivaServer, friend: WebSite) -> None:
    # The headers make the browser ask first (a CORS preflight).
    run = run_script(friend.origin, client(open_server, "client-secret"), open_server.key)
    [secret] = run.seen
    assert secret["status"] == 200 and secret["value"].startswith("ek_"), secret
    assert 0 < secret["expires_at"] - time.time() <= 61
    assert secret["session"]["type"] == "realtime" and secret["session"]["model"] == "assistant"
    talk = run_script(friend.origin, client(open_server, "conversation"), secret["value"])
    assert talk.of("response.done"), talk.seen


def test_a_foreign_web_site_mints_nothing(open_server: VivaServer, stranger: WebSite) -> None:
    run = run_script(stranger.origin, client(open_server, "client-secret"), open_server.key)
    assert run.seen == [{"refused": "TypeError"}]
