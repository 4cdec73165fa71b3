"""A microphone that never stops: what a client under `server_vad` sends."""

from __future__ import annotations

import asyncio
import contextlib
import time

import websockets

from .client import Client
from .speech import BYTES_PER_SECOND, RATE, silence


class Microphone:
    """Sends audio at the pace of real time: silence, and speech when told to."""

    def __init__(self, client: Client, piece_ms: int = 40) -> None:
        self._client = client
        self._piece = piece_ms * RATE // 1000 * 2
        self._pending = bytearray()
        self._sent = 0
        self._began = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Microphone:
        self._began = time.monotonic()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, websockets.ConnectionClosed):
            await self._task

    @property
    def position(self) -> float:
        """Seconds of audio sent: the session's own audio clock."""
        return self._sent / BYTES_PER_SECOND

    def time_of(self, position: float) -> float:
        """The monotonic time at which the sample at `position` left the mouth."""
        return self._began + position

    async def say(self, pcm: bytes) -> tuple[float, float]:
        """Speaks; returns when it is said, with the positions of its beginning and its end in seconds."""
        while self._pending:
            await asyncio.sleep(0.01)
        start = self.position
        self._pending += pcm
        while self._pending:
            await asyncio.sleep(0.005)
        return start, start + len(pcm) / BYTES_PER_SECOND

    async def _run(self) -> None:
        quiet = silence(10)
        while True:
            piece = bytes(self._pending[: self._piece])
            del self._pending[: self._piece]
            if (missing := self._piece - len(piece)) > 0:
                place = self._sent % (len(quiet) - self._piece) & ~1
                piece += quiet[place : place + missing]
            # A piece can only be sent once its last sample is spoken.
            self._sent += len(piece)
            await asyncio.sleep(max(0.0, self.time_of(self.position) - time.monotonic()))
            await self._client.append(piece)
