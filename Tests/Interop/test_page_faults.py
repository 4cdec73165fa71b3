"""The page of a server in development: workers are broken with its switches, and what comes of that is seen on it."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import SENTENCES
from playwright.sync_api import Page, WebSocketRoute
from support.server import ROOT, VivaServer
from support.speech import Voice, silence, write_wav
from support.words import words
from test_page import Browser, chromium
from websockets.sync.client import ClientConnection, connect

SCREENSHOT = Path(os.environ.get("VIVA_FAULTS_SCREENSHOT", ROOT / ".viva/page-faults.png"))
BACK_SECONDS = 120
UNWELL = {"doubtful", "away"}
OFF = "development: ${VIVA_DEVELOPMENT:-false}"


@pytest.fixture(scope="module")
def laboratory() -> Iterator[VivaServer]:
    """A server in development. It stops at once although all its workers are halted."""
    viva = VivaServer()
    text = viva.config.read_text()
    assert OFF in text
    viva.config.write_text(text.replace(OFF, "development: true"))
    viva.start()
    yield viva
    for kind in ("moonshine", "smollm2", "piper", "smart-turn"):
        break_worker(viva, kind, "stop")
    left = viva.stop()
    assert not left, f"left behind: {[process.command for process in left]}"
    viva.remove()


def break_worker(viva: VivaServer, provider: str, fault: str) -> None:
    request = urllib.request.Request(viva.http + "/v1/viva/faults", method="POST")
    request.add_header("Authorization", f"Bearer {viva.key}")
    body = json.dumps({"provider": provider, "fault": fault}).encode()
    with urllib.request.urlopen(request, body, timeout=10) as answer:
        assert answer.status == 200


def ask(browser: Browser, text: str) -> None:
    """A typed question, answered."""
    turns = browser.viva("turns")
    browser.find("text").fill(text)
    browser.find("send").click()
    browser.wait_for(f"window.viva.turns > {turns}", seconds=60)


def test_voices_that_fail_bring_text_and_come_back(laboratory: VivaServer) -> None:
    with chromium(laboratory, microphone=None) as browser:
        badge = browser.find("ladder")
        piper = browser.find("worker-piper")
        piper.get_by_text("live").wait_for(timeout=10_000)
        ask(browser, "What is the capital of France?")
        assert browser.viva("audioBytesReceived")

        for voice in ("piper", "espeak"):
            browser.find(f"fault-{voice}").select_option("error_500")
        ask(browser, "And of Italy?")
        badge.get_by_text("You speak, the agent writes").wait_for(timeout=10_000)
        piper.get_by_text("last call refused").wait_for(timeout=5000)
        assert "of 5 not well" in browser.find("workers-figure").inner_text()
        assert {browser.find(f"worker-{voice}").get_attribute("data-well") for voice in ("piper", "espeak")} <= UNWELL
        ask(browser, "And of Spain?")
        assert words(browser.captions("agent")[-1])
        browser.page.wait_for_timeout(1200)
        SCREENSHOT.parent.mkdir(parents=True, exist_ok=True)
        browser.page.screenshot(path=str(SCREENSHOT))

        for voice in ("piper", "espeak"):
            browser.find(f"fault-{voice}").select_option("none")
        browser.wait_for("document.getElementById('ladder').dataset.output === 'voice'", seconds=BACK_SECONDS)
        heard = browser.viva("audioBytesReceived")
        browser.page.wait_for_timeout(3000)  # the agent says that its voice is back
        ask(browser, "And of Portugal?")
        browser.wait_for(f"window.viva.audioBytesReceived > {heard}", seconds=10)
        browser.wait_for("document.querySelector('[data-testid=worker-piper]').dataset.well === 'well'", BACK_SECONDS)


def test_a_worker_that_is_killed_or_halted_is_seen_to_be_and_to_come_back(laboratory: VivaServer) -> None:
    with chromium(laboratory, microphone=None) as browser:
        piper = browser.find("worker-piper")
        piper.get_by_text("live").wait_for(timeout=60_000)
        victim = laboratory.worker("tts").pid
        browser.find("kill-piper").click()
        browser.wait_for("!document.querySelector('[data-testid=worker-piper] .phase').textContent.includes('live')", 10)
        piper.get_by_text("live").wait_for(timeout=BACK_SECONDS * 1000)
        assert laboratory.worker("tts").pid != victim

        browser.find("stop-piper").click()
        piper.get_by_text("halted").wait_for(timeout=5000)
        assert state(laboratory.worker("tts").pid) == "T"
        browser.find("continue-piper").click()
        piper.get_by_text("live").wait_for(timeout=5000)
        assert state(laboratory.worker("tts").pid) != "T"


def state(pid: int) -> str:
    """As proc(5) has it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


class Between:
    """Stands between the page and the server, and says more than that does."""

    def __init__(self, page: Page) -> None:
        self._socket: WebSocketRoute | None = None
        page.route_web_socket(lambda url: "/v1/realtime" in url, self._attach)

    def say(self, type: str, **fields: Any) -> None:
        assert self._socket is not None, "the page has opened no session yet"
        self._socket.send(json.dumps({"type": type, "event_id": "event_between", **fields}))

    def _attach(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(socket.send)


def wait(sideband: ClientConnection, type: str) -> dict[str, Any]:
    while True:
        event = json.loads(sideband.recv(timeout=10))
        if event["type"] == type:
            return event


def test_the_user_corrects_what_was_heard(laboratory: VivaServer, tmp_path: Path) -> None:
    microphone = tmp_path / "microphone.wav"
    said = asyncio.run(Voice.prepared(laboratory.tts, SENTENCES).say(SENTENCES[0]))
    write_wav(microphone, silence(2) + said + silence(60), 48_000)
    with chromium(laboratory, microphone, "&raw=1", query="?transport=websocket") as browser:
        between = Between(browser.page)
        correct, field, captions = browser.find("correct"), browser.find("correction"), browser.find("captions")
        browser.find("talk").click()
        browser.wait_for("window.viva.turns >= 1", seconds=40)
        heard = browser.captions("user")[-1]
        assert not correct.is_visible()
        offer = {"reason": "low_confidence", "since": 0, "input": "voice", "output": "voice", "questions": "model"}
        between.say("viva.ladder.changed", **offer | {"from": 1, "to": 1, "offers_correction": True})
        correct.wait_for(timeout=5000)

        # By keyboard alone; Escape leaves everything as it was.
        correct.focus()
        browser.page.keyboard.press("Enter")
        assert field.input_value() == heard
        field.fill("Something else.")
        browser.page.keyboard.press("Escape")
        assert not field.is_visible() and browser.captions("user")[-1] == heard

        url = f"{laboratory.websocket}?call_id={browser.viva('sessionId')}"
        with connect(url, additional_headers={"Authorization": f"Bearer {laboratory.key}"}) as sideband:
            browser.page.keyboard.press("Enter")
            field.fill("What is the capital of <b>Finland</b>?")
            browser.page.keyboard.press("Enter")
            corrected = wait(sideband, "viva.transcript.corrected")
            assert corrected["transcript"] == "What is the capital of <b>Finland</b>?"
            captions.get_by_text("corrected").wait_for(timeout=5000)
            assert browser.captions("user")[-1] == "What is the capital of <b>Finland</b>?"
            assert browser.page.evaluate("document.activeElement.dataset.testid") == "correct"

            # Another participant corrects it as well.
            event = {"type": "viva.transcript.correct", "item_id": corrected["item_id"], "transcript": "Of Norway."}
            sideband.send(json.dumps(event))
            captions.get_by_text("Of Norway.").wait_for(timeout=5000)

        # What was written needs no correction, and when nobody doubts any more nothing can be corrected.
        ask(browser, "Thank you.")
        assert captions.get_by_test_id("correct").filter(visible=True).count() == 1
        between.say("viva.ladder.changed", **offer | {"from": 1, "to": 1, "offers_correction": False})
        correct.first.wait_for(state="hidden", timeout=5000)


def test_a_server_that_is_not_in_development_shows_its_workers_without_switches(server: VivaServer) -> None:
    with chromium(server, microphone=None) as browser:
        panel = browser.find("workers")
        browser.page.wait_for_timeout(1000)
        assert not browser.find("worker-piper").is_visible(), "the panel has opened by itself"
        panel.locator("summary").click()
        browser.find("worker-piper").get_by_text("live").wait_for(timeout=10_000)
        browser.find("worker-espeak").get_by_text("on call").wait_for(timeout=1000)
        assert panel.locator("select, button").count() == 0
