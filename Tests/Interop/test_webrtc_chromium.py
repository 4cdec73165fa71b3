"""OpenAI's documented WebRTC client in Chromium, with a WAV as its microphone, holds a spoken conversation."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from conftest import SENTENCES
from support.chromium_call import RESTART, chromium
from support.server import VivaServer
from support.speech import RATE, Voice, silence, transcribe, write_wav
from support.words import word_error

SAID = SENTENCES[:3]
PAUSE_SECONDS = 12


@pytest.fixture(scope="module")
def microphone(voice: Voice, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sentences with time to answer after each."""

    async def make() -> bytes:
        said = [await voice.say(sentence) for sentence in SAID]
        return silence(4) + b"".join(sentence + silence(PAUSE_SECONDS) for sentence in said) + silence(60)

    path = tmp_path_factory.mktemp("chromium") / "microphone.wav"
    write_wav(path, asyncio.run(make()), 48_000)
    return path


def stretches(pcm: bytes, pause: float = 3) -> list[bytes]:
    """What stands between pauses."""
    samples = np.frombuffer(pcm, "<i2")
    voiced = np.nonzero(np.abs(samples.astype(np.int32)) > 500)[0]
    cuts = np.nonzero(np.diff(voiced) > pause * RATE)[0]
    firsts, lasts = voiced[np.r_[0, cuts + 1]], voiced[np.r_[cuts, len(voiced) - 1]]
    return [samples[max(0, a - 4800) : b + 4800].tobytes() for a, b in zip(firsts, lasts, strict=True)]


def test_three_spoken_turns(server: VivaServer, microphone: Path) -> None:
    with chromium(server, microphone) as caller:
        heard = caller.wait("conversation.item.input_audio_transcription.completed", 3, 90)
        for sentence, event in zip(SAID, heard, strict=True):
            assert word_error(sentence, event["transcript"]) < 0.4, event
        caller.wait("output_audio_buffer.stopped", 3, 60)
        caller.page.wait_for_timeout(1000)
        done = caller.of("response.done")
        assert [event["response"]["status"] for event in done] == ["completed"] * 3, done
        spoken = " ".join(event["transcript"] for event in caller.of("response.output_audio_transcript.done"))
        received = caller.stats("inbound-rtp")
        assert received["packetsReceived"] > 50, received
        assert not caller.of("error"), caller.of("error")
        assert caller.page.evaluate("call.location").startswith("/v1/realtime/calls/rtc_")
        played = caller.heard()
    # Playwright has a loop of its own.
    answers = stretches(played)
    understood = " ".join(asyncio.run(transcribe(server.asr, answer)) for answer in answers)
    assert word_error(spoken, understood) < 0.5, (spoken, understood, len(answers))


def test_an_ice_restart_keeps_the_session(server: VivaServer, microphone: Path) -> None:
    with chromium(server, microphone) as caller:
        caller.wait("output_audio_buffer.stopped", 1, 60)
        pair = caller.stats("transport")["selectedCandidatePairId"]
        assert caller.page.evaluate(RESTART) == 200
        # The next turn goes over the new pair.
        caller.wait("output_audio_buffer.stopped", 2, 60)
        transport = caller.stats("transport")
        assert transport["selectedCandidatePairId"] != pair and transport["iceState"] == "connected", transport
        assert len(caller.of("session.created")) == 1
        assert not caller.of("error"), caller.of("error")


def test_hanging_up_ends_the_session(server: VivaServer, microphone: Path) -> None:
    """`pc.close()` in the browser, which says so by DTLS."""

    def sessions() -> int:
        with urllib.request.urlopen(f"{server.admin}/sessions", timeout=5) as answer:
            return len(json.load(answer)["data"])

    before = sessions()
    with chromium(server, microphone) as caller:
        caller.wait("session.created", 1, 20)
        assert sessions() == before + 1
        caller.page.evaluate("call.pc.close()")
        deadline = time.monotonic() + 5
        while sessions() > before:
            assert time.monotonic() < deadline, "the session goes on"
            time.sleep(0.1)
