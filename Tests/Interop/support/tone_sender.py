"""`viva-load sender` as a process: the server's side of a call that is nothing but a tone, and can be killed."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

from .server import ROOT

WAIT_SECONDS = 20


def _program() -> Path:
    """Beside the server's binary, or where it is built."""
    beside = Path(os.environ.get("VIVA_BINARY", ROOT / ".build/debug/viva")).with_name("viva-load")
    return beside if beside.exists() else ROOT / ".build/debug/viva-load"


class ToneSender:
    """`notes` are all lines of its output so far."""

    def __init__(self, *arguments: str) -> None:
        self.notes: list[dict[str, Any]] = []
        self._arrived: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._process = subprocess.Popen(
            [str(_program()), "sender", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._arrived.put(json.loads(line))
        self._arrived.put(None)

    def wait(self, event: str) -> dict[str, Any]:
        """The next of these lines."""
        while True:
            note = self._arrived.get(timeout=WAIT_SECONDS)
            assert note, f"it ended without {event}: {self.notes}"
            self.notes.append(note)
            if note["event"] == event:
                return note

    def order(self, line: str) -> None:
        """See `viva-load sender --help`."""
        assert self._process.stdin
        self._process.stdin.write(line + "\n")

    def figures(self) -> dict[str, Any]:
        """What it has received so far."""
        self.order("figures")
        return self.wait("figures")

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Ends it, by asking first."""
        if self._process.poll() is None:
            assert self._process.stdin
            self._process.stdin.close()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
