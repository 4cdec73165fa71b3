"""A plain WHIP client (RFC 9725) that knows nothing of Viva or OpenAI: Debian's simple-whip-client, and what it says."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import SENTENCES
from support import whip_client
from support.client import plain_client
from support.server import VivaServer
from support.speech import Voice, silence, write_wav
from support.whip_client import WHIPClient, publish
from support.words import word_error

pytestmark = pytest.mark.skipif(not whip_client.is_installed(), reason="simple-whip-client is not installed")


def own_address() -> str | None:
    """Of this machine, other than loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return probe.getsockname()[0]


@pytest.fixture(scope="module")
def server() -> Iterator[VivaServer]:
    """One whose media is where libnice gets to: it sends by its candidate's interface, and that is never loopback."""
    if (address := own_address()) is None:
        pytest.skip("this machine has no address but loopback, which libnice does not use")
    viva = VivaServer()
    text = viva.config.read_text()
    assert "\nwebrtc:\n" in text
    viva.config.write_text(text.replace("\nwebrtc:\n", f"\nwebrtc:\n  listen: [{address}]\n"))
    viva.start()
    try:
        yield viva
    finally:
        viva.stop()
        viva.remove()


@pytest.fixture(scope="module")
def sentence(server: VivaServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording with time to connect before it speaks."""
    path = tmp_path_factory.mktemp("whip") / "sentence.wav"
    said = asyncio.run(Voice(server.tts).say(SENTENCES[3]))
    write_wav(path, silence(4) + said + silence(60), 48_000)
    return path


def sessions(server: VivaServer) -> dict[str, dict[str, Any]]:
    """What the server has, by id."""
    with urllib.request.urlopen(f"{server.admin}/sessions", timeout=5) as answer:
        return {session["id"]: session for session in json.load(answer)["data"]}


async def call_of(client: WHIPClient) -> str:
    """The id of its call, which is the end of the `Location` that it was answered."""
    for _ in range(200):
        if found := re.search(r"/v1/realtime/calls/(rtc_\w+)", client.log):
            return found[1]
        assert client.process.poll() is None, client.log
        await asyncio.sleep(0.05)
    raise AssertionError(f"it has no Location:\n{client.log}")


async def wait_over(server: VivaServer, session: str) -> None:
    """Until the server has no such session."""
    for _ in range(100):
        if session not in await asyncio.to_thread(sessions, server):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{session} goes on")


@pytest.mark.parametrize("options", [(), ("--no-trickle",)], ids=["trickle", "no trickle"])
def test_a_spoken_sentence_is_heard(
    server: VivaServer, sentence: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """The session's transcript is what the recording says; Ctrl-C ends client and session."""
    endpoint = f"{server.http}/v1/realtime/calls?model=assistant"

    async def body(client: WHIPClient) -> None:
        call = await call_of(client)
        session = call.replace("rtc_", "sess_")
        async with plain_client(f"{server.websocket}?call_id={call}", server.key, model=None) as sideband:
            heard = await sideband.wait("conversation.item.input_audio_transcription.completed")
            assert word_error(SENTENCES[3], heard["transcript"]) < 0.4, heard.data
            assert not sideband.errors(), sideband.errors()
            assert session in await asyncio.to_thread(sessions, server)
            assert await asyncio.to_thread(client.hang_up) == 0
            await wait_over(server, session)
            await sideband.wait_closed()
        assert "HTTP error" not in client.log and "[ERR]" not in client.log

    with publish(sentence, endpoint, server.key, tmp_path, *options) as client:
        try:
            asyncio.run(asyncio.wait_for(body(client), 120))
        except BaseException:
            print(client.log)
            raise
