"""A Realtime client that keeps every event with the time at which it came."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import openai
import websockets
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from websockets.asyncio.client import connect

from .playback import Playback
from .speech import BYTES_PER_SECOND, RATE
from .vocabulary import problems_of

TURN_SECONDS = 40.0


@dataclass(frozen=True, repr=False)
class Event:
    """A server event, and when (monotonic seconds) it was received."""

    index: int
    at: float
    data: dict[str, Any]

    def __repr__(self) -> str:
        text = json.dumps(self.data)
        return f"#{self.index} {text if len(text) < 600 else text[:600] + '…'}"

    @property
    def type(self) -> str:
        return self.data.get("type", "")

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def get(self, name: str, default: Any = None) -> Any:
        """A field that may be missing."""
        return self.data.get(name, default)

    @property
    def response_id(self) -> str | None:
        """Of any `response.*` event."""
        return self.data["response"]["id"] if "response" in self.data else self.data.get("response_id")


@dataclass(frozen=True)
class Packet:
    """A binary message, and how many events came before it."""

    place: int
    data: bytes


class Transport(Protocol):
    """What carries the frames."""

    async def send(self, text: str) -> None: ...
    async def receive(self) -> str | bytes: ...


class PlainTransport:
    """The `websockets` library alone: sends what no SDK would."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket

    async def send(self, text: str) -> None:
        await self.socket.send(text)

    async def receive(self) -> str | bytes:
        return await self.socket.recv()


class SDKTransport:
    """The openai package's connection. Each event must become the class that its union names."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self.connection = connection

    async def send(self, text: str) -> None:
        await self.connection.send_raw(text)

    async def receive(self) -> bytes:
        data = await self.connection.recv_bytes()
        self.connection.parse_event(data)
        return data


class Client:
    """One session. Reads in the background; `problems` holds what breaks the vocabulary."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.events: list[Event] = []
        self.packets: list[Packet] = []
        self.problems: list[str] = []
        self.playback = Playback()
        self.closed: websockets.ConnectionClosed | None = None
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    # Sending

    async def send(self, type: str, **fields: Any) -> None:
        """A client event."""
        await self.transport.send(json.dumps({"type": type, **fields}))

    async def append(self, pcm: bytes) -> None:
        """One `input_audio_buffer.append`."""
        await self.send("input_audio_buffer.append", audio=base64.b64encode(pcm).decode())

    async def append_fast(self, pcm: bytes, piece_ms: int = 200) -> None:
        """The whole audio at once, in pieces."""
        size = piece_ms * RATE // 1000 * 2
        for start in range(0, len(pcm), size):
            await self.append(pcm[start : start + size])

    async def say_text(self, text: str) -> str:
        """Adds a user message by text and returns its item id."""
        here = len(self.events)
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        await self.send("conversation.item.create", item=item)
        done = await self.wait("conversation.item.done", after=here)
        return done["item"]["id"]

    async def update(self, timeout: float = 5, **session: Any) -> dict[str, Any]:
        """`session.update`, answered."""
        here = len(self.events)
        await self.send("session.update", session={"type": "realtime", **session})
        answer = await self.wait("session.updated", "error", after=here, timeout=timeout)
        assert answer.type == "session.updated", answer.data
        return answer["session"]

    async def retrieve(self, item: str) -> dict[str, Any]:
        """The server's own view of an item."""
        here = len(self.events)
        await self.send("conversation.item.retrieve", item_id=item)
        answer = await self.wait("conversation.item.retrieved", "error", after=here, timeout=5)
        assert answer.type == "conversation.item.retrieved", answer.data
        return answer["item"]

    # Waiting

    async def wait(
        self,
        *types: str,
        after: int = 0,
        timeout: float = TURN_SECONDS,
        where: Callable[[Event], bool] = lambda _: True,
    ) -> Event:
        """The first event of these types from the index `after` on, come or still to come."""
        deadline = time.monotonic() + timeout
        index = after
        while True:
            while index < len(self.events):
                event = self.events[index]
                if event.type in types and where(event):
                    return event
                index += 1
            left = deadline - time.monotonic()
            if self.closed is not None or left <= 0:
                why = f"closed ({self.closed})" if self.closed is not None else f"no sign of it in {timeout} s"
                raise AssertionError(f"waiting for {' or '.join(types)}: {why}; came: {self.summary(after)}")
            self._changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)

    async def wait_response(self, after: int = 0, timeout: float = TURN_SECONDS) -> Event:
        """The `response.done` of the next response to begin."""
        created = await self.wait("response.created", after=after, timeout=timeout)
        return await self.wait(
            "response.done",
            after=created.index,
            timeout=timeout,
            where=lambda event: event.response_id == created.response_id,
        )

    async def wait_closed(self, timeout: float = 10) -> int | None:
        """The close code; None when the connection ended without one."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._reader), timeout)
        assert self.closed is not None, f"the connection is still open; came: {self.summary()}"
        return self.closed.rcvd.code if self.closed.rcvd else None

    async def wait_played(self) -> None:
        """Until the agent's audio that has come is played to its end."""
        await asyncio.sleep(max(0.0, self.playback.end - time.monotonic()))

    # Looking back

    def of(self, *types: str, response: str | None = None) -> list[Event]:
        """All events of these types, of one response if told."""
        return [
            event
            for event in self.events
            if event.type in types and (response is None or event.response_id == response)
        ]

    def audio(self, response: str) -> bytes:
        """The agent's audio of a response, joined."""
        deltas = self.of("response.output_audio.delta", response=response)
        return b"".join(base64.b64decode(event["delta"]) for event in deltas)

    def errors(self) -> list[dict[str, Any]]:
        """The error events' errors."""
        return [event["error"] for event in self.of("error")]

    def summary(self, after: int = 0) -> str:
        """Types in order, repeated ones counted."""
        lines: list[list[Any]] = []
        for event in self.events[after:]:
            if lines and lines[-1][0] == event.type:
                lines[-1][1] += 1
            else:
                lines.append([event.type, 1])
        text = ", ".join(name if count == 1 else f"{name} ×{count}" for name, count in lines)
        errors = "; ".join(str(event["error"]) for event in self.events[after:] if event.type == "error")
        return (text or "nothing") + (f" [errors: {errors}]" if errors else "")

    # Reading

    async def _read(self) -> None:
        try:
            while True:
                frame = await self.transport.receive()
                if isinstance(frame, bytes) and isinstance(self.transport, PlainTransport):
                    self.packets.append(Packet(len(self.events), frame))
                    continue
                data = json.loads(frame)
                event = Event(len(self.events), time.monotonic(), data)
                self.problems += problems_of(frame)
                if event.type == "response.output_audio.delta":
                    self.playback.add(event.at, len(base64.b64decode(event["delta"])) / BYTES_PER_SECOND)
                self.events.append(event)
                self._changed.set()
        except websockets.ConnectionClosed as closed:
            self.closed = closed
        finally:
            self._changed.set()

    async def stop(self) -> None:
        """Ends the reading."""
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader


@contextlib.asynccontextmanager
async def plain_client(
    url: str, key: str | None, model: str | None = "assistant", **options: Any
) -> AsyncIterator[Client]:
    """A session over plain `websockets`."""
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    target = url + (f"?model={model}" if model is not None else "")
    async with connect(target, additional_headers=headers, max_size=None, compression=None, **options) as socket:
        client = Client(PlainTransport(socket))
        try:
            yield client
        finally:
            await client.stop()


@contextlib.asynccontextmanager
async def sdk_client(
    base_url: str, key: str, model: str | None = "assistant", **options: Any
) -> AsyncIterator[Client]:
    """A session over the openai package; `client.transport.connection` is its connection."""
    asked = options if model is None else options | {"model": model}
    async with openai.AsyncOpenAI(api_key=key, base_url=base_url) as api:
        async with api.realtime.connect(**asked) as connection:
            client = Client(SDKTransport(connection))
            try:
                yield client
            finally:
                await client.stop()
