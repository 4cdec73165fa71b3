"""A Viva server of our own: its own ports, key, agents and workers."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from . import processes

ROOT = Path(__file__).resolve().parents[3]
READY_SECONDS = 180
STOP_SECONDS = 15

# Distinct words, no numbers, so that what was heard can be laid over what was to be said.
MONOLOGUE = (
    "Long ago a quiet village stood beside a wide river. "
    "Every morning the baker opened his wooden door and sang to the birds. "
    "Children carried fresh bread across the narrow bridge to the old castle. "
    "One winter the water froze, and nobody could reach the market anymore. "
    "So the farmers built a large sledge, and their horses pulled it over the ice. "
    "In spring the whole village danced together until the stars grew pale."
)

AGENTS = {
    # Speaks long, and every word is known.
    "monologue": f"""\
instructions: You are a friendly voice assistant. Answer in one short sentence.
greeting: >-
  {MONOLOGUE}
sampling:
  temperature: 0
  max_tokens: 40
""",
    # A language model that is still busy when something happens to it.
    "storyteller": """\
instructions: You tell long stories with many sentences.
examples:
  - user: Tell me about your garden.
    assistant: >-
      My garden is large and green. There are roses near the wall. My sister planted them years ago. In summer the
      bees come every day. They fly from flower to flower. In the evening we sit under the old tree. We drink tea
      and talk about the day. Then the moon rises over the hills. The cat sleeps on the warm stones. It is my
      favourite place in the world.
sampling:
  temperature: 0
  max_tokens: 100
""",
}


def binary() -> Path:
    """The built server: VIVA_BINARY, else release, else debug."""
    if named := os.environ.get("VIVA_BINARY"):
        return Path(named)
    for kind in ("release", "debug"):
        if (path := ROOT / ".build" / kind / "viva").exists():
            return path
    raise RuntimeError("there is no .build/{release,debug}/viva: run `swift build` first, or set VIVA_BINARY")


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody holds right now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@dataclass(frozen=True)
class Ports:
    """Where everything of one server listens."""

    listen: int
    admin: int
    asr: int
    llm: int
    tts: int
    end_of_turn: int


def write_configuration(folder: Path, ports: Ports) -> Path:
    """A copy of config/ with these ports and absolute paths; comments and line numbers stay."""
    config = folder / "config"
    shutil.copytree(ROOT / "config", config, ignore=shutil.ignore_patterns("__pycache__", ".keep"))
    path = config / "viva.yaml"
    text = path.read_text()
    for old, new in (("10301", ports.asr), ("8091", ports.llm), ("10200", ports.tts), ("10303", ports.end_of_turn)):
        text, count = re.subn(rf"(?<=[:=]){old}\b", str(new), text)
        assert count >= 2, f"config/viva.yaml no longer names port {old} in a url and a command"
    text = text.replace("../.viva/keys", str(folder / "keys"))
    text = text.replace("../.viva/", f"{ROOT}/.viva/")
    text = re.sub(r"(?<=[\s=])workers/(?=[\w-]+\.\w)", f"{config}/workers/", text)
    # Tests send what was recorded, not what is being said.
    text += "\nlimits:\n  audio_rate: 100\n"
    # A machine that is busy with tests is no reason to offer less.
    text += "\nladder:\n  overload: { worst_level: 1 }\n"
    path.write_text(text)
    for name, agent in AGENTS.items():
        (config / "agents" / f"{name}.yaml").write_text(agent)
    return path


class VivaServer:
    """A running server. `start` waits until its workers are warm."""

    def __init__(self) -> None:
        if not (ROOT / ".viva/workers/venv/bin/python").exists():
            raise RuntimeError("the workers are not installed (.viva/workers is missing): run scripts/setup-workers")
        self._prepare(tempfile.mkdtemp(prefix="viva-interop-"))
        self.ports = Ports(*free_ports(6))
        self.key = "sk-viva-interop-" + secrets.token_hex(16)
        self.config = write_configuration(self.folder, self.ports)

    def _prepare(self, folder: str) -> None:
        self.folder = Path(folder)
        self.log = self.folder / "server.log"
        self.page = ""
        self.process: subprocess.Popen[str] | None = None
        self._seen: dict[int, processes.Process] = {}

    # Addresses

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.ports.listen}"

    @property
    def admin(self) -> str:
        return f"http://127.0.0.1:{self.ports.admin}"

    @property
    def websocket(self) -> str:
        return f"ws://127.0.0.1:{self.ports.listen}/v1/realtime"

    @property
    def asr(self) -> str:
        return f"tcp://127.0.0.1:{self.ports.asr}"

    @property
    def tts(self) -> str:
        return f"tcp://127.0.0.1:{self.ports.tts}"

    # Life

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VIVA_")}
        return inherited | {
            "VIVA_LISTEN": f"127.0.0.1:{self.ports.listen}",
            "VIVA_ADMIN": f"127.0.0.1:{self.ports.admin}",
            "VIVA_API_KEY": self.key,
        }

    def start(self) -> VivaServer:
        """Starts and waits for the line `Ready.`; raises with the log's end when it does not come."""
        self.process = subprocess.Popen(
            [str(binary()), "serve", "--config", str(self.config), "--worker-logs", str(self.folder / "logs")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            env=self.environment,
            cwd=self.folder,
            start_new_session=True,  # a Ctrl-C at pytest must not reach it before the fixture's own stop
        )
        ready = threading.Event()
        threading.Thread(target=self._copy_log, args=(ready,), daemon=True).start()
        deadline = time.monotonic() + READY_SECONDS
        while not ready.wait(0.1):
            if self.process.poll() is not None or time.monotonic() > deadline:
                status = self.process.poll()
                self.kill()
                raise RuntimeError(f"the server did not get ready (exit status {status}):\n{self.log_end()}")
        self.children()
        return self

    def children(self) -> list[processes.Process]:
        """What the server has started and still runs."""
        assert self.process is not None
        found = processes.descendants(self.process.pid)
        self._seen |= {process.pid: process for process in found}
        return found

    def worker(self, kind: str) -> processes.Process:
        """The process of `asr`, `llm` or `tts`."""
        found = self.workers(kind)
        assert found, f"no {kind} worker among {[process.command for process in self.children()]}"
        return found[0]

    def workers(self, *kinds: str) -> list[processes.Process]:
        """The processes of these kinds that are there."""
        programs = {"asr": "moonshine_wyoming", "llm": "llm_server", "tts": "wyoming_piper"}
        words = [programs[kind] for kind in kinds]
        return [process for process in self.children() if any(word in process.command for word in words)]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> list[processes.Process]:
        """Stops by signal and returns the children that stayed; raises when it takes longer than 15 s."""
        assert self.process is not None
        if self.process.poll() is None:
            self.children()
            self.process.send_signal(number)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop in {STOP_SECONDS} s after {number.name}") from None
        left = processes.wait_until_gone(list(self._seen.values()), 3)
        # A worker that a restart made meanwhile was never seen, but its command names our folder or port.
        left += [
            process
            for process in processes.all_processes()
            if process not in left and any(mark in process.command for mark in self._marks)
        ]
        for process in left:
            os.kill(process.pid, signal.SIGKILL)
        return left

    def kill(self) -> None:
        """Ends the server and what it started, by force."""
        assert self.process is not None
        if self.process.poll() is None:
            self.children()
            self.process.kill()
            self.process.wait()
        for process in processes.wait_until_gone(list(self._seen.values()), 2):
            os.kill(process.pid, signal.SIGKILL)

    def remove(self) -> None:
        """Deletes its folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_end(self, lines: int = 40) -> str:
        """The last lines of what it printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    @property
    def _marks(self) -> list[str]:
        """One of these is in the command of each process of its own."""
        return [str(self.config.parent), *(f":{port}" for port in (self.ports.asr, self.ports.tts))]

    # HTTP

    def get(self, url: str, key: str | None = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case) and body."""
        return fetch(url, key)

    def is_ready(self) -> bool:
        """Whether /readyz says so now."""
        try:
            return self.get(self.admin + "/readyz")[0] == 200
        except OSError:
            return False

    def wait_ready(self, seconds: float) -> float:
        """Waits for /readyz and returns how long that took."""
        began = time.monotonic()
        while not self.is_ready():
            waited = time.monotonic() - began
            assert waited < seconds, f"/readyz was not 200 within {seconds} s:\n{self.log_end()}"
            time.sleep(0.2)
        return time.monotonic() - began

    def _copy_log(self, ready: threading.Event) -> None:
        assert self.process is not None and self.process.stdout is not None
        with self.log.open("w") as log:
            for line in self.process.stdout:
                log.write(line)
                log.flush()
                if found := re.search(r"Ready\. Open\s+(\S+)", line):
                    self.page = found[1]
                    ready.set()


def fetch(url: str, key: str | None = None, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Status, headers (lower case) and body, whatever the status."""
    request = urllib.request.Request(url, method=method)
    if key is not None:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.read()
    except urllib.error.HTTPError as reply:
        return reply.code, {name.lower(): value for name, value in reply.headers.items()}, reply.read()
