"""`viva token`, `viva workers`, and what `viva serve` says of a worker that cannot be started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from support.client import sdk_client
from support.guest_server import GuestServer
from support.scripted_llm import ScriptedLLM
from support.server import VivaServer, binary
from support.tls import context_for, make_certificate

AGENTS = {"assistant": {"instructions": "One."}, "second": {"instructions": "Two."}}


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    made = ScriptedLLM()
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(server: VivaServer, llm: ScriptedLLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuestServer]:
    """It speaks TLS, which the commands must cope with."""
    certificate, key = make_certificate(tmp_path_factory.mktemp("tls"), "office")
    tls = {"certificate": str(certificate), "key": str(key)}
    viva = GuestServer(server, llm.url, AGENTS, server={"tls": tls})
    shutil.copy(certificate, viva.folder)
    yield viva.start()
    viva.stop()
    viva.remove()


def viva(server: GuestServer, command: str, *arguments: str, config: Path | None = None) -> tuple[int, str, str]:
    """Exit status, what it printed, and its complaints."""
    done = subprocess.run(
        [str(binary()), command, "--config", str(config or server.config), *arguments],
        capture_output=True, text=True, timeout=60, env=server.environment,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def opens(server: GuestServer, key: str, **query: Any) -> str | int:
    """The agent that answers, or the status that refuses."""

    async def body() -> str | int:
        try:
            options = query | {"websocket_connection_options": {"ssl": context_for(server.folder / "office.pem")}}
            async with sdk_client(server.http + "/v1", key, options.pop("model", None), **options) as client:
                return (await client.wait("session.created", timeout=5))["session"]["model"]
        except websockets.InvalidStatus as refused:
            return refused.response.status_code

    return asyncio.run(asyncio.wait_for(body(), 30))


# Tokens


def test_a_token_is_a_callers_key_and_the_pages_address(office: GuestServer) -> None:
    status, output, complaints = viva(office, "token")
    key, address = output.split()
    assert status == 0 and not complaints and key.startswith("ek_")
    assert address == f"{office.http}/#key={key}"
    assert opens(office, key) == "assistant" and opens(office, key, model="second") == "second"


def test_a_token_is_for_what_it_says(office: GuestServer) -> None:
    status, output, _ = viva(office, "token", "--agent", "second", "--seconds", "30")
    key, address = output.split()
    assert status == 0 and address.endswith("&agent=second")
    assert opens(office, key) == "second" and opens(office, key, model="assistant") == 403
    status, output, _ = viva(office, "token", "--scope", "listener")
    [key] = output.split()
    assert status == 0 and opens(office, key) == 403


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--seconds", "5"), "10 to 7200"),
        (("--scope", "king"), "listener"),
        (("--scope", "sideband", "--call-id", "sess_of_nobody"), "sess_of_nobody"),
        (("--agent", "nobody"), "second"),
    ],
)
def test_a_token_that_cannot_be_made_is_told(office: GuestServer, arguments: tuple[str, ...], complaint: str) -> None:
    status, output, complaints = viva(office, "token", *arguments)
    assert status != 0 and complaint in complaints and "ek_" not in output, (output, complaints)
    assert office.key not in complaints


def test_a_token_of_no_server_is_told(office: GuestServer, tmp_path: Path) -> None:
    settings = json.loads(json.dumps(office.settings))
    settings["server"]["listen"] = "127.0.0.1:1"
    del settings["server"]["tls"]
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "assistant.yaml").write_text("instructions: One.")
    path = tmp_path / "viva.yaml"
    path.write_text(json.dumps(settings))
    status, output, complaints = viva(office, "token", config=path)
    assert status == 1 and not output and "viva serve" in complaints, (output, complaints)


# Workers


def test_workers_are_asked_whether_they_are_alive(server: VivaServer, office: GuestServer, llm: ScriptedLLM) -> None:
    # Piper answers nobody while it speaks, and another test may have left it something to say.
    deadline = time.monotonic() + 60
    while (found := viva(office, "workers"))[0] != 0 and time.monotonic() < deadline:
        time.sleep(1)
    status, output, _ = found
    table, live = output.split("\n\n")
    assert "scripted: breaker closed" in live
    lines = {line.split()[1]: line for line in table.splitlines()}
    assert set(lines) == {"NAME", "moonshine", "scripted", "smollm2", "piper", "espeak", "smart-turn"}
    assert re.search(r"asr +moonshine +wyoming +tcp://\S+ +alive, \d+ ms", lines["moonshine"]), lines["moonshine"]
    dead = [name for name, line in lines.items() if "alive" not in line and name != "NAME"]
    assert (status, dead) == (0, []), output

    llm.service.go_away()
    try:
        status, output, _ = viva(office, "workers")
    finally:
        llm.service.come_back()
    [line] = [line for line in output.splitlines() if " scripted " in line]
    assert status == 1 and "does not answer" in line and llm.url in line, output
    assert "alive" in next(line for line in output.splitlines() if " moonshine " in line)


# Workers that cannot be started


@contextlib.contextmanager
def serving(viva: GuestServer, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """`viva serve`, and the lines that it prints as they come."""
    process = subprocess.Popen(
        [str(binary()), "serve", "--config", str(viva.config), "--worker-logs", str(viva.folder / "logs"), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=viva.environment, cwd=viva.folder,
    )  # fmt: skip
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    reader.start()
    try:
        yield process, lines
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join(5)


@pytest.fixture
def crippled(server: VivaServer, llm: ScriptedLLM) -> Iterator[GuestServer]:
    """Its first voice ends as soon as it begins."""
    viva = GuestServer(server, llm.url, AGENTS)
    settings = viva.settings
    settings["workers"]["tts"].insert(
        0,
        {"name": "mute", "protocol": "wyoming", "url": "tcp://127.0.0.1:2", "process": {"command": ["false"]}},
    )
    viva.write(settings)
    yield viva
    viva.remove()


def test_a_server_with_a_worker_that_cannot_be_started_is_up_and_says_so(crippled: GuestServer) -> None:
    with serving(crippled) as (process, lines):
        deadline = time.monotonic() + 60
        while not any("not all workers are" in line for line in lines):
            assert time.monotonic() < deadline and process.poll() is None, lines
            time.sleep(0.1)
        assert any("mute" in line for line in lines)
        status, _, body = crippled.get(crippled.admin + "/readyz")
        assert status == 503 and b"mute" in body
        # The second voice speaks.
        async def body_of_test() -> None:
            async with sdk_client(crippled.http + "/v1", crippled.key) as client:
                await client.say_text("Hello.")
                await client.send("response.create")
                done = await client.wait_response()
                assert done["response"]["status"] == "completed" and client.of("response.output_audio.delta")

        asyncio.run(asyncio.wait_for(body_of_test(), 30))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def test_a_strict_server_ends_when_a_worker_cannot_be_started(crippled: GuestServer) -> None:
    with serving(crippled, "--strict") as (process, lines):
        assert process.wait(60) == 1, lines
    assert any("mute" in line for line in lines), lines
