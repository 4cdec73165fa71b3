"""A Viva server whose workers are `FaultyProcess`es: a primary and a backup a kind, one that has none, a steady one."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import tempfile
import time
import urllib.request
from typing import Any

from .faulty_process import FaultyProcess
from .server import Ports, VivaServer, free_ports

KINDS = ("asr", "llm", "tts")
QUESTIONS = ["What do you like best?", "What do you like least?", "What comes next?"]


def primary(kind: str, backup: bool) -> str:
    """The worker that fails."""
    return f"{kind}-1" if backup else f"{kind}-alone"


class FailoverServer(VivaServer):
    """An agent for each way to fail: `asr` has a primary and a backup, `asr-alone` only one, `asr-http` and
    `asr-alone-http` reach it over HTTP. Where they do not fail they use the steady worker. `none` has nothing steady.
    """

    def __init__(self) -> None:
        self._prepare(tempfile.mkdtemp(prefix="viva-failover-"))
        self.key = "sk-viva-failover-" + secrets.token_hex(16)
        names = [f"{kind}-{which}" for kind in KINDS for which in ("1", "2", "alone")] + ["steady"]
        listen, admin, *ports = free_ports(2 + 2 * len(names))
        self.processes = {
            name: FaultyProcess(name, *ports[2 * place : 2 * place + 2]) for place, name in enumerate(names)
        }
        steady = self.processes["steady"]
        self.ports = Ports(listen, admin, steady.wyoming, steady.http, steady.wyoming, 0)
        self.config = self.folder / "config" / "viva.yaml"
        (self.config.parent / "agents").mkdir(parents=True)
        # JSON is YAML too.
        self.config.write_text(json.dumps(self._settings(), indent=2))
        for name, agent in self._agents().items():
            (self.config.parent / "agents" / f"{name}.yaml").write_text(json.dumps(agent))

    def start(self) -> FailoverServer:
        for process in self.processes.values():
            process.start()
        try:
            asyncio.run(self._wait_for_workers())
            super().start()
        except BaseException:
            self.end_workers()
            raise
        return self

    def end_workers(self) -> None:
        """Kills them all."""
        for process in self.processes.values():
            process.end()

    async def _wait_for_workers(self) -> None:
        for process in self.processes.values():
            await process.told("ready")

    async def mend(self, *names: str) -> float:
        """These workers work again; returns when the last of them answered a probe (monotonic seconds)."""
        for name in names:
            process = self.processes[name]
            if process.is_alive:
                process.signal(signal.SIGCONT)
                process.set("none")
            else:
                process.start()
        for name in names:
            await _answering(self.processes[name])
        return time.monotonic()

    def close_breakers(self, *names: str) -> None:
        """As at the start: what the last try has shown does not count."""
        for name in names:
            for way in (name, f"{name}-http"):
                if way in self.standings():
                    # One that is closed already would go on counting.
                    for state in ("forced_open", "closed"):
                        self._post(f"/v1/admin/workers/{way}/breaker", {"state": state})

    def standings(self) -> dict[str, dict[str, Any]]:
        """The providers as the operator sees them, by name."""
        _, _, body = self.get(self.admin + "/v1/admin/workers", self.key)
        return {each["name"]: each for each in json.loads(body)["data"]}

    def limit(self, provider: str) -> float:
        """Seconds until its first result is due."""
        return self.standings()[provider]["first_result_limit_ms"] / 1000

    def is_open(self, provider: str) -> bool:
        """Whether its breaker keeps calls away."""
        return self.standings()[provider]["breaker"]["state"] == "open"

    def _post(self, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(self.admin + path, json.dumps(body).encode(), method="POST")
        request.add_header("Authorization", f"Bearer {self.key}")
        request.add_header("Content-Type", "application/json")
        urllib.request.urlopen(request, timeout=10).close()

    @property
    def _marks(self) -> list[str]:
        return [str(self.config.parent)]

    # Configuration

    def _settings(self) -> dict[str, Any]:
        return {
            "server": {
                "listen": f"127.0.0.1:{self.ports.listen}",
                "admin": f"127.0.0.1:{self.ports.admin}",
                "keys": [self.key],
            },
            "limits": {"audio_rate": 100},
            "ladder": {"overload": {"worst_level": 1}},
            "workers": {kind: self._providers(kind) for kind in KINDS},
            "agents": "agents",
            "default_agent": "none",
        }

    def _providers(self, kind: str) -> list[dict[str, Any]]:
        def wyoming(name: str, process: FaultyProcess) -> dict[str, Any]:
            return {"name": name, "protocol": "wyoming", "url": f"tcp://127.0.0.1:{process.wyoming}"}

        def http(name: str, process: FaultyProcess) -> dict[str, Any]:
            form = {"sample_rate": 16_000} if kind == "tts" else {}
            return {"name": name, "protocol": "openai", "url": f"http://127.0.0.1:{process.http}/v1"} | form

        own = {name: each for name, each in self.processes.items() if name.startswith(kind)}
        own[f"{kind}-steady"] = self.processes["steady"]
        if kind == "llm":
            return [http(name, process) for name, process in own.items()]
        over_http = {name: each for name, each in own.items() if name.endswith(("1", "alone"))}
        return [wyoming(name, process) for name, process in own.items()] + [
            http(f"{name}-http", process) for name, process in over_http.items()
        ]

    def _agents(self) -> dict[str, dict[str, Any]]:
        agents: dict[str, dict[str, Any]] = {}
        steady = {kind: [f"{kind}-steady"] for kind in KINDS}
        for kind in KINDS:
            for way in ("",) if kind == "llm" else ("", "-http"):
                agents[f"{kind}{way}"] = {"workers": steady | {kind: [f"{kind}-1{way}", f"{kind}-2"]}}
                agents[f"{kind}-alone{way}"] = {"workers": steady | {kind: [f"{kind}-alone{way}"]}}
        agents["llm-alone"]["questions"] = {"topics": [{"name": "You", "questions": QUESTIONS}]}
        agents["none"] = {"workers": {kind: [f"{kind}-alone"] for kind in KINDS}}
        return agents


async def _answering(process: FaultyProcess) -> None:
    deadline = time.monotonic() + 30
    while not await process.answers_probe():
        assert time.monotonic() < deadline, f"{process.name} does not answer"
        await asyncio.sleep(0.01)


