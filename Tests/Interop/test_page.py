"""Headless Chromium with a WAV as microphone has a conversation on the page."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import re
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import SENTENCES
from playwright.sync_api import Locator, Page, sync_playwright
from support.server import ROOT, VivaServer
from support.speech import Voice, silence, transcribe, write_wav
from support.words import word_error, words

CHROMIUM = "/usr/bin/chromium"
SCREENSHOT = Path(os.environ.get("VIVA_SCREENSHOT", ROOT / ".viva/page.png"))
SAID = SENTENCES[:2]


@dataclass
class Browser:
    """A page and everything that it complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def find(self, name: str) -> Locator:
        """An element by its test id."""
        return self.page.get_by_test_id(name)

    def viva(self, name: str) -> object:
        """A field of the page's own `window.viva`."""
        return self.page.evaluate(f"window.viva?.{name}")

    def wait_for(self, expression: str, seconds: float) -> None:
        """Until a JavaScript expression is true. (The page's policy forbids playwright's own way, an `eval`.)"""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            assert time.monotonic() < deadline, f"{expression} is not true after {seconds} s: {self.complaints}"
            self.page.wait_for_timeout(100)

    def captions(self, side: str) -> list[str]:
        """The final captions of `user` or `agent`, oldest first."""
        final = self.page.locator(f"[data-testid=caption-{side}]:not([data-final=false])")
        return [text.strip() for text in final.all_inner_texts() if text.strip()]


@contextmanager
def chromium(
    server: VivaServer, microphone: Path | None, fragment: str = "", key: str | None = None
) -> Iterator[Browser]:
    """The page in a browser of its own; without a WAV there is no microphone at all."""
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    if microphone is not None:
        arguments += [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
        ]
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, headless=True, args=arguments)
        try:
            permissions = ["microphone"] if microphone is not None else []
            context = browser.new_context(permissions=permissions, viewport={"width": 1100, "height": 760})
            page = context.new_page()
            its = Browser(page)
            page.on(
                "console",
                lambda message: its.complaints.append(f"{message.type}: {message.text}")
                if message.type in ("error", "warning")
                else None,
            )
            page.on("pageerror", lambda error: its.complaints.append(f"exception: {error}"))
            page.on("requestfailed", lambda request: its.complaints.append(f"failed: {request.url}"))
            page.on("request", lambda request: its.requests.append(request.url))
            page.add_init_script(
                "document.addEventListener('securitypolicyviolation',"
                " e => console.error('CSP violation', e.violatedDirective, e.blockedURI))"
            )
            page.goto(f"{server.http}/#key={key or server.key}{fragment}")
            yield its
            assert not its.complaints, its.complaints
            foreign = [url for url in its.requests if not url.startswith((server.http, "data:", "blob:"))]
            assert not foreign, foreign
        finally:
            browser.close()


@pytest.fixture(scope="module")
def conversation_wav(voice: Voice, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sentences with time to answer after each."""

    async def make() -> bytes:
        first, second = [await voice.say(sentence) for sentence in SAID]
        return silence(2) + first + silence(10) + second + silence(30)

    path = tmp_path_factory.mktemp("page") / "microphone.wav"
    write_wav(path, asyncio.run(make()), 48_000)
    return path


def recording(browser: Browser) -> tuple[bytes, int]:
    """What the page really played: PCM and its rate."""
    encoded = browser.page.evaluate("window.viva.recording()")
    with wave.open(io.BytesIO(base64.b64decode(str(encoded).rpartition(",")[2]))) as wav:
        assert wav.getsampwidth() == 2
        pcm = wav.readframes(wav.getnframes())
        if wav.getnchannels() == 2:
            pcm = b"".join(pcm[place : place + 2] for place in range(0, len(pcm), 4))
        return pcm, wav.getframerate()


def test_a_spoken_conversation(server: VivaServer, conversation_wav: Path) -> None:
    with chromium(server, conversation_wav, "&raw=1&record=1") as browser:
        browser.find("talk").click()
        for turn, sentence in enumerate(SAID, start=1):
            browser.wait_for(f"window.viva.turns >= {turn}", seconds=40)
            captions = browser.captions("user")
            assert captions and word_error(sentence, captions[-1]) < 0.4, (sentence, captions)
            assert browser.viva("audioBytesReceived")
        browser.page.wait_for_timeout(5000)  # the answer is played to its end
        assert len(browser.captions("user")) == 2, browser.captions("user")
        said = browser.captions("agent")
        assert len(said) == 2 and all(words(text) for text in said), said
        SCREENSHOT.parent.mkdir(parents=True, exist_ok=True)
        browser.page.screenshot(path=str(SCREENSHOT))
        pcm, rate = recording(browser)
        assert re.search(r"\d", browser.find("latency").text_content() or ""), "no latency is shown"
    # The whole recording holds long pauses; a recogniser hears the two answers better apart.
    heard = " ".join(asyncio.run(transcribe_pieces(server.asr, pcm, rate)))
    assert word_error(" ".join(said), heard) < 0.5, (said, heard)


async def transcribe_pieces(asr: str, pcm: bytes, rate: int) -> list[str]:
    """Transcribes the voiced stretches of a recording, cut at silences of a second."""
    window = rate // 10 * 2
    voiced = [max(memoryview(pcm[at : at + window]).cast("h"), default=0) > 300 for at in range(0, len(pcm), window)]
    stretches: list[list[int]] = []
    for place, is_voiced in enumerate(voiced):
        if is_voiced and stretches and place - stretches[-1][1] <= 10:
            stretches[-1][1] = place
        elif is_voiced:
            stretches.append([place, place])
    pieces = [pcm[max(0, first - 2) * window : (last + 3) * window] for first, last in stretches]
    return [await transcribe(asr, piece, rate) for piece in pieces]


def test_the_text_box_needs_no_microphone(server: VivaServer) -> None:
    with chromium(server, microphone=None) as browser:
        browser.find("text").fill("What is the capital of France?")
        browser.find("send").click()
        browser.wait_for("window.viva.turns >= 1", seconds=40)
        assert browser.captions("user")[-1] == "What is the capital of France?"
        assert words(browser.captions("agent")[-1])
        assert browser.find("state").inner_text().strip()


def test_captions_are_set_as_text(server: VivaServer) -> None:
    attack = "<img src=x onerror=alert(1)><b>bold</b>"
    with chromium(server, microphone=None) as browser:
        browser.page.on("dialog", lambda dialog: browser.complaints.append(f"a script ran: {dialog.message}"))
        browser.find("text").fill(attack)
        browser.find("text").press("Enter")
        browser.wait_for("window.viva.turns >= 1", seconds=40)
        assert browser.captions("user")[-1] == attack
        assert browser.page.locator("[data-testid=captions] img").count() == 0


def test_the_agent_of_the_fragment_greets(server: VivaServer) -> None:
    with chromium(server, microphone=None, fragment="&agent=interviewer") as browser:
        browser.find("text").fill("Hello.")
        browser.find("send").click()
        browser.wait_for("window.viva.turns >= 1", seconds=40)
        browser.wait_for("document.querySelector('[data-testid=captions]').innerText.includes('interview')", 20)


def test_the_key_does_not_stay_in_the_address(server: VivaServer) -> None:
    with chromium(server, microphone=None) as browser:
        browser.page.wait_for_timeout(500)
        assert not [url for url in browser.requests if server.key in url.partition("#")[0]]
        assert server.key not in browser.find("captions").inner_text()


def test_a_wrong_key_is_told(server: VivaServer) -> None:
    with chromium(server, microphone=None, key="sk-viva-wrong") as browser:
        browser.find("key").wait_for(state="visible", timeout=10_000)
        # The refusal itself is the browser's only complaint.
        browser.page.wait_for_timeout(500)
        assert browser.complaints and all("401" in text for text in browser.complaints), browser.complaints
        browser.complaints.clear()
        browser.find("key").fill(server.key)
        browser.find("key").press("Enter")
        browser.find("key").wait_for(state="hidden", timeout=10_000)
        browser.find("text").fill("Hello.")
        browser.find("send").click()
        browser.wait_for("window.viva.turns >= 1", seconds=40)
