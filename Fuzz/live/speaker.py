"""A client that speaks the protocol well enough to be heard, and keeps what it hears."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from types import TracebackType
from typing import Any

from support.vocabulary import problems_of

from .target import Target
from .wire import CLOSE, PATIENCE, PING, PONG, TEXT, Finding, Gone, Wire, frame

# No error repeats all that it was given.
LONGEST_ERROR = 16 << 10


def check_error(error: Any, size: int) -> None:
    """OpenAI's error object."""
    if not isinstance(error, dict) or not isinstance(error.get("type"), str) or not error.get("message"):
        raise Finding(f"an error without a type or a message: {str(error)[:300]}")
    if error["type"] not in ("invalid_request_error", "server_error", "rate_limit_error"):
        raise Finding(f"an error of type {error['type']}")
    for name in ("code", "param", "event_id"):
        if not isinstance(error.get(name), str | None):
            raise Finding(f"an error whose {name} is {error[name]!r}")
    if size > LONGEST_ERROR:
        raise Finding(f"an error of {size} bytes: {str(error)[:300]}")


class Speaker:
    """One session. Reads in the background; `finding` is what the server did wrong."""

    def __init__(self, target: Target, key: str, query: str = "?model=assistant", is_strict: bool = False) -> None:
        self.wire = Wire(target.host, target.port)
        self.key = key
        self.path = "/v1/realtime" + query
        # Whether each event is checked against the openai package's classes: that costs time.
        self.is_strict = is_strict
        self.status = 0
        self.types: Counter[str] = Counter()
        self.last: dict[str, dict[str, Any]] = {}
        self.items: list[str] = []
        self.responses: list[str] = []
        self.session = ""
        self.audio_bytes = 0
        self.close_code: int | None = None
        self.finding: Finding | None = None
        self.is_gone = False
        self._changed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Speaker:
        await self.wire.__aenter__()
        response = await self.wire.upgrade(self.path, self.key)
        self.status = response.status
        if response.status == 101:
            self._reader = asyncio.create_task(self._read())
        elif response.status not in (429, 503):
            raise Finding(f"the upgrade was answered with {response.status}: {response.body[:300]!r}")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._reader:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        await self.wire.__aexit__(None, None, None)
        if self.finding and error is None:
            raise self.finding

    async def event(self, type: str, **fields: Any) -> None:
        """A client event."""
        await self.text(json.dumps({"type": type, **fields}).encode())

    async def text(self, message: bytes) -> None:
        """Any text message."""
        await self.raw(frame(message))

    async def raw(self, data: bytes) -> None:
        """Any bytes. Raises `Gone` when the connection has ended."""
        if self.is_gone:
            raise self.finding or Gone
        await self.wire.send(data)

    async def wait(self, *types: str, beyond: dict[str, int] | None = None, seconds: float = PATIENCE) -> dict[str, Any]:
        """The newest event of these types, once there are more of them than `beyond` counts."""
        before = beyond or {}
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            for type in types:
                if self.types[type] > before.get(type, 0):
                    return self.last[type]
            left = deadline - asyncio.get_running_loop().time()
            if self.is_gone or left <= 0:
                why = self.finding or (f"closed with {self.close_code}" if self.is_gone else f"not in {seconds:.0f} s")
                raise Finding(f"waiting for {' or '.join(types)}: {why}; came: {dict(self.types.most_common(12))}")
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    async def still_answers(self, mark: str) -> None:
        """The session must take an update and tell it, however long the queue in front of it is."""
        field = {"type": "realtime", "instructions": mark}
        before = dict(self.types)
        await self.event("session.update", session=field)
        while (await self.wait("session.updated", beyond=before, seconds=150))["session"].get("instructions") != mark:
            before = dict(self.types)

    def known_id(self, chance: random.Random) -> str:
        """An id that the session knows, most times."""
        known = self.items + self.responses
        return chance.choice(known) if known and chance.random() < 0.9 else chance.choice(["", "root", "nobody", "x" * 200])

    async def _read(self) -> None:
        try:
            while True:
                opcode, payload = await self.wire.frame()
                if opcode == TEXT:
                    self._take(payload)
                elif opcode == PING:
                    await self.wire.send(frame(payload, PONG))
                elif opcode == CLOSE:
                    self.close_code = int.from_bytes(payload[:2], "big") if len(payload) > 1 else None
                self._changed.set()
        except Gone:
            pass
        except Finding as finding:
            self.finding = finding
        except (UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
            self.finding = Finding(f"an event that cannot be read: {error!r}")
        finally:
            self.is_gone = True
            self._changed.set()

    def _take(self, payload: bytes) -> None:
        event = json.loads(payload)
        type = event["type"]
        self.types[type] += 1
        self.last[type] = event
        if type == "error":
            check_error(event["error"], len(payload))
        elif type == "session.created":
            self.session = event["session"]["id"]
        elif type in ("conversation.item.added", "conversation.item.created"):
            self.items = [*self.items[-20:], event["item"]["id"]]
        elif type == "response.created":
            self.responses = [*self.responses[-5:], event["response"]["id"]]
        elif type == "response.output_audio.delta":
            self.audio_bytes += len(event["delta"]) * 3 // 4
        # The package does not know the vendor's format.
        known = payload.replace(b"audio/opus", b"audio/pcmu")
        if (self.is_strict or type == "error") and (problems := problems_of(known)):
            raise Finding("; ".join(problems))
