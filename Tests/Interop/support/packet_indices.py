"""The packet indices that a sender of SRTP uses, read off the wire: no key is needed for that."""

from __future__ import annotations

import struct
import threading

# Of the authentication tag after the index of an SRTCP packet, in bytes (RFC 3711, section 3.4; RFC 7714, section 9).
_TAG = {"AEAD_AES_128_GCM": 0, "AES_CM_128_HMAC_SHA1_80": 10}


class PacketIndices:
    """What was sent under each (SSRC, index). `reused` is to stay empty: there the key stream was used twice."""

    def __init__(self) -> None:
        # By SSRC: RTP's 48 bits with the rollover counter, and SRTCP's 31.
        self.rtp: dict[int, dict[int, bytes]] = {}
        self.rtcp: dict[int, dict[int, bytes]] = {}
        self.reused: list[tuple[str, int, int]] = []
        # Those of SRTCP can be read once the suite is known.
        self._suite: str | None = None
        self._early: list[bytes] = []
        self._newest: dict[int, int] = {}
        self._lock = threading.Lock()

    def learn(self, suite: str) -> None:
        """Which suite was negotiated, by its name in SDES."""
        with self._lock:
            self._suite = suite
            for packet in self._early:
                self._note_rtcp(packet)
            self._early = []

    def note(self, packet: bytes) -> None:
        """Takes a datagram, in the order of sending."""
        if len(packet) < 12 or packet[0] >> 6 != 2:
            return
        with self._lock:
            if not 192 <= packet[1] <= 223:
                self._note_rtp(packet)
            elif self._suite:
                self._note_rtcp(packet)
            else:
                self._early.append(packet)

    def _note_rtp(self, packet: bytes) -> None:
        sequence, ssrc = struct.unpack_from("!H4xI", packet, 2)
        newest = self._newest.get(ssrc, sequence)
        # By the shorter way round.
        index = newest + ((sequence - newest + 0x8000) & 0xFFFF) - 0x8000
        self._newest[ssrc] = max(newest, index)
        self._put("RTP", self.rtp.setdefault(ssrc, {}), ssrc, index, packet)

    def _note_rtcp(self, packet: bytes) -> None:
        (ssrc,) = struct.unpack_from("!I", packet, 4)
        (word,) = struct.unpack_from("!I", packet, len(packet) - 4 - _TAG[self._suite or ""])
        self._put("RTCP", self.rtcp.setdefault(ssrc, {}), ssrc, word & 0x7FFF_FFFF, packet)

    def _put(self, kind: str, row: dict[int, bytes], ssrc: int, index: int, packet: bytes) -> None:
        # A packet that is sent again, as it was, gives nothing away.
        if row.setdefault(index, packet) != packet:
            self.reused.append((kind, ssrc, index))
