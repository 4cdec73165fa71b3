"""Headless Chromium with a WAV as microphone has a conversation on the page."""

from __future__ import annotations

import asyncio
import base64
import io
import json
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
from support.scripted_session import ScriptedSession
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
    sessions: list[str] = field(default_factory=list)

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
    server: VivaServer,
    microphone: Path | None,
    fragment: str = "",
    key: str | None = None,
    query: str = "",
    script: str | None = None,
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
            permissions = ["clipboard-read", "clipboard-write"]
            permissions += ["microphone"] if microphone is not None else []
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
            page.on("websocket", lambda socket: its.sessions.append(socket.url))
            page.add_init_script(
                "document.addEventListener('securitypolicyviolation',"
                " e => console.error('CSP violation', e.violatedDirective, e.blockedURI))"
            )
            if script is not None:
                page.add_init_script(script)
            page.goto(f"{server.http}/{query}#key={key or server.key}{fragment}")
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


@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
def test_a_spoken_conversation(server: VivaServer, conversation_wav: Path, transport: str) -> None:
    # WebRTC is what the page takes by itself.
    query = "" if transport == "webrtc" else f"?transport={transport}"
    with chromium(server, conversation_wav, "&raw=1&record=1", query=query) as browser:
        browser.find("talk").click()
        for turn, sentence in enumerate(SAID, start=1):
            browser.wait_for(f"window.viva.turns >= {turn}", seconds=40)
            captions = browser.captions("user")
            assert captions and word_error(sentence, captions[-1]) < 0.4, (sentence, captions)
            browser.wait_for("window.viva.audioBytesReceived > 0", seconds=5)
        browser.page.wait_for_timeout(5000)  # the answer is played to its end
        assert len(browser.captions("user")) == 2, browser.captions("user")
        said = browser.captions("agent")
        assert len(said) == 2 and all(words(text) for text in said), said
        assert browser.viva("transport") == transport
        assert len(browser.sessions) == (transport == "websocket"), browser.sessions
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


def test_the_server_key_stays_in_memory_only(server: VivaServer) -> None:
    with chromium(server, microphone=None) as browser:
        browser.wait_for("sessionStorage.length > 0", seconds=10)
        assert not [url for url in browser.requests if server.key in url.partition("#")[0]]
        assert server.key not in browser.page.url
        assert server.key not in browser.page.content()
        assert server.key not in str(browser.page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])"))
        # What stays is short-lived, and enough to go on with after a reload.
        assert browser.page.evaluate("sessionStorage['viva.key']").startswith('{"value":"ek_')
        browser.page.reload()
        browser.find("text").fill("Hello.")
        browser.find("send").click()
        browser.wait_for("window.viva.turns >= 1", seconds=40)


def test_an_ephemeral_key_that_is_not_good_is_told_with_the_remedy(server: VivaServer) -> None:
    with chromium(server, microphone=None, key="ek_" + "0" * 32) as browser:
        browser.find("key").wait_for(state="visible", timeout=10_000)
        assert "viva token" in browser.page.locator("#key-refusal").inner_text()
        assert browser.page.evaluate("sessionStorage.length") == 0
        assert browser.complaints and all("401" in text for text in browser.complaints), browser.complaints
        browser.complaints.clear()


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


def test_text_only_and_back_to_voice_in_one_session(server: VivaServer) -> None:
    with chromium(server, microphone=None, query="?mode=text") as browser:
        browser.find("text").fill("What is the capital of France?")
        browser.find("send").click()
        browser.wait_for("window.viva.turns >= 1", seconds=40)
        assert words(browser.captions("agent")[-1])
        assert browser.viva("audioBytesReceived") == 0
        assert not browser.find("talk").is_visible()
        browser.find("voice").check()
        browser.find("text").fill("What can I do on a rainy day?")
        browser.find("send").click()
        browser.wait_for("window.viva.turns >= 2", seconds=40)
        assert browser.viva("audioBytesReceived")
        assert browser.find("talk").is_visible()
        assert len(browser.sessions) == 1, browser.sessions


def test_the_telephone_format_is_heard(server: VivaServer) -> None:
    with chromium(server, microphone=None, fragment="&record=1") as browser:
        browser.find("format").select_option("audio/pcmu")
        browser.find("text").fill("What is the capital of France?")
        browser.find("send").click()
        browser.wait_for("window.viva.turns >= 1 && window.viva.state === 'muted'", seconds=60)
        said = browser.captions("agent")[-1]
        pcm, rate = recording(browser)
    heard = " ".join(asyncio.run(transcribe_pieces(server.asr, pcm, rate)))
    assert word_error(said, heard) < 0.5, (said, heard)


@contextmanager
def scripted(server: VivaServer) -> Iterator[tuple[Browser, ScriptedSession]]:
    """The page in a session that the test plays, after a first word of the user."""
    with chromium(server, microphone=None, query="?mode=text") as browser:
        session = ScriptedSession(browser.page)
        browser.find("text").fill("Can I come on Tuesday?")
        browser.find("send").click()
        browser.wait_for("window.viva.state === 'thinking'", seconds=10)
        yield browser, session


def test_tool_calls_are_shown(server: VivaServer) -> None:
    with scripted(server) as (browser, session):
        cards, statuses = browser.find("caption-call"), browser.find("tool-status")
        session.call("call_1", "find_slots", {"day": "<b>Tuesday</b>"})
        session.call_status("call_1", "in_progress")
        session.settle()
        assert statuses.all_inner_texts() == ["running"]
        session.call_output("call_1", '{"slots":["half past ten"]}')
        session.call_status("call_1", "completed", duration_ms=412)
        session.settle()
        assert statuses.all_inner_texts() == ["done in 0.41 s"]
        shown = cards.first.inner_text()
        assert "find_slots" in shown and '{ "day": "<b>Tuesday</b>" }' in shown and "half past ten" in shown

        # Nothing of the order of events is taken for granted.
        session.call_status("call_2", "failed", duration_ms=5003, error="The service is gone.")
        session.call("call_2", "book_slot", {"slot": "half past ten"})
        session.settle()
        assert statuses.all_inner_texts() == ["done in 0.41 s", "failed after 5.00 s"]
        assert "The service is gone." in cards.last.inner_text()


def test_a_resumed_answer_is_marked(server: VivaServer) -> None:
    with scripted(server) as (browser, session):
        session.say("item_1", "Yes, on Tuesday there is room.")
        session.send("viva.response.resumed", response_id="resp_item_1", item_id="item_1")
        session.settle()
        assert "resumed after a false interruption" in browser.find("captions").inner_text()


def test_the_ladder_is_shown_and_text_is_where_the_next_words_go(server: VivaServer) -> None:
    with scripted(server) as (browser, session):
        badge = browser.find("ladder")
        assert not badge.is_visible()
        full = {"reason": "recovered", "since": 0, "questions": "model", "offers_correction": False}
        lost = full | {"reason": "asr_failed", "notice": "Please type."}
        browser.find("talk").focus()
        session.send("viva.ladder.changed", **lost | {"from": 1, "to": 3, "input": "text", "output": "voice"})
        session.settle()
        assert "Level 3 of 5" in badge.inner_text() and "You write, the agent speaks" in badge.inner_text()
        assert "Please type." in badge.inner_text()
        assert browser.page.evaluate("document.activeElement.id") == "words"
        session.send("viva.ladder.changed", **lost | {"from": 3, "to": 5, "input": "text", "output": "text"})
        session.send("viva.callback.offered", slots=[{"id": "mon-9", "text": "Monday, <b>9:00</b>"}])
        session.settle()
        browser.find("slot-mon-9").click()
        session.settle()
        assert {"type": "viva.callback.choose", "slot_id": "mon-9"} in session.received
        session.send("viva.callback.chosen", slot_id="mon-9", text="Monday, <b>9:00</b>")
        session.send("viva.ladder.changed", **full | {"from": 2, "to": 1, "input": "voice", "output": "voice"})
        session.settle()
        assert not badge.is_visible()


def test_events_can_be_filtered_read_and_copied(server: VivaServer) -> None:
    with scripted(server) as (browser, session):
        assert not browser.find("events-filter").is_visible()
        browser.find("events").locator("summary").first.click()
        for number in range(600):
            session.send("response.output_text.delta", response_id="r", item_id="i", delta=f"{number} ")
        session.settle()
        rows = browser.find("events").locator("details.event")
        assert rows.count() == 500
        session.send("response.output_audio.delta", response_id="r", item_id="i", delta="A" * 4800)
        session.send("error", error={"message": "Something is wrong.", "code": None})
        session.settle()
        browser.find("events-filter").fill("audio.delta")
        shown = rows.filter(visible=True)
        assert shown.count() == 1
        shown.first.locator("summary").click()
        # An event's body is drawn by its `toggle` event, which comes a little after the click.
        shown.first.get_by_text("3.6 kB of audio").wait_for(timeout=5000)
        assert "AAAA" not in shown.first.inner_text()
        browser.find("events-filter").fill("")
        browser.find("events-copy").click()
        browser.wait_for("document.getElementById('events-copied').textContent !== ''", seconds=5)
        lines = [json.loads(line) for line in browser.page.evaluate("navigator.clipboard.readText()").splitlines()]
        assert len(lines) == 500 and lines[-1]["event"]["type"] == "error" and lines[-1]["direction"] == "received"
        assert all(line["at_ms"] >= 0 and line["bytes"] > 0 for line in lines)


def test_nothing_is_wider_than_a_telephone(server: VivaServer) -> None:
    with scripted(server) as (browser, session):
        session.call("call_1", "find_slots", {"a_very_long_name_of_an_argument": "x" * 300})
        session.settle()
        browser.find("voice").check()
        for width in (320, 390):
            browser.page.set_viewport_size({"width": width, "height": 800})
            assert browser.page.evaluate("document.documentElement.scrollWidth") == width
