"""Attacks before the upgrade: on the HTTP of the port that everyone may reach."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket

from .attack import attack
from .mutation import EVENTS, absurd, broken
from .speaker import Speaker, check_error
from .target import KEY, Target
from .wire import Finding, Gone, Response, Wire

PATHS = [
    *["/", "/healthz", "/readyz", "/v1/models", "/v1/realtime", "/v1/realtime?model=assistant", "/nothing", "//", "/%00"],
    *["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/main.js", "/v1/realtime/calls/x", "/v1/realtime?call_id=%ff"],
    *["/v1/realtime/client_secrets", "/?" + "a=b&" * 200, "/%zz", "/a;b&c?d;e=%00", "*", "http://elsewhere/", "/metrics"],
]


def check_response(response: Response) -> None:
    """Whatever was asked, the answer is none of a server that is lost."""
    if response.status >= 500 and response.status != 503:
        raise Finding(f"HTTP {response.status}: {response.body[:300]!r}")
    if response.status >= 400 and response.headers.get("content-type") == "application/json":
        try:
            check_error(json.loads(response.body)["error"], len(response.body))
        except (ValueError, TypeError, KeyError):
            raise Finding(f"HTTP {response.status} with {response.body[:300]!r}") from None


async def read_responses(wire: Wire, request: bytes, most: int = 1000) -> int:
    """Until the server hangs up or goes quiet. One to HEAD has no body, so it is not looked at."""
    if request.startswith(b"HEAD"):
        return 0
    count = 0
    with contextlib.suppress(Gone, TimeoutError):
        while count < most:
            async with asyncio.timeout(1):
                response = await wire.response()
            check_response(response)
            count += 1
    return count


@attack(4)
async def http_garbage(target: Target, chance: random.Random) -> None:
    """Bytes that are no HTTP, or that of another protocol."""
    openings = [
        chance.randbytes(chance.randint(1, 3000)),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + chance.randbytes(100),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(600),
        b"\r\n" * chance.randint(1, 5000),
        b"GET / HTTP/0.9\r\n\r\n",
        b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n" + chance.randbytes(200),
        b"GET " + b"/" + b"A" * chance.choice([100, 5000, 200_000]) + b" HTTP/1.1\r\nHost: h\r\n\r\n",
    ]
    async with Wire(target.host, target.port) as wire:
        with contextlib.suppress(Gone):
            await wire.send(chance.choice(openings))
            with contextlib.suppress(Finding, TimeoutError):  # it need not be an answer to HTTP
                async with asyncio.timeout(1):
                    await wire.response()


@attack(8)
async def http_mutated(target: Target, chance: random.Random) -> None:
    """Requests that are nearly right."""
    method = chance.choice(["GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE", "BREW", "get"])
    headers = {"Host": "h", "Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    extra = [
        ("Content-Length", chance.choice(["0", "-1", "99999999999999999999", "5", "x", "", "1048577"])),
        ("Transfer-Encoding", chance.choice(["chunked", "gzip, chunked"])),
        ("Expect", "100-continue"),
        ("Origin", chance.choice(["https://evil.test", "null", "h", "\x7f"])),
        ("Access-Control-Request-Headers", "x" * chance.choice([1, 2000])),
        ("Upgrade", chance.choice(["websocket", "h2c", "TLS/1.0"])),
        ("Connection", chance.choice(["close", "Upgrade", "keep-alive, Upgrade", "HTTP2-Settings"])),
        ("X" * chance.choice([1, 500]), "y" * chance.choice([1, 20_000])),
        ("Cookie", "a=b; " * chance.choice([1, 500])),
        ("Range", "bytes=0-18446744073709551615"),
        ("Host", "other"),
    ]
    headers |= dict(chance.sample(extra, chance.randint(0, 4)))
    head = f"{method} {chance.choice(PATHS)} HTTP/1.{chance.choice([0, 1, 1, 1, 9])}\r\n".encode()
    head += b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items()) + b"\r\n"
    if chance.random() < 0.5:
        head = broken(chance, head)
    async with Wire(target.host, target.port) as wire:
        with contextlib.suppress(Gone):
            await wire.send(head + chance.choice([b"", b"{}", b"5\r\nabcde\r\n0\r\n\r\n", chance.randbytes(2000)]))
            await read_responses(wire, head)


@attack(2)
async def http_pipelined(target: Target, chance: random.Random) -> None:
    """Requests in one breath; their answers come in order, or the connection ends."""
    count = chance.choice([3, 20, 200])
    request = f"GET {chance.choice(['/healthz', '/v1/models', '/nothing'])} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {KEY}\r\n\r\n"
    async with Wire(target.host, target.port) as wire:
        with contextlib.suppress(Gone):
            await wire.send(request.encode() * count)
            if await read_responses(wire, b"", count) > count:
                raise Finding("more answers than requests")


@attack(1)
async def http_slow(target: Target, chance: random.Random) -> None:
    """A request in drops, given up after a while."""
    request = f"GET /v1/realtime HTTP/1.1\r\nHost: h\r\nX: {'y' * 200}\r\n".encode()
    async with Wire(target.host, target.port) as wire:
        with contextlib.suppress(Gone):
            for byte in request[: chance.randint(1, 40)]:
                await wire.send(bytes([byte]))
                await asyncio.sleep(0.05)


@attack(4)
async def upgrade_mutated(target: Target, chance: random.Random) -> None:
    """Handshakes with something wrong in them."""
    fields = {
        "Host": "h",
        "Upgrade": chance.choice(["websocket", "WebSocket", "websocket, x", ""]),
        "Connection": chance.choice(["Upgrade", "keep-alive", "keep-alive, upgrade", "x" * 300]),
        "Sec-WebSocket-Version": chance.choice(["13", "8", "x", "13, 8"]),
        "Sec-WebSocket-Key": chance.choice(["dGhlIHNhbXBsZSBub25jZQ==", "short", "", "=" * 24, "\xff" * 24]),
        "Sec-WebSocket-Protocol": chance.choice(["realtime", "x", "realtime, openai-insecure-api-key." + KEY, "a," * 100, ","]),
        "Sec-WebSocket-Extensions": chance.choice(["permessage-deflate", "permessage-deflate; client_max_window_bits=99", "x"]),
        "Authorization": chance.choice([f"Bearer {KEY}", "Bearer", "Basic x", "Bearer " + "k" * 500]),
        "Origin": chance.choice(["http://h", "https://evil.test"]),
    }
    for name in chance.sample(sorted(fields), chance.randint(0, 3)):
        del fields[name]
    query = chance.choice(["?model=assistant", "?model=%00", "?model=nobody", "?call_id=sess_x", "?intent=transcription", "?" * 50])
    head = f"GET /v1/realtime{query} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    # From another address: too many wrong keys, and its right ones are refused, too.
    async with Wire(target.host, target.port, source="127.0.0.9") as wire:
        with contextlib.suppress(Gone):
            await wire.send(head.encode("latin-1") + b"\r\n" + chance.choice([b"", chance.randbytes(50)]))
            response = await wire.response()
            if response.status == 101:
                if "sec-websocket-extensions" in response.headers:
                    raise Finding(f"an extension was agreed on: {response.headers['sec-websocket-extensions']}")
            else:
                check_response(response)


@attack(5)
async def secrets(target: Target, chance: random.Random) -> None:
    """Bodies for ephemeral keys; with those that come of it, sessions."""
    patch = chance.choice([event for event in EVENTS if "session" in event])["session"]
    body = {"expires_after": {"seconds": 60}, "session": patch, "viva": {"scope": "caller"}}
    if chance.random() < 0.7:
        body = absurd(chance, body)
    text = json.dumps(body).encode()
    if chance.random() < 0.3:
        text = broken(chance, text)
    head = f"POST /v1/realtime/client_secrets HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {len(text)}\r\n\r\n"
    async with Wire(target.host, target.port) as wire:
        await wire.send(head.encode() + text)
        response = await wire.response()
        check_response(response)
        if response.status != 200:
            return
        key = json.loads(response.body)["value"]
    kind = json.loads(response.body)["session"]["type"]
    query = "?intent=transcription" if kind == "transcription" and chance.random() < 0.5 else ""
    async with Speaker(target, key, query) as speaker:
        if speaker.status == 101:
            await speaker.wait("session.created")


@attack(1)
async def half_open(target: Target, chance: random.Random) -> None:
    """Connections that say nothing, or reset."""
    for _ in range(chance.randint(1, 10)):
        with contextlib.suppress(OSError):
            plain = socket.create_connection((target.host, target.port), timeout=5)
            if chance.random() < 0.5:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            plain.close()
    await asyncio.sleep(0)
