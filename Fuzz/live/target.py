"""The server that is attacked: of our own, with workers that answer at once with fixed words."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType

from support.server import ROOT, binary, free_ports

KEY = "sk-fuzz-attackers"
WITNESS_KEY = "sk-fuzz-witness"
# What the scripted workers of `viva-load` hear and say.
HEARD = ("A sentence that somebody said.", "And another one.")
SAID = "This is the first sentence of an answer. And this is the second one, which is a little longer."

CONFIGURATION = """\
server: {{ listen: "127.0.0.1:{port}", admin: "127.0.0.1:{admin}", keys: [{key}, {witness}], key_file: null }}
limits: {{ connections_per_minute: 1000000, responses_per_minute: 1000000, tokens_per_minute: 1000000000,
          audio_rate: 100, send_queue_bytes: 8388608 }}
"""
AGENT = """\
instructions: Answer briefly.
greeting: Hello, I am being attacked, and I shall talk for quite a while, so that there is something to interrupt.
tools:
  - name: look_up
    url: "http://127.0.0.1:9/nobody"
    timeout_ms: 500
    filler: { phrases: [One moment.], after_ms: 200 }
"""


class Target:
    """A context: the server lives in it."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="viva-live-fuzz-"))
        self.log = self.folder / "server.log"
        self.workers: subprocess.Popen[bytes] | None = None
        self.server: subprocess.Popen[bytes] | None = None
        # The scripted workers' configuration names the port, and the next one for the admin listener.
        self.port, self.admin = free_ports(2)

    def __enter__(self) -> Target:
        try:
            self._start_workers()
            self._start_server()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def is_alive(self) -> bool:
        return self.server is not None and self.server.poll() is None

    def log_end(self, lines: int = 60) -> str:
        """The last lines that the server printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def memory(self, which: str = "VmRSS") -> float:
        """Resident memory in MiB; `VmHWM` is the most there was."""
        assert self.server is not None
        status = Path(f"/proc/{self.server.pid}/status").read_text()
        return int(re.search(rf"{which}:\s+(\d+) kB", status)[1]) / 1024

    def descriptors(self) -> int:
        assert self.server is not None
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def sessions(self) -> int:
        """How many live."""
        with urllib.request.urlopen(f"http://{self.host}:{self.admin}/sessions", timeout=30) as reply:
            return len(json.load(reply)["data"])

    def is_healthy(self) -> bool:
        with urllib.request.urlopen(f"http://{self.host}:{self.port}/healthz", timeout=30) as reply:
            return reply.status == 200

    def _start_workers(self) -> None:
        program = binary().parent / "viva-load"
        self.workers = subprocess.Popen(
            [program, "workers", "--folder", self.folder, "--port", str(self.port)],
            stdout=(self.folder / "workers.log").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._await(lambda: (self.folder / "viva.yaml").exists(), self.workers, "the scripted workers")
        written = (self.folder / "viva.yaml").read_text()
        workers = written[written.index("workers:") :]
        own = CONFIGURATION.format(port=self.port, admin=self.admin, key=KEY, witness=WITNESS_KEY)
        (self.folder / "viva.yaml").write_text(own + workers)
        (self.folder / "agents" / "talker.yaml").write_text(AGENT)

    def _start_server(self) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VIVA_")}
        self.server = subprocess.Popen(
            [binary(), "serve", "--config", self.folder / "viva.yaml"],
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
            env=inherited,
            start_new_session=True,
        )
        self._await(lambda: "Ready." in self.log.read_text(errors="replace"), self.server, "the server")

    def _await(self, is_done: object, process: subprocess.Popen[bytes], what: str) -> None:
        deadline = time.monotonic() + 60
        while not is_done():  # type: ignore[operator]
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not start: {self.log.read_text() if self.log.exists() else ''}")
            time.sleep(0.1)

    def _end(self) -> None:
        for process in (self.server, self.workers):
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
