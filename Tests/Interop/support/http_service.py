"""A small HTTP server of a test's own: it keeps what it was asked, and can be slow, rude or away."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LARGEST_BODY = 4 << 20


@dataclass(frozen=True)
class Call:
    """A request that came, and when (monotonic seconds)."""

    at: float
    method: str
    path: str
    # Names in lower case.
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What a request earns. A body of several pieces is sent chunk by chunk."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)
    # Seconds before the answer begins; with `until`, that long at most.
    delay: float = 0
    until: threading.Event | None = None
    # The connection is closed instead.
    hangs_up: bool = False


class HTTPService:
    """Answers on a port of 127.0.0.1 that stays its own while it is away. Thread-safe."""

    def __init__(self, answer: Callable[[Call], Reply]) -> None:
        self._answer = answer
        self._calls: list[Call] = []
        self._changed = threading.Condition()
        # Requests whose caller was gone before its answer.
        self.abandoned = 0
        self._open: set[socket.socket] = set()
        # Bound but not listening: whoever connects while the server is away is refused, and nobody else gets the port.
        self._reservation = socket.socket()
        self._reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reservation.bind(("127.0.0.1", 0))
        self.port: int = self._reservation.getsockname()[1]
        self._server: ThreadingHTTPServer | None = None
        self._away = threading.Event()
        self.come_back()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # What came

    @property
    def calls(self) -> list[Call]:
        """All requests so far, oldest first."""
        with self._changed:
            return list(self._calls)

    def wait_for(self, condition: Callable[[list[Call]], bool], seconds: float = 10) -> list[Call]:
        """Waits until the requests so far are enough."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self._calls), seconds), (
                f"after {seconds} s only {[(call.path, call.body[:200]) for call in self._calls]}"
            )
            return list(self._calls)

    def wait_for_count(self, count: int, seconds: float = 10) -> list[Call]:
        """Waits for so many requests."""
        return self.wait_for(lambda calls: len(calls) >= count, seconds)

    def wait_for_abandoned(self, seconds: float = 10) -> None:
        """Waits until a caller gives up waiting."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.abandoned > 0, seconds), f"nobody gave up within {seconds} s"

    def forget(self) -> None:
        """As if nothing had come yet."""
        with self._changed:
            self._calls.clear()
            self.abandoned = 0

    # Being there

    def go_away(self) -> None:
        """Refuses connections from now on, and breaks off the open ones."""
        self._away.set()
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        with self._changed:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def come_back(self) -> None:
        """Takes connections again."""
        if self._server is not None:
            return
        self._away = threading.Event()
        self._server = _Server(("127.0.0.1", self.port), self._handler(self._away))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Goes away for good."""
        self.go_away()
        self._reservation.close()

    def _handler(self, away: threading.Event) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                with service._changed:
                    service._open.add(self.connection)

            def finish(self) -> None:
                with service._changed:
                    service._open.discard(self.connection)
                with contextlib.suppress(OSError):
                    super().finish()

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):
                    super().handle()

            def do_POST(self) -> None:
                size = min(int(self.headers.get("Content-Length") or 0), LARGEST_BODY)
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = Call(time.monotonic(), self.command, self.path, headers, self.rfile.read(size))
                reply = service._answer(call)
                with service._changed:
                    service._calls.append(call)
                    service._changed.notify_all()
                if (reply.delay and not self._wait(reply)) or reply.hangs_up:
                    self.close_connection = True
                    return
                self._send(reply)

            do_GET = do_POST

            def _wait(self, reply: Reply) -> bool:
                """Whether there is still somebody to answer when it is time."""
                end = time.monotonic() + reply.delay
                while (left := end - time.monotonic()) > 0 and not away.is_set():
                    if reply.until is not None and reply.until.is_set():
                        break
                    if not select.select([self.connection], [], [], min(left, 0.05))[0]:
                        continue
                    with contextlib.suppress(ConnectionError):
                        if self.connection.recv(1, socket.MSG_PEEK):
                            continue
                    with service._changed:
                        service.abandoned += 1
                        service._changed.notify_all()
                    return False
                return not away.is_set()

            def _send(self, reply: Reply) -> None:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if isinstance(reply.body, bytes):
                    self.send_header("Content-Length", str(len(reply.body)))
                    self.end_headers()
                    self.wfile.write(reply.body)
                    return
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for piece in reply.body:
                    if away.is_set():
                        self.close_connection = True
                        return
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, format: str, *arguments: Any) -> None:
                """Says nothing: pytest shows enough."""

        return Handler


class _Server(ThreadingHTTPServer):
    allow_reuse_port = True
    daemon_threads = True
    block_on_close = False
    # Many sessions may call at the same moment.
    request_queue_size = 128
