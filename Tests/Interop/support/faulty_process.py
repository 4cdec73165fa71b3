"""A `faulty_worker` as a process: started, told how to fail, killed, stopped and started again on the same ports."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wyoming.client import AsyncClient
from wyoming.event import Event

PROGRAM = Path(__file__).with_name("faulty_worker.py")
START_SECONDS = 30
Line = dict[str, Any]


class FaultyProcess:
    """`lines` holds what it told, oldest first, over all its lives."""

    def __init__(self, name: str, wyoming: int, http: int) -> None:
        self.name = name
        self.wyoming, self.http = wyoming, http
        self.lines: list[Line] = []
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> FaultyProcess:
        """Begins to start; `is_up` tells when it has."""
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(self.wyoming), str(self.http)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        return self

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def set(self, fault: str) -> None:
        """How it fails from now on."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps({"fault": fault}) + "\n")
        self._process.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        """SIGKILL, SIGSTOP, SIGCONT. After the first it is surely gone."""
        assert self._process is not None
        os.kill(self._process.pid, number)
        if number == signal.SIGKILL:
            self._process.wait()

    def end(self) -> None:
        """Gone, however it was."""
        if self.is_alive:
            self.signal(signal.SIGKILL)

    async def told(self, event: str, after: int = 0, timeout: float = START_SECONDS, **fields: Any) -> Line:
        """The first line of this event from the index `after` on, come or still to come."""

        def found(line: Line) -> bool:
            return line["event"] == event and all(line.get(name) == value for name, value in fields.items())

        return await until(lambda: next(filter(found, self.lines[after:]), None), timeout, f"{self.name}: {event}")

    async def fail(self, fault: str) -> None:
        """`set`, and it has heard it."""
        here = len(self.lines)
        self.set(fault)
        await self.told("fault", here, fault=fault)

    async def answers_probe(self) -> bool:
        """Whether it answers the server's own probes, and within a second as that wants it."""
        with contextlib.suppress(OSError, asyncio.TimeoutError, ValueError):
            return await asyncio.wait_for(self._describes(), 1) and await asyncio.to_thread(self._lists_models)
        return False

    async def _describes(self) -> bool:
        async with AsyncClient.from_uri(f"tcp://127.0.0.1:{self.wyoming}") as client:
            await client.write_event(Event("describe"))
            event = await client.read_event()
        return event is not None and event.type == "info"

    def _lists_models(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/v1/models", timeout=1) as answer:
                return answer.status == 200
        except urllib.error.HTTPError:
            return False

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(json.loads(line))


async def until(condition: Callable[[], Any], timeout: float, what: str) -> Any:
    """Waits for a true value."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"no sign of {what} in {timeout} s"
        await asyncio.sleep(0.005)
    return value
