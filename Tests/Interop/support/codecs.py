"""The client's side of the audio formats, without a line of Viva's: G.711 from its definition, Opus by libopus."""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache

import numpy as np

from .speech import RATE, resample

TELEPHONE = 8000
# Of a packet, in samples at 24 kHz: 20 ms.
FRAME = RATE // 50
_LARGEST_PACKET = 1275
_LARGEST_FRAME = RATE * 120 // 1000
_VOIP = 2048


def _mulaw(code: int) -> int:
    """ITU-T G.711, µ-law."""
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def _alaw(code: int) -> int:
    """ITU-T G.711, A-law."""
    code ^= 0x55
    segment = (code & 0x70) >> 4
    magnitude = ((code & 0x0F) << 4) + (8 if segment == 0 else 0x108)
    magnitude <<= max(0, segment - 1)
    return magnitude if code & 0x80 else -magnitude


@cache
def _table(name: str) -> np.ndarray:
    return np.array([(_mulaw if name == "audio/pcmu" else _alaw)(code) for code in range(256)], np.int32)


def encode_g711(name: str, pcm: bytes) -> bytes:
    """24 kHz PCM to 8 kHz G.711: each sample becomes the code whose value is nearest."""
    samples = resample(np.frombuffer(pcm, "<i2"), RATE, TELEPHONE).astype(np.int32)
    values = _table(name)
    order = np.argsort(values, kind="stable")
    middles = (values[order][1:] + values[order][:-1]) / 2
    return order[np.searchsorted(middles, samples)].astype(np.uint8).tobytes()


def decode_g711(name: str, codes: bytes) -> bytes:
    """8 kHz G.711 to 24 kHz PCM."""
    samples = _table(name)[np.frombuffer(codes, np.uint8)].astype("<i2")
    return resample(samples, TELEPHONE, RATE).astype("<i2").tobytes()


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(ctypes.util.find_library("opus") or "libopus.so.0")
    for name in ("opus_encoder_create", "opus_decoder_create"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


class OpusEncoder:
    """24 kHz mono PCM to packets of 20 ms."""

    def __init__(self) -> None:
        error = ctypes.c_int()
        self._state = ctypes.c_void_p(_library().opus_encoder_create(RATE, 1, _VOIP, ctypes.byref(error)))
        assert error.value == 0, f"libopus: {error.value}"

    def encode(self, pcm: bytes) -> list[bytes]:
        """The last packet is filled up with silence."""
        pcm += bytes(-len(pcm) % (FRAME * 2))
        packets = []
        for start in range(0, len(pcm), FRAME * 2):
            packet = ctypes.create_string_buffer(_LARGEST_PACKET)
            frame = pcm[start : start + FRAME * 2]
            size = _library().opus_encode(self._state, frame, FRAME, packet, ctypes.c_int32(_LARGEST_PACKET))
            assert size > 0, f"libopus: {size}"
            packets.append(packet.raw[:size])
        return packets

    def __del__(self) -> None:
        _library().opus_encoder_destroy(self._state)


class OpusDecoder:
    """Packets to 24 kHz mono PCM. Raises for what is no packet."""

    def __init__(self) -> None:
        error = ctypes.c_int()
        self._state = ctypes.c_void_p(_library().opus_decoder_create(RATE, 1, ctypes.byref(error)))
        assert error.value == 0, f"libopus: {error.value}"

    def decode(self, packets: list[bytes]) -> bytes:
        pcm = bytearray()
        for packet in packets:
            frame = ctypes.create_string_buffer(_LARGEST_FRAME * 2)
            count = _library().opus_decode(self._state, packet, ctypes.c_int32(len(packet)), frame, _LARGEST_FRAME, 0)
            if count <= 0:
                raise ValueError(f"libopus: {count} for a packet of {len(packet)} bytes")
            pcm += frame.raw[: count * 2]
        return bytes(pcm)

    def __del__(self) -> None:
        _library().opus_decoder_destroy(self._state)
