"""Receivers of a tone over WebRTC, by Chromium and by aiortc: which tone was heard when."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from playwright.sync_api import Page, sync_playwright

from .web_site import CHROMIUM, WebSite
from .webrtc import Mouth

# A tone counts as heard when it was the loudest so often in a row.
_IN_A_ROW = 3
_TOLERANCE_HERTZ = 60


@dataclass(frozen=True)
class Sound:
    """The loudest frequency in a piece of some 20 ms, which ended at `at` (seconds since 1970); 0 Hz for silence."""

    at: float
    hertz: float


class Receiver(Protocol):
    """A client that offers, sends a microphone's sound and listens."""

    def offer(self) -> str: ...
    def accept(self, answer: str) -> None: ...
    def sounds(self) -> list[Sound]: ...
    def pause(self, seconds: float) -> None:
        """Waits while it goes on."""

    def changes(self) -> list[str]:
        """What happened to the track and the connection."""

    def statistics(self) -> dict[str, Any]:
        """W3C's `inbound-rtp`."""


def heard(sounds: list[Sound], hertz: int, after: float) -> float | None:
    """When the tone was first heard after that time; None when it was not."""
    later = [sound for sound in sounds if sound.at >= after]
    for place in range(len(later) - _IN_A_ROW + 1):
        if all(abs(sound.hertz - hertz) < _TOLERANCE_HERTZ for sound in later[place : place + _IN_A_ROW]):
            return later[place].at
    return None


# MARK: Chromium

_CLIENT = """async () => {
  Object.assign(globalThis, { sounds: [], changes: [], pc: new RTCPeerConnection() });
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  pc.addTrack(microphone.getTracks()[0], microphone);
  pc.onconnectionstatechange = () => changes.push(pc.connectionState);
  pc.ontrack = ({ track, streams }) => {
    changes.push(`track ${track.id}`);
    for (const name of ["mute", "ended"]) track.addEventListener(name, () => changes.push(name));
    // Without an element that plays it nothing comes out.
    const player = Object.assign(new Audio(), { srcObject: streams[0], muted: true });
    player.play();
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 1024, smoothingTimeConstant: 0 });
    context.createMediaStreamSource(streams[0]).connect(analyser);
    const levels = new Float32Array(analyser.frequencyBinCount);
    setInterval(() => {
      analyser.getFloatFrequencyData(levels);
      const loudest = levels.reduce((best, level, bin) => (level > levels[best] ? bin : best), 1);
      const hertz = levels[loudest] < -50 ? 0 : (loudest * context.sampleRate) / analyser.fftSize;
      sounds.push({ at: Date.now() / 1000, hertz });
    }, 10);
  };
  await pc.setLocalDescription(await pc.createOffer());
  return pc.localDescription.sdp;
}"""


class ChromiumReceiver:
    """A page of a headless Chromium. What it hears comes from an AnalyserNode."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def offer(self) -> str:
        return self._page.evaluate(_CLIENT)

    def accept(self, answer: str) -> None:
        self._page.evaluate("(sdp) => pc.setRemoteDescription({ type: 'answer', sdp })", answer)

    def sounds(self) -> list[Sound]:
        return [Sound(**sound) for sound in self._page.evaluate("sounds")]

    def pause(self, seconds: float) -> None:
        self._page.wait_for_timeout(seconds * 1000)

    def changes(self) -> list[str]:
        return self._page.evaluate("changes")

    def statistics(self) -> dict[str, Any]:
        found = self._page.evaluate("async () => Array.from((await pc.getStats()).values())")
        return next(entry for entry in found if entry["type"] == "inbound-rtp")


@contextlib.contextmanager
def chromium() -> Iterator[ChromiumReceiver]:
    """Its microphone beeps."""
    arguments = [
        "--no-sandbox",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
    ]
    site = WebSite()
    try:
        with sync_playwright() as player:
            browser = player.chromium.launch(executable_path=CHROMIUM, headless=True, args=arguments)
            try:
                page = browser.new_context(permissions=["microphone"]).new_page()
                page.goto(site.origin)
                yield ChromiumReceiver(page)
            finally:
                browser.close()
    finally:
        site.close()


# MARK: aiortc


class AiortcReceiver:
    """On a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._sounds: list[Sound] = []
        self._changes: list[str] = []
        self._connection: RTCPeerConnection = self._run(self._connect())

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _connect(self) -> RTCPeerConnection:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.addTrack(Mouth())
        connection.on("connectionstatechange", lambda: self._changes.append(connection.connectionState))
        connection.on("track", self._listen)
        await connection.setLocalDescription(await connection.createOffer())
        return connection

    def _listen(self, track: MediaStreamTrack) -> None:
        self._changes.append(f"track {track.id}")
        track.on("ended", lambda: self._changes.append("ended"))
        self._task = asyncio.ensure_future(self._hear(track))

    async def _hear(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels)).mean(axis=1)
                self._sounds.append(Sound(time.time(), _loudest(samples, frame.sample_rate)))

    def offer(self) -> str:
        return self._connection.localDescription.sdp

    def accept(self, answer: str) -> None:
        self._run(self._connection.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer")))

    def sounds(self) -> list[Sound]:
        return list(self._sounds)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def changes(self) -> list[str]:
        return list(self._changes)

    def statistics(self) -> dict[str, Any]:
        report = self._run(self._connection.getStats())
        return vars(next(entry for entry in report.values() if entry.type == "inbound-rtp"))

    def close(self) -> None:
        """Hangs up and ends the thread."""
        self._run(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _loudest(samples: np.ndarray, rate: int) -> float:
    """In Hz; 0 for silence."""
    if np.abs(samples).max(initial=0) < 300:
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 4096))
    return float(np.argmax(spectrum) * rate / 4096)


@contextlib.contextmanager
def aiortc() -> Iterator[AiortcReceiver]:
    """Its microphone hears a quiet room."""
    receiver = AiortcReceiver()
    try:
        yield receiver
    finally:
        receiver.close()
