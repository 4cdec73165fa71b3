"""The page's calls over WebRTC in Chromium: interrupted, moved to another network, ended; and what it does without."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import SENTENCES
from support.server import MONOLOGUE, VivaServer
from support.speech import Voice, silence, write_wav
from support.udp_relay import UDPRelay
from support.words import is_word_prefix, word_error
from test_page import Browser, chromium

# Its channels, and what the page sends on them.
NOTEBOOK = """
window.sent = [];
window.channels = [];
const { createDataChannel } = RTCPeerConnection.prototype;
RTCPeerConnection.prototype.createDataChannel = function (label) {
  const channel = createDataChannel.call(this, label);
  window.channels.push(channel);
  const send = channel.send.bind(channel);
  channel.send = (text) => { window.sent.push(JSON.parse(text).type); send(text); };
  return channel;
};
"""


def candidates_at(address: str) -> str:
    """A script: the server is at this `address port`, says the browser."""
    return f"""
const {{ setRemoteDescription }} = RTCPeerConnection.prototype;
RTCPeerConnection.prototype.setRemoteDescription = function ({{ type, sdp }}) {{
  const candidate = /^(a=candidate:\\S+ \\d udp \\d+) \\S+ (\\d+)/gim;
  window.mediaPort = Number(candidate.exec(sdp)[2]);
  return setRemoteDescription.call(this, {{ type, sdp: sdp.replace(candidate, "$1 {address}") }});
}};
"""


WITHOUT = {
    "UDP": (candidates_at("192.0.2.1 9"), "UDP does not get through"),
    "RTCPeerConnection": ("delete window.RTCPeerConnection;", "this browser has no WebRTC"),
}


def ask(browser: Browser, text: str) -> None:
    """Writes, and waits until it is answered."""
    turns = browser.viva("turns")
    assert isinstance(turns, int)
    browser.find("text").fill(text)
    browser.find("send").click()
    browser.wait_for(f"window.viva.turns > {turns}", seconds=40)


def is_there(server: VivaServer, session: object) -> bool:
    """Whether the server has this session."""
    with urllib.request.urlopen(f"{server.admin}/sessions", timeout=5) as answer:
        return any(entry["id"] == session for entry in json.load(answer)["data"])


def assert_over(server: VivaServer, session: object) -> None:
    """Within a few seconds the server has it no more."""
    deadline = time.monotonic() + 5
    while is_there(server, session):
        assert time.monotonic() < deadline, f"{session} goes on"
        time.sleep(0.1)


@pytest.fixture
def relay() -> Iterator[UDPRelay]:
    """A network for one test."""
    made = UDPRelay()
    yield made
    made.close()


def test_who_interrupts_is_heard_and_the_server_cuts(server: VivaServer, voice: Voice, tmp_path: Path) -> None:
    microphone = tmp_path / "microphone.wav"
    said = asyncio.run(voice.say(SENTENCES[4]))
    write_wav(microphone, silence(9) + said + silence(40), 48_000)
    with chromium(server, microphone, "&raw=1&agent=monologue", script=NOTEBOOK) as browser:
        browser.find("talk").click()
        browser.wait_for("window.viva.state === 'speaking'", seconds=8)
        browser.wait_for("document.querySelector('.agent .unheard') !== null", seconds=20)
        heard = browser.page.evaluate("document.querySelector('.agent .unheard').previousSibling.textContent")
        assert heard.strip() and is_word_prefix(heard, MONOLOGUE), heard
        assert "interrupted" in browser.page.locator(".agent .note").first.inner_text()
        # The conversation goes on.
        browser.wait_for("window.viva.turns >= 2", seconds=40)
        assert word_error(SENTENCES[4], browser.captions("user")[-1]) < 0.4, browser.captions("user")
        sent = browser.page.evaluate("sent")
        assert "session.update" in sent, sent
        assert not {"conversation.item.truncate", "input_audio_buffer.append"} & set(sent), sent


def test_escape_silences_the_agent(server: VivaServer) -> None:
    with chromium(server, None, "&agent=monologue", script=NOTEBOOK) as browser:
        browser.find("text").fill("Tell me about your village.")
        browser.find("send").click()
        browser.wait_for("window.viva.state === 'speaking'", seconds=20)
        browser.page.wait_for_timeout(1500)
        browser.page.keyboard.press("Escape")
        browser.wait_for("window.viva.state === 'muted'", seconds=3)
        browser.wait_for("document.querySelector('.agent .unheard') !== null", seconds=5)
        assert "output_audio_buffer.clear" in browser.page.evaluate("sent")


def test_a_call_outlives_a_change_of_network(server: VivaServer, relay: UDPRelay) -> None:
    with chromium(server, None, script=candidates_at(f"127.0.0.1 {relay.port}")) as browser:
        browser.find("text").fill("Hello.")
        browser.find("send").click()
        browser.wait_for("window.mediaPort !== undefined", seconds=20)
        relay.target = int(browser.page.evaluate("window.mediaPort"))
        browser.wait_for("window.viva.turns >= 1 && window.viva.state === 'muted'", seconds=40)
        assert browser.viva("transport") == "webrtc"
        session = browser.viva("sessionId")
        relay.is_cut = True
        browser.wait_for("document.getElementById('line').dataset.repairing === 'true'", seconds=30)
        assert "network changed" in browser.find("line").inner_text()
        browser.page.wait_for_timeout(2000)
        relay.move()
        browser.wait_for("document.getElementById('line').dataset.repairing === 'false'", seconds=30)
        assert [url for url in browser.requests if "/calls/rtc_" in url], browser.requests
        ask(browser, "What is the capital of France?")
        assert browser.viva("sessionId") == session
        assert not browser.sessions


def test_a_lost_data_channel_is_replaced(server: VivaServer) -> None:
    with chromium(server, None, script=NOTEBOOK) as browser:
        ask(browser, "Hello.")
        session = browser.viva("sessionId")
        browser.page.evaluate("channels[0].close()")
        browser.wait_for("window.channels[1]?.readyState === 'open'", seconds=10)
        ask(browser, "What is the capital of France?")
        assert browser.viva("sessionId") == session


@pytest.mark.parametrize("without", WITHOUT)
def test_without_webrtc_there_is_the_websocket(server: VivaServer, without: str) -> None:
    script, words = WITHOUT[without]
    with chromium(server, None, script=script) as browser:
        ask(browser, "What is the capital of France?")
        assert browser.viva("transport") == "websocket"
        assert words in browser.find("line").inner_text()
        assert browser.viva("audioBytesReceived")


@pytest.mark.parametrize("status", [404, 503])
def test_without_calls_there_is_the_websocket(server: VivaServer, status: int) -> None:
    error = {"error": {"type": "invalid_request_error", "message": "Calls are <b>switched off</b> here."}}
    with chromium(server, None) as browser:
        browser.page.route("**/v1/realtime/calls*", lambda route: route.fulfill(status=status, json=error))
        ask(browser, "What is the capital of France?")
        assert browser.viva("transport") == "websocket"
        assert "Calls are <b>switched off</b> here" in browser.find("line").inner_text()
        assert browser.complaints and all(str(status) in text for text in browser.complaints), browser.complaints
        browser.complaints.clear()


def test_who_asks_for_webrtc_gets_that_or_is_told(server: VivaServer) -> None:
    with chromium(server, None, query="?transport=webrtc", script="delete window.RTCPeerConnection;") as browser:
        browser.find("text").fill("Hello.")
        browser.find("send").click()
        browser.find("notice").wait_for(state="visible", timeout=10_000)
        assert "no WebRTC" in browser.find("notice").inner_text()
        assert not browser.sessions


def test_hanging_up_ends_the_session(server: VivaServer) -> None:
    with chromium(server, None) as browser:
        ask(browser, "Hello.")
        session = browser.viva("sessionId")
        assert is_there(server, session)
        methods: list[str] = []
        browser.page.on("request", lambda request: methods.append(request.method))
        browser.find("hang-up").click()
        assert_over(server, session)
        assert methods == ["DELETE"], methods
        assert browser.viva("state") == "disconnected"
        assert not browser.find("notice").is_visible()
        # The next one knows what was said.
        ask(browser, "What is the capital of France?")
        assert len(browser.captions("user")) == 2


def hang_up_from_elsewhere(server: VivaServer, browser: Browser) -> None:
    """As a supervisor's program does, or a telephone exchange."""
    call = "rtc_" + str(browser.viva("sessionId")).removeprefix("sess_")
    request = urllib.request.Request(f"{server.http}/v1/realtime/calls/{call}/hangup", method="POST")
    request.add_header("Authorization", f"Bearer {server.key}")
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status == 200


def test_who_is_hung_up_on_is_told(server: VivaServer) -> None:
    with chromium(server, None) as browser:
        ask(browser, "Hello.")
        session = browser.viva("sessionId")
        hang_up_from_elsewhere(server, browser)
        browser.find("notice").wait_for(state="visible", timeout=5_000)
        assert "The call was hung up." in browser.find("notice").inner_text()
        assert browser.viva("state") == "disconnected"
        assert_over(server, session)
        # Nobody calls back by themselves, but the user may; and the sheet says what was between.
        browser.page.wait_for_timeout(1500)
        assert browser.viva("sessionId") == session
        browser.find("reconnect").click()
        ask(browser, "What is the capital of France?")
        assert "The call was hung up. From here on" in browser.page.locator(".divider").inner_text()


ENDS = {
    "expired": (1001, "session expired", "Session expired. Trying again"),
    "stopping": (1001, "the server is stopping", "The server is stopping. Trying again"),
    "error": (1011, "checkpoint failed", "The server met an error: checkpoint failed."),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_reason_of_an_end_is_shown(server: VivaServer, end: str) -> None:
    code, reason, shown = ENDS[end]
    with chromium(server, None, script=NOTEBOOK) as browser:
        ask(browser, "Hello.")
        # What the server says of these (DataChannels.swift), without the minutes that they take.
        event = json.dumps({"type": "viva.session.ended", "event_id": "event_1", "code": code, "reason": reason})
        browser.page.evaluate("(data) => channels[0].onmessage({ data })", event)
        assert shown in browser.find("notice").inner_text()


def test_a_server_that_stops_says_so() -> None:
    viva = VivaServer().start()
    try:
        with chromium(viva, None, script=NOTEBOOK) as browser:
            browser.find("text").fill("Hello.")
            browser.find("send").click()
            browser.wait_for("window.channels[0]?.readyState === 'open'", seconds=20)
            assert browser.viva("transport") == "webrtc"
            viva.process.send_signal(signal.SIGTERM)
            browser.find("notice").wait_for(state="visible", timeout=10_000)
            assert "The server is stopping." in browser.find("notice").inner_text()
            # It tries again, at nobody's.
            browser.complaints.clear()
            browser.page.goto("about:blank")
            browser.complaints.clear()
    finally:
        left = viva.stop()
        viva.remove()
    assert not left, left


def test_a_call_that_the_server_gave_up_says_so(server: VivaServer, relay: UDPRelay) -> None:
    error = {"error": {"type": "invalid_request_error", "message": "No such call."}}
    with chromium(server, None, script=candidates_at(f"127.0.0.1 {relay.port}")) as browser:
        browser.find("text").fill("Hello.")
        browser.find("send").click()
        browser.wait_for("window.mediaPort !== undefined", seconds=20)
        relay.target = int(browser.page.evaluate("window.mediaPort"))
        browser.wait_for("window.viva.turns >= 1 && window.viva.state === 'muted'", seconds=40)
        # As after the minute that it waits for a caller who was lost.
        browser.page.route("**/v1/realtime/calls/rtc_*", lambda route: route.fulfill(status=404, json=error))
        relay.is_cut = True
        browser.find("notice").wait_for(state="visible", timeout=30_000)
        assert "lost: the server has given the call up. Trying again" in browser.find("notice").inner_text()
        browser.complaints.clear()


def test_leaving_the_page_ends_the_session(server: VivaServer) -> None:
    with chromium(server, None) as browser:
        ask(browser, "Hello.")
        session = browser.viva("sessionId")
        assert is_there(server, session)
        browser.page.goto("about:blank")
        assert_over(server, session)


def test_the_network_is_shown(server: VivaServer) -> None:
    with chromium(server, None) as browser:
        ask(browser, "What is the capital of France?")
        browser.wait_for("window.viva.network?.roundTrip > 0", seconds=10)
        browser.find("network").locator("summary").click()
        shown = browser.find("network").inner_text()
        for row in ("round trip", "jitter", "packets lost", "sound made up"):
            assert row in shown, shown
