"""A sender that jumps by a reserved block, changes its SSRC, or is killed and goes on: whether receivers hear it.

The sender is `viva-load sender`, made of Viva's own peer. Each change comes with a tone of its own, so that "heard" means
what was sent after it.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import tone_receiver
from support.packet_indices import PacketIndices
from support.tone_receiver import Receiver, heard
from support.tone_sender import ToneSender
from support.udp_relay import UDPRelay

# A receiver that plays nothing for so long has lost the stream.
PATIENCE = 5
_CANDIDATE = re.compile(r"^(a=candidate:\S+ \d udp \d+ \S+) (\d+)", re.IGNORECASE | re.MULTILINE)


class ToneCall:
    """A receiver, a sender, and a tap on the wire between them."""

    def __init__(self, receiver: Receiver, folder: Path) -> None:
        self.receiver = receiver
        self.indices = PacketIndices()
        self.kept = folder / "call.json"
        self._offer = folder / "offer.sdp"
        self._relay = UDPRelay()
        self._relay.tap = self.indices.note
        self.sender: ToneSender | None = None

    def begin(self, *arguments: str) -> None:
        """Until the first tone is heard."""
        self._offer.write_text(self.receiver.offer())
        self.sender = ToneSender("--offer", str(self._offer), "--tone", "440", *arguments)
        answer = self.sender.wait("answer")["sdp"]
        assert "a=ssrc" not in answer, answer
        found = _CANDIDATE.search(answer)
        assert found, answer
        self._relay.target = int(found[2])
        self.receiver.accept(_CANDIDATE.sub(rf"\1 {self._relay.port}", answer))
        self.indices.learn(self.sender.wait("connected")["cipher"])
        self.hear("begin", 440)

    def change(self, order: str, hertz: int) -> dict[str, Any]:
        """Gives the order, and waits until its tone is heard. Returns what the sender says of its first packet."""
        assert self.sender
        self.sender.order(f"{order} {hertz}")
        return self.hear(order, hertz)

    def hear(self, what: str, hertz: int, killed: float | None = None) -> dict[str, Any]:
        """Waits for the sender's new tone."""
        assert self.sender
        first = self.sender.wait("speaks")
        assert first["hertz"] == hertz
        sent = first["unix_milliseconds"] / 1000
        deadline = time.time() + PATIENCE
        while (at := heard(self.receiver.sounds(), hertz, sent)) is None:
            assert time.time() < deadline, f"{what}: {hertz} Hz was not heard: {self.receiver.sounds()[-20:]}"
            self.receiver.pause(0.05)
        gap = f"{(at - sent) * 1000:.0f} ms after the first packet"
        if killed:
            gap += f", {(at - killed) * 1000:.0f} ms after SIGKILL"
        print(f"GAP {type(self.receiver).__name__}, {what}: {gap}; {self.receiver.changes()}")
        # And it lasts.
        self.receiver.pause(1)
        end = self.receiver.sounds()[-30:]
        assert heard(end, hertz, 0), f"{what}: {hertz} Hz did not last: {end}"
        return first

    def restart(self, hertz: int, dead_seconds: float) -> dict[str, Any]:
        """Kills the sender, lets it be dead for so long, and starts another."""
        assert self.sender
        self.check_received()
        killed = time.time()
        self.sender.kill()
        self.receiver.pause(dead_seconds)
        self.sender = ToneSender("--resume", str(self.kept), "--tone", str(hertz))
        return self.hear(f"dead for {dead_seconds} s", hertz, killed)

    def check_received(self) -> None:
        """What the client sends goes on, and all of it is authentic."""
        assert self.sender
        before = self.sender.figures()
        self.receiver.pause(0.5)
        after = self.sender.figures()
        assert after["received"] - before["received"] > 10, (before, after)
        assert not [reason for reason in after["dropped"] if "srtp" in reason], after

    def check(self) -> None:
        """What holds for every call."""
        self.check_received()
        assert not self.indices.reused, self.indices.reused
        assert self.indices.rtcp, "no report was seen"
        tracks = [change for change in self.receiver.changes() if change.startswith("track")]
        assert len(tracks) == 1 and "ended" not in self.receiver.changes(), self.receiver.changes()
        statistics = self.receiver.statistics()
        print("    ", {name: statistics.get(name) for name in ("packetsReceived", "packetsLost", "concealedSamples")})

    def close(self) -> None:
        """Ends the sender and the relay."""
        if self.sender:
            self.sender.close()
        self._relay.close()


@pytest.fixture(params=["chromium", "aiortc"])
def call(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ToneCall]:
    """A call that has not begun."""
    with getattr(tone_receiver, request.param)() as receiver, contextlib.closing(ToneCall(receiver, tmp_path)) as made:
        yield made


def test_a_sender_may_jump_by_a_block(call: ToneCall) -> None:
    call.begin()
    ssrcs = {
        call.change("jump 1000", 700)["ssrc"],
        call.change("jump 10000", 1000)["ssrc"],
        call.change("jump 10000", 1300)["ssrc"],
    }
    assert ssrcs == call.indices.rtp.keys() and len(ssrcs) == 1
    (row,) = call.indices.rtp.values()
    assert max(row) - min(row) > 21_000
    (row,) = call.indices.rtcp.values()
    assert max(row) - min(row) > 21_000
    call.check()


def test_a_jump_may_cross_the_round_of_sequence_numbers(call: ToneCall) -> None:
    call.begin("--first", "60000")
    assert call.change("jump 10000", 700)["index"] >> 16 == 1
    call.change("jump 1000", 1000)
    (row,) = call.indices.rtp.values()
    assert min(row) == 60_000 and max(row) > 71_000
    call.check()


def test_another_ssrc_in_mid_call_is_heard(call: ToneCall) -> None:
    """The answer names none, so any will do."""
    call.begin()
    for hertz in (700, 1000, 1300):
        call.change("ssrc", hertz)
    assert len(call.indices.rtp) == 4
    call.check()


def test_a_killed_sender_goes_on(call: ToneCall) -> None:
    """At the end of the indices that it had reserved, under its SSRC, from its port, without a word of the client."""
    call.begin("--keep", str(call.kept))
    assert call.kept.stat().st_mode & 0o777 == 0o600
    for hertz in (700, 1000):
        (ssrc, row), *others = call.indices.rtp.items()
        assert not others
        last = max(row)
        first = call.restart(hertz, dead_seconds=1.5)
        assert first["ssrc"] == ssrc and last < first["index"] <= last + 2001
        call.check_received()
        assert call.sender and "path: reconnected" in [note["event"] for note in call.sender.notes]
    call.check()


@pytest.mark.parametrize("call", ["chromium"], indirect=True)
def test_checks_of_its_own_wake_a_client_that_has_given_up(call: ToneCall) -> None:
    """Chromium sends nothing any more once its connection has failed."""
    call.begin("--keep", str(call.kept))
    call.restart(700, dead_seconds=20)
    changes = call.receiver.changes()
    assert "failed" in changes and changes[-1] == "connected", changes
    call.check()
