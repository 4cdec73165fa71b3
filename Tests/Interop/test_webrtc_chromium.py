"""OpenAI's documented WebRTC client in Chromium, with a WAV as its microphone, holds a spoken conversation."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from conftest import SENTENCES
from playwright.sync_api import Page, sync_playwright
from support.server import VivaServer
from support.speech import RATE, Voice, resample, silence, transcribe, write_wav
from support.web_site import CHROMIUM, script
from support.words import word_error

SAID = SENTENCES[:3]
PAUSE_SECONDS = 12
# What came out of the browser's jitter buffer and decoder.
RECORD = """
const stream = call.pc.getReceivers()[0].track;
const pieces = [];
const recorder = new MediaRecorder(new MediaStream([stream]));
recorder.ondataavailable = (event) => pieces.push(event.data);
recorder.start(250);
globalThis.recording = async () => {
  recorder.stop();
  await new Promise((done) => (recorder.onstop = done));
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192)
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  return btoa(text);
};
"""


@pytest.fixture(scope="module")
def microphone(voice: Voice, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sentences with time to answer after each."""

    async def make() -> bytes:
        said = [await voice.say(sentence) for sentence in SAID]
        return silence(4) + b"".join(sentence + silence(PAUSE_SECONDS) for sentence in said) + silence(60)

    path = tmp_path_factory.mktemp("chromium") / "microphone.wav"
    write_wav(path, asyncio.run(make()), 48_000)
    return path


class Caller:
    """A call in a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def seen(self) -> list[dict[str, Any]]:
        """The events that came by the data channel."""
        return self.page.evaluate("seen")

    def of(self, type: str) -> list[dict[str, Any]]:
        """The events of this type, oldest first."""
        return [event for event in self.seen if event["type"] == type]

    def wait(self, type: str, count: int, seconds: float) -> list[dict[str, Any]]:
        """Until that many of them have come."""
        deadline = time.monotonic() + seconds
        while len(found := self.of(type)) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} {type}: {[e['type'] for e in self.seen]}"
            self.page.wait_for_timeout(100)
        return found

    def stats(self, kind: str) -> dict[str, Any]:
        """The browser's own figures of its one `inbound-rtp`, say."""
        found = self.page.evaluate("async () => Array.from((await call.pc.getStats()).values())")
        return next(entry for entry in found if entry["type"] == kind)

    def heard(self) -> bytes:
        """All that was played, as 24 kHz mono."""
        webm = base64.b64decode(self.page.evaluate("recording()"))
        pcm = bytearray()
        with av.open(io.BytesIO(webm)) as container:
            for frame in container.decode(audio=0):
                samples = frame.to_ndarray()
                samples = samples.mean(axis=0) if frame.format.is_planar else samples.reshape(-1)
                if frame.format.name.startswith("flt"):
                    samples = np.clip(samples * 32767, -32768, 32767)
                pcm += resample(samples.astype("<i2"), frame.sample_rate, RATE).astype("<i2").tobytes()
        return bytes(pcm)


@contextmanager
def chromium(server: VivaServer, microphone: Path) -> Iterator[Caller]:
    """The documented client, on the server's own page."""
    arguments = [
        "--no-sandbox",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}%noloop",
    ]
    host = server.http.removeprefix("http://")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, headless=True, args=arguments)
        try:
            page = browser.new_context(permissions=["microphone"]).new_page()
            page.goto(f"{server.http}/healthz")
            page.evaluate(f"() => {{ globalThis.EPHEMERAL_KEY = '{server.key}'; globalThis.seen = []; }}")
            page.evaluate("() => { globalThis.record = (event) => seen.push(event); }")
            page.evaluate(f"async () => {{ {script('call', host)} }}")
            page.evaluate(f"() => {{ {RECORD} }}")
            yield Caller(page)
        finally:
            browser.close()


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


# WHIP's ICE restart (RFC 9725, section 4.3.2): a fragment in place of an offer.
RESTART = """async () => {
  const { pc, location } = call;
  const credentials = (text) => ["ufrag", "pwd"].map((name) => text.match(`a=ice-${name}:(.*?)\\r?\\n`)[1]);
  const before = credentials(pc.remoteDescription.sdp);
  await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
  const [ufrag, pwd] = credentials(pc.localDescription.sdp);
  const response = await fetch(location, {
    method: "PATCH",
    headers: {
      Authorization: `Bearer ${EPHEMERAL_KEY}`, "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*",
    },
    body: `a=ice-ufrag:${ufrag}\\r\\na=ice-pwd:${pwd}\\r\\n`,
  });
  const after = credentials(await response.text());
  let sdp = pc.remoteDescription.sdp;
  before.forEach((old, index) => (sdp = sdp.replaceAll(old, after[index])));
  await pc.setRemoteDescription({ type: "answer", sdp });
  return response.status;
}"""


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
