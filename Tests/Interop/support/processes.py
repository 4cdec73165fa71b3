"""A process's descendants, read from /proc."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One process; its start time tells it from a later one with the same id."""

    pid: int
    parent: int
    started: int
    command: str

    @property
    def is_alive(self) -> bool:
        now = read(self.pid)
        return now is not None and now.started == self.started


def read(pid: int) -> Process | None:
    """The process, or None when it is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ProcessLookupError):
        return None
    # The name in parentheses may hold anything, so what follows is found from the right.
    fields = stat.rpartition(")")[2].split()
    if fields[0] in "ZX":
        return None
    return Process(pid, int(fields[1]), int(fields[19]), command.replace(b"\0", b" ").decode(errors="replace"))


def all_processes() -> list[Process]:
    """Everything that runs."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [process for pid in pids if (process := read(pid)) is not None]


def descendants(pid: int) -> list[Process]:
    """Children, their children, and so on."""
    everything = all_processes()
    found: list[Process] = []
    parents = {pid}
    while parents:
        children = [process for process in everything if process.parent in parents]
        found += children
        parents = {child.pid for child in children}
    return found


def wait_until_gone(processes: list[Process], seconds: float) -> list[Process]:
    """Those still alive after at most so long."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if process.is_alive]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
