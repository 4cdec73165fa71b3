"""One call whose client moves twice: while the agent speaks, and in the middle of the client's own sentence."""

from __future__ import annotations

import asyncio
import json
import random
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import webrtc
from support.chromium_call import RESTART, Caller, chromium
from support.server import VivaServer
from support.speech import Voice
from support.words import word_error

from .nat import NAT, longest_gap, missing

SENTENCE = "Can you tell me why the sky is blue in the summer and so grey in the winter?"
# How much of a browser's microphone is quiet before the sentence: the first move has to be over.
QUIET_SECONDS = 22.0
# One packet of the caller's, whose audio is Opus by 20 ms.
_PACKET_MS = 20
# After a move, until what it did is looked at. Clients check every 5 s (aiortc) or every few (Chromium).
_SETTLE_SECONDS = 12.0
_TRANSCRIBED = "conversation.item.input_audio_transcription.completed"


@dataclass
class Move:
    """What one change of address did. Times in milliseconds."""

    scenario: str
    speaker: str
    # Longest time without RTP for the client: in the two seconds before, and from the move on. None while the agent is
    # silent, which sends nothing.
    client_gap_before: float | None
    client_gap: float | None
    client_lost: int
    # The server counts by sequence numbers; the gap is as long as what it lost.
    server_lost: int
    server_gap: int


@dataclass
class CallResult:
    """A call with its two moves. `kept`: the session is the same, and it answered afterwards."""

    scenario: str
    moves: list[Move]
    transcript: str
    word_error: float
    kept: bool


def figures(server: VivaServer, session: str) -> dict[str, Any]:
    """The server's of a call's audio, at most a second old; empty when the session is gone."""
    with urllib.request.urlopen(f"{server.admin}/sessions", timeout=5) as answer:
        found = [entry for entry in json.load(answer)["data"] if entry["id"] == session]
    return found[0].get("webrtc", {}) if found else {}


class Watch:
    """Looks at one move from before it until it has settled."""

    def __init__(self, server: VivaServer, session: str, nat: NAT, scenario: str, speaker: str) -> None:
        self._server, self._session, self._nat = server, session, nat
        self._scenario, self._speaker = scenario, speaker
        self._lost_before = figures(server, session).get("packets_lost", 0)
        self._moved = 0.0

    def begin(self) -> None:
        """The move is now."""
        self._moved = time.monotonic()

    def end(self) -> Move:
        """What came of it."""
        now = time.monotonic()
        lost = figures(self._server, self._session).get("packets_lost", self._lost_before) - self._lost_before
        down, speaks = self._nat.down, self._speaker == "agent"
        return Move(
            self._scenario,
            self._speaker,
            client_gap_before=longest_gap(down, self._moved - 2, self._moved) if speaks else None,
            client_gap=longest_gap(down, self._moved, now) if speaks else None,
            client_lost=missing(down, self._moved, now),
            server_lost=lost,
            server_gap=lost * _PACKET_MS,
        )


async def rebound_in_aiortc(server: VivaServer, chance: random.Random) -> CallResult:
    """The NAT forgets the bindings of an aiortc client."""
    scenario, nat = "NAT rebind, aiortc", NAT()
    pcm = await Voice(server.tts).say(SENTENCE)
    try:
        async with webrtc.call(server.http, server.key, "monologue", answer_as=nat.answer_as) as call:
            client = call.client
            session = (await client.wait("session.created"))["session"]["id"]
            await client.wait("output_audio_buffer.started", timeout=30)
            await asyncio.sleep(chance.uniform(2.5, 4))

            watch = await asyncio.to_thread(Watch, server, session, nat, scenario, "agent")
            watch.begin()
            nat.rebind()
            await asyncio.sleep(_SETTLE_SECONDS)
            moves = [await asyncio.to_thread(watch.end)]

            here = len(client.events)
            watch = await asyncio.to_thread(Watch, server, session, nat, scenario, "caller")
            speaking = asyncio.create_task(call.mouth.say(pcm))
            await asyncio.sleep(chance.uniform(1, 2))
            watch.begin()
            nat.rebind()
            await speaking
            heard, kept = "", False
            try:
                heard = (await client.wait(_TRANSCRIBED, after=here))["transcript"]
                await client.wait("output_audio_buffer.started", after=here)
                kept = bool(await asyncio.to_thread(figures, server, session)) and client.closed is None
            except AssertionError as error:
                print(f"{scenario}: {error}")
            await asyncio.sleep(max(0.0, _SETTLE_SECONDS / 2))
            moves.append(await asyncio.to_thread(watch.end))
            return CallResult(scenario, moves, heard, word_error(SENTENCE, heard), kept)
    finally:
        nat.close()


def rebound_in_chromium(server: VivaServer, microphone: Path, chance: random.Random) -> CallResult:
    """The NAT forgets the bindings of a browser, which knows nothing of it."""
    return _in_chromium("NAT rebind, Chromium", lambda nat, caller: nat.rebind(), server, microphone, chance)


def restarted_in_chromium(server: VivaServer, microphone: Path, chance: random.Random) -> CallResult:
    """The browser restarts ICE, as after a change of network."""

    def restart(nat: NAT, caller: Caller) -> None:
        status = caller.page.evaluate(RESTART)
        assert status == 200, status

    return _in_chromium("ICE restart, Chromium", restart, server, microphone, chance)


def _in_chromium(
    scenario: str,
    move: Callable[[NAT, Caller], object],
    server: VivaServer,
    microphone: Path,
    chance: random.Random,
) -> CallResult:
    nat = NAT()
    try:
        with chromium(server, microphone, "monologue", nat.answer_as) as caller:
            session = caller.wait("session.created", 1, 20)[0]["session"]["id"]
            caller.wait("output_audio_buffer.started", 1, 30)
            caller.page.wait_for_timeout(chance.uniform(2500, 4000))

            watch = Watch(server, session, nat, scenario, "agent")
            watch.begin()
            move(nat, caller)
            caller.page.wait_for_timeout(_SETTLE_SECONDS * 1000)
            moves = [watch.end()]

            watch = Watch(server, session, nat, scenario, "caller")
            answers = len(caller.of("output_audio_buffer.started"))
            caller.wait("input_audio_buffer.speech_started", 1, 60)
            caller.page.wait_for_timeout(chance.uniform(800, 1800))
            watch.begin()
            move(nat, caller)
            heard, kept = "", False
            try:
                heard = caller.wait(_TRANSCRIBED, 1, 40)[0]["transcript"]
                caller.wait("output_audio_buffer.started", answers + 1, 40)
                kept = bool(figures(server, session)) and len(caller.of("session.created")) == 1
            except AssertionError as error:
                print(f"{scenario}: {error}")
            caller.page.wait_for_timeout(_SETTLE_SECONDS / 2 * 1000)
            moves.append(watch.end())
            return CallResult(scenario, moves, heard, word_error(SENTENCE, heard), kept)
    finally:
        nat.close()
