"""A network between a browser and the server: it can be cut, and comes back with another address."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable


class UDPRelay:
    """Passes datagrams on between whoever sends to `port` and `target` of 127.0.0.1."""

    def __init__(self) -> None:
        self._front = self._socket()
        self._back = self._socket()
        self.port: int = self._front.getsockname()[1]
        # The server's port, once it is known.
        self.target: int | None = None
        self.is_cut = False
        # Is given each datagram of the server's.
        self.tap: Callable[[bytes], None] | None = None
        self._client: tuple[str, int] | None = None
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def move(self) -> None:
        """Mends it; the server sees the client at another address from now on."""
        self._back = self._socket()
        self.is_cut = False

    def close(self) -> None:
        """Ends the relay."""
        self._is_closed.set()
        self._thread.join()
        self._front.close()
        self._back.close()

    @staticmethod
    def _socket() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        return made

    def _run(self) -> None:
        while not self._is_closed.is_set():
            back = self._back
            for ready in select.select([self._front, back], [], [], 0.1)[0]:
                packet, sender = ready.recvfrom(65_536)
                if ready is self._front:
                    self._client = sender
                elif self.tap:
                    self.tap(packet)
                if self.is_cut or self.target is None or self._client is None:
                    continue
                if ready is self._front:
                    back.sendto(packet, ("127.0.0.1", self.target))
                else:
                    self._front.sendto(packet, self._client)
