"""A gateway that has SRTP and no DTLS, made of pylibsrtp, libopus and a UDP socket: nothing of Viva's is in it."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import struct
import time
from dataclasses import dataclass, field

import pylibsrtp

from .codecs import FRAME, OpusDecoder, OpusEncoder
from .speech import silence

_TICK = 0.02
_PAYLOAD_TYPE = 111
_TIMESTAMP_STEP = 960
# Master key and salt, in bytes, and libsrtp's name of the suite (RFC 4568, section 6.2; RFC 7714, section 14.3).
SUITES = {
    "AEAD_AES_128_GCM": (28, pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM),
    "AES_CM_128_HMAC_SHA1_80": (30, pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80),
}


@dataclass
class Line(asyncio.DatagramProtocol):
    """One end of a call. `offer` goes out, `connect` takes the answer; then `say` speaks and `pcm` has been heard."""

    suite: str = "AEAD_AES_128_GCM"
    ssrc: int = field(default_factory=lambda: int.from_bytes(os.urandom(4), "big"))
    pcm: bytearray = field(default_factory=bytearray)
    bad: int = 0

    def __post_init__(self) -> None:
        self.key = os.urandom(SUITES[self.suite][0])
        self._pending = bytearray()
        self._task: asyncio.Task[None] | None = None

    @property
    def offer(self) -> str:
        """RTP/SAVP with one key, no ICE and no fingerprint, as a SIP gateway's."""
        lines = (
            "v=0",
            "o=- 1 1 IN IP4 127.0.0.1",
            "s=-",
            "c=IN IP4 127.0.0.1",
            "t=0 0",
            f"m=audio 9 RTP/SAVP {_PAYLOAD_TYPE}",
            f"a=rtpmap:{_PAYLOAD_TYPE} opus/48000/2",
            "a=rtcp-mux",
            f"a=ssrc:{self.ssrc} cname:line",
            f"a=crypto:1 {self.suite} inline:{base64.b64encode(self.key).decode()}",
        )
        return "".join(line + "\r\n" for line in lines)

    async def connect(self, answer: str) -> None:
        """Sends to where the answer says, under its keys, from now on."""
        port = re.search(r"^m=audio (\d+) RTP/SAVP ", answer, re.M)
        host = re.search(r"^c=IN IP4 (\S+)", answer, re.M)
        crypto = re.search(r"^a=crypto:1 (\S+) inline:(\S+)", answer, re.M)
        assert port and host and crypto and crypto[1] == self.suite, answer
        profile = SUITES[self.suite][1]
        policy = pylibsrtp.Policy
        theirs = base64.b64decode(crypto[2])
        self._out = pylibsrtp.Session(policy(self.key, policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))
        self._in = pylibsrtp.Session(policy(theirs, policy.SSRC_ANY_INBOUND, srtp_profile=profile))
        self._decoder = OpusDecoder()
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=(host[1], int(port[1])))
        self._task = asyncio.create_task(self._speak())

    async def say(self, pcm: bytes) -> None:
        """Speaks; returns when the last of it was sent."""
        self._pending += pcm
        while self._pending:
            await asyncio.sleep(0.005)

    async def _speak(self) -> None:
        encoder, quiet = OpusEncoder(), silence(1)[: FRAME * 2]
        began, number = time.monotonic(), 0
        while True:
            piece = bytes(self._pending[: FRAME * 2])
            del self._pending[: FRAME * 2]
            (payload,) = encoder.encode(piece + quiet[len(piece) :])
            header = struct.pack("!BBHII", 0x80, _PAYLOAD_TYPE, number & 0xFFFF, number * _TIMESTAMP_STEP, self.ssrc)
            self._transport.sendto(self._out.protect(header + payload))
            number += 1
            await asyncio.sleep(max(0.0, began + number * _TICK - time.monotonic()))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            if 192 <= data[1] <= 223:
                self._in.unprotect_rtcp(data)
                return
            packet = self._in.unprotect(data)
        except pylibsrtp.Error:
            self.bad += 1
            return
        start = 12 + 4 * (packet[0] & 15)
        if packet[0] & 16:
            start += 4 + 4 * struct.unpack_from("!H", packet, start + 2)[0]
        self.pcm += self._decoder.decode([packet[start:]])

    async def stop(self) -> None:
        """Falls silent and closes its socket."""
        if self._task:
            self._task.cancel()
            self._transport.close()
