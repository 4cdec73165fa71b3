"""HTTP and WebSocket by hand: for a client that breaks every rule, and looks closely at what comes back."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from dataclasses import dataclass, field
from types import TracebackType

# Nothing that is asked for in time takes longer, on a machine as busy as it may be.
PATIENCE = 60.0

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Finding(Exception):
    """The server did what it must not."""


class Gone(Exception):
    """The server ended the connection, as it may."""


def frame(
    payload: bytes,
    opcode: int = TEXT,
    *,
    final: bool = True,
    reserved: int = 0,
    masked: bool = True,
    announced: int | None = None,
    form: int | None = None,
) -> bytes:
    """A frame (RFC 6455 §5.2). `announced` is what its length says, `form` how many bytes say it: 0, 2 or 8."""
    length = len(payload) if announced is None else announced
    if form is None:
        form = 0 if length < 126 else 2 if length < 1 << 16 else 8
    mask = 0x80 if masked else 0
    head = bytes([(0x80 if final else 0) | (reserved & 7) << 4 | opcode])
    if form == 0:
        head += bytes([mask | length & 0x7F])
    elif form == 2:
        head += bytes([mask | 126]) + struct.pack(">H", length & 0xFFFF)
    else:
        head += bytes([mask | 127]) + struct.pack(">Q", length & (1 << 64) - 1)
    if not masked:
        return head + payload
    key = os.urandom(4)
    stream = (key * (len(payload) // 4 + 1))[: len(payload)]
    return head + key + (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(payload), "big")


def close_payload(code: int, reason: bytes = b"") -> bytes:
    """What a close frame holds."""
    return struct.pack(">H", code) + reason


@dataclass
class Response:
    """An HTTP response, read whole."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Wire:
    """One TCP connection to the server."""

    host: str
    port: int
    # Where it comes from: wrong keys are counted against the address.
    source: str = "127.0.0.1"
    reader: asyncio.StreamReader = field(init=False)
    writer: asyncio.StreamWriter = field(init=False)

    async def __aenter__(self) -> Wire:
        try:
            async with asyncio.timeout(PATIENCE):
                self.reader, self.writer = await asyncio.open_connection(
                    self.host, self.port, local_addr=(self.source, 0), limit=1 << 26
                )
        except TimeoutError:
            raise Finding("no connection in time") from None
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.writer.transport.abort()

    async def send(self, data: bytes) -> None:
        """Returns when the kernel has room again, or raises `Gone`."""
        try:
            async with asyncio.timeout(PATIENCE):
                self.writer.write(data)
                await self.writer.drain()
        except TimeoutError:
            raise Finding(f"{len(data)} bytes were not read in time") from None
        except OSError:
            raise Gone from None

    async def read(self, count: int) -> bytes:
        """Waits for ever."""
        try:
            return await self.reader.readexactly(count)
        except (asyncio.IncompleteReadError, OSError):
            raise Gone from None

    # HTTP

    async def response(self, method: str = "GET") -> Response:
        """The next response; raises `Gone` where there is none."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = await self.reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise Finding(f"no response within {PATIENCE:.0f} s") from None
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            raise Gone from None
        start, *lines = head[:-4].split(b"\r\n")
        words = start.split(b" ", 2)
        if not start.startswith(b"HTTP/1.") or len(words) < 2 or not words[1].isdigit():
            raise Finding(f"no HTTP response: {start[:200]!r}")
        headers = {}
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon or b"\n" in line or b"\r" in line:
                raise Finding(f"a header that is none: {line[:200]!r}")
            headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
        response = Response(int(words[1]), headers)
        if length := headers.get("content-length"):
            if method != "HEAD" and response.status not in (101, 204, 304):
                response.body = await self.read(int(length))
        return response

    async def upgrade(self, path: str, key: str, more: str = "") -> Response:
        """A proper handshake."""
        nonce = base64.b64encode(os.urandom(16)).decode()
        await self.send(
            f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\nAuthorization: Bearer {key}\r\n{more}\r\n".encode()
        )
        return await self.response()

    # WebSocket

    async def frame(self) -> tuple[int, bytes]:
        """The server's next frame, opcode and payload. All of Viva's are whole messages."""
        first, second = await self.read(2)
        if not first & 0x80 or first & 0x70 or first & 0x0F not in (TEXT, BINARY, CLOSE, PING, PONG):
            raise Finding(f"a frame that begins with {first:#x}")
        if second & 0x80:
            raise Finding("a masked frame")
        length = second
        if second == 126:
            (length,) = struct.unpack(">H", await self.read(2))
        elif second == 127:
            (length,) = struct.unpack(">Q", await self.read(8))
        if first & 0x08 and length > 125:
            raise Finding(f"a control frame of {length} bytes")
        return first & 0x0F, await self.read(length)
