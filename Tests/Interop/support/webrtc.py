"""A caller over WebRTC, made of aiortc: a voice, an ear, and the data channel that carries the events."""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aioice.ice
import av
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from .client import Client
from .speech import BYTES_PER_SECOND, RATE, resample, silence

CONNECT_SECONDS = 20
_TICK = 0.02
_TICK_BYTES = round(_TICK * BYTES_PER_SECOND)

# The servers of the tests are on loopback, where aioice looks for no addresses of its own.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"] if use_ipv4 else []


class Mouth(MediaStreamTrack):
    """A microphone at the pace of real time: a quiet room, and speech when told to."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._pending = bytearray()
        self._quiet = silence(10)
        self._ticks = 0
        self._began: float | None = None

    async def say(self, pcm: bytes) -> float:
        """Speaks; returns the monotonic time at which the last of it was sent."""
        while self._pending:
            await asyncio.sleep(0.01)
        self._pending += pcm
        while self._pending:
            await asyncio.sleep(0.005)
        return time.monotonic()

    async def recv(self) -> av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        now = time.monotonic()
        self._began = self._began or now
        await asyncio.sleep(max(0.0, self._began + self._ticks * _TICK - now))
        piece = bytes(self._pending[:_TICK_BYTES])
        del self._pending[:_TICK_BYTES]
        place = self._ticks * _TICK_BYTES % (len(self._quiet) - _TICK_BYTES)
        piece += self._quiet[place : place + _TICK_BYTES - len(piece)]
        frame = av.AudioFrame.from_ndarray(np.frombuffer(piece, "<i2").reshape(1, -1), "s16", "mono")
        frame.sample_rate = RATE
        frame.pts = self._ticks * _TICK_BYTES // 2
        frame.time_base = fractions.Fraction(1, RATE)
        self._ticks += 1
        return frame


class Ear:
    """What came out of the jitter buffer of aiortc, as 24 kHz mono, with gaps closed."""

    def __init__(self, track: MediaStreamTrack) -> None:
        self.pcm = bytearray()
        self.last_voice = 0.0
        self._task = asyncio.create_task(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels)).mean(axis=1)
                if np.abs(samples).max(initial=0) > 300:
                    self.last_voice = time.monotonic()
                self.pcm += resample(samples.astype("<i2"), frame.sample_rate, RATE).astype("<i2").tobytes()

    def stop(self) -> None:
        self._task.cancel()


class DataChannelTransport:
    """The events of a call."""

    def __init__(self, channel: RTCDataChannel) -> None:
        self.channel = channel
        self._messages: asyncio.Queue[str | bytes] = asyncio.Queue()
        channel.on("message", self._messages.put_nowait)

    async def send(self, text: str) -> None:
        self.channel.send(text)

    async def receive(self) -> str | bytes:
        return await self._messages.get()


@dataclass
class Call:
    """A call that is connected."""

    client: Client
    connection: RTCPeerConnection
    mouth: Mouth
    ear: Ear
    location: str
    etag: str
    answer: str


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, whatever its status."""

    status: int
    headers: dict[str, str]
    body: str


def request(method: str, url: str, key: str, body: str | bytes | None = None, **headers: str) -> Reply:
    """One HTTP request; header names have `_` for `-`."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()} | {"Authorization": f"Bearer {key}"}
    data = body.encode() if isinstance(body, str) else body
    asked = urllib.request.Request(url, data=data, headers=fields, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return Reply(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Reply(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read().decode())


@contextlib.asynccontextmanager
async def call(
    http: str,
    key: str,
    model: str = "assistant",
    room: str | None = None,
    answer_as: Callable[[str], str] = lambda sdp: sdp,
) -> AsyncIterator[Call]:
    """Calls an agent, or joins the room of the call with this id, and waits until media and events flow.

    `answer_as` changes the answer on its way to the client.
    """
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    mouth = Mouth()
    connection.addTrack(mouth)
    channel = connection.createDataChannel("oai-events")
    opened = asyncio.Event()
    channel.on("open", opened.set)
    tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
    connection.on("track", tracks.put_nowait)
    # Before it is open, so that the first event is not missed.
    transport = DataChannelTransport(channel)
    client: Client | None = None
    ear: Ear | None = None
    try:
        await connection.setLocalDescription(await connection.createOffer())
        made = await asyncio.to_thread(
            request,
            "POST",
            f"{http}/v1/realtime/calls?" + (f"call_id={room}" if room else f"model={model}"),
            key,
            connection.localDescription.sdp,
            Content_Type="application/sdp",
        )
        assert made.status == 201, made
        await connection.setRemoteDescription(RTCSessionDescription(sdp=answer_as(made.body), type="answer"))
        ear = Ear(await asyncio.wait_for(tracks.get(), CONNECT_SECONDS))
        await asyncio.wait_for(opened.wait(), CONNECT_SECONDS)
        client = Client(transport)
        yield Call(client, connection, mouth, ear, http + made.headers["location"], made.headers["etag"], made.body)
    finally:
        if client:
            await client.stop()
        if ear:
            ear.stop()
        mouth.stop()
        await connection.close()
