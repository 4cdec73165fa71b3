"""A call over WebRTC in Chromium: OpenAI's documented client, with a WAV as its microphone."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from playwright.sync_api import Page, Route, sync_playwright

from .server import VivaServer
from .speech import RATE, resample
from .web_site import CHROMIUM, script

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
def chromium(
    server: VivaServer, microphone: Path, model: str = "assistant", answer_as: Callable[[str], str] | None = None
) -> Iterator[Caller]:
    """The documented client, on the server's own page. `answer_as` changes the answer on its way to the client."""
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
            if answer_as:
                page.route(lambda url: "/v1/realtime/calls?" in url, partial(_change_answer, answer_as))
            page.goto(f"{server.http}/healthz")
            page.evaluate(f"() => {{ globalThis.EPHEMERAL_KEY = '{server.key}'; globalThis.seen = []; }}")
            page.evaluate("() => { globalThis.record = (event) => seen.push(event); }")
            page.evaluate(f"async () => {{ {script('call', host, model)} }}")
            page.evaluate(f"() => {{ {RECORD} }}")
            yield Caller(page)
        finally:
            browser.close()


def _change_answer(answer_as: Callable[[str], str], route: Route) -> None:
    response = route.fetch()
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    route.fulfill(status=response.status, headers=headers, body=answer_as(response.text()))
