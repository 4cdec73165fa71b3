"""A NAT on loopback between clients and a server: it can forget its bindings, and it notes each RTP packet."""

from __future__ import annotations

import re
import select
import socket
import threading
import time
from dataclasses import dataclass

_CANDIDATE = re.compile(r"^(a=candidate:\S+ \d udp \d+) \S+ (\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Packet:
    """An RTP packet that was passed on; `at` is in monotonic seconds."""

    at: float
    ssrc: int
    sequence: int


class NAT:
    """Each address of a client has a socket towards the server, as with a home router."""

    def __init__(self) -> None:
        self._front = _socket()
        self.port: int = self._front.getsockname()[1]
        self._target: tuple[str, int] | None = None
        self._backs: dict[tuple[str, int], socket.socket] = {}
        self._is_moved = threading.Event()
        self._is_closed = threading.Event()
        # To the server, and to the client.
        self.up: list[Packet] = []
        self.down: list[Packet] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer_as(self, answer: str) -> str:
        """The server's answer with this NAT in the server's place."""
        found = _CANDIDATE.search(answer)
        assert found, answer
        self._target = ("127.0.0.1", int(found[2]))
        return _CANDIDATE.sub(rf"\1 127.0.0.1 {self.port}", answer)

    def rebind(self) -> float:
        """Forgets all bindings: from now on the server sees other ports. Returns when that was."""
        self._is_moved.set()
        return time.monotonic()

    def close(self) -> None:
        """Ends it."""
        self._is_closed.set()
        self._thread.join()
        for each in (self._front, *self._backs.values()):
            each.close()

    def _run(self) -> None:
        while not self._is_closed.is_set():
            for ready in select.select([self._front, *self._backs.values()], [], [], 0.1)[0]:
                if self._is_moved.is_set():
                    self._is_moved.clear()
                    for each in self._backs.values():
                        each.close()
                    self._backs.clear()
                if ready.fileno() >= 0:
                    self._pass_on(ready)

    def _pass_on(self, ready: socket.socket) -> None:
        packet, sender = ready.recvfrom(65_536)
        now = time.monotonic()
        if ready is self._front:
            if self._target is None:
                return
            back = self._backs.get(sender) or self._backs.setdefault(sender, _socket())
            back.sendto(packet, self._target)
            _note(packet, now, self.up)
            return
        for client, back in self._backs.items():
            if back is ready:
                self._front.sendto(packet, client)
                _note(packet, now, self.down)


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made


def _note(packet: bytes, now: float, into: list[Packet]) -> None:
    """STUN, DTLS and RTCP are let go by (RFC 7983, section 7, and RFC 5761, section 4)."""
    if len(packet) >= 12 and packet[0] >> 6 == 2 and not 64 <= packet[1] & 0x7F < 96:
        into.append(Packet(now, int.from_bytes(packet[8:12]), int.from_bytes(packet[2:4])))


def longest_gap(packets: list[Packet], since: float, until: float) -> float:
    """Milliseconds between two packets that follow each other, or from the last to the end of this time."""
    times = [*(packet.at for packet in packets if packet.at <= until), until]
    pairs = zip(times, times[1:], strict=False)
    return max(((later - earlier) * 1000 for earlier, later in pairs if later >= since), default=0.0)


def missing(packets: list[Packet], since: float, until: float) -> int:
    """How many sequence numbers are left out by the packets of this time, counted from the last one before it."""
    lost = 0
    last: dict[int, int] = {}
    for packet in packets:
        if packet.at > until:
            break
        step = (packet.sequence - last.get(packet.ssrc, packet.sequence - 1)) & 0xFFFF
        if 0 < step < 0x8000:
            last[packet.ssrc] = packet.sequence
            lost += step - 1 if packet.at >= since else 0
    return lost
