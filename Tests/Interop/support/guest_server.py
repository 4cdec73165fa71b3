"""A Viva server without workers of its own: it hears and speaks through another one's, and thinks as a test decides.

It starts in a moment, so that a test can have one with its own limits, keys, agents and webhooks.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from typing import Any

from .server import Ports, VivaServer, free_ports

Settings = dict[str, Any]


class GuestServer(VivaServer):
    """`sections` are merged over the configuration, `agents` are files by name."""

    def __init__(self, host: VivaServer, llm: str, agents: dict[str, Settings], **sections: Settings) -> None:
        self._prepare(tempfile.mkdtemp(prefix="viva-guest-"))
        listen, admin = free_ports(2)
        self.ports = Ports(listen, admin, host.ports.asr, host.ports.llm, host.ports.tts, host.ports.end_of_turn)
        self.key = "sk-viva-guest-" + secrets.token_hex(16)
        self.other_key = "sk-viva-guest-" + secrets.token_hex(16)
        self._tls = "tls" in sections.get("server", {})
        self.config = self.folder / "config" / "viva.yaml"
        (self.config.parent / "agents").mkdir(parents=True)
        for name, agent in agents.items():
            # JSON is YAML too. SmolLM2 must not answer where the scripted model fails.
            text = json.dumps({"workers": {"llm": ["scripted"]}} | agent)
            (self.config.parent / "agents" / f"{name}.yaml").write_text(text)
        self.write(_merged(self._settings(llm, next(iter(agents))), sections))

    def write(self, settings: Settings) -> None:
        """The configuration, for a start that is still to come."""
        self.settings = settings
        self.config.write_text(json.dumps(settings, indent=2))

    @property
    def http(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.ports.listen}"

    @property
    def websocket(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self.ports.listen}/v1/realtime"

    @property
    def _marks(self) -> list[str]:
        # The workers are the host's.
        return [str(self.config.parent)]

    def _settings(self, llm: str, agent: str) -> Settings:
        return {
            "server": {
                "listen": f"127.0.0.1:{self.ports.listen}",
                "admin": f"127.0.0.1:{self.ports.admin}",
                "keys": [self.key, self.other_key],
            },
            "limits": {"audio_rate": 100},
            "ladder": {"overload": {"worst_level": 1}},
            "workers": {
                "asr": [{"name": "moonshine", "protocol": "wyoming", "url": self.asr}],
                "llm": [
                    {"name": "scripted", "protocol": "openai", "url": llm, "model": "scripted"},
                    {
                        "name": "smollm2", "protocol": "openai", "url": f"http://127.0.0.1:{self.ports.llm}/v1",
                        "model": "smollm2", "tools": "forced",
                        # It shares its cores with everything that tests run.
                        "deadlines": {"first_result_ms": 30_000, "gap_ms": 30_000},
                    },
                ],
                "tts": [
                    {"name": "piper", "protocol": "wyoming", "url": self.tts, "voice": "en_US-joe-medium"},
                    {"name": "espeak", "protocol": "espeak", "voice": "en-us"},
                ],
                "end_of_turn": [
                    {"name": "smart-turn", "protocol": "http", "url": f"http://127.0.0.1:{self.ports.end_of_turn}"}
                ],
            },
            "agents": "agents",
            "default_agent": agent,
        }  # fmt: skip


def _merged(under: Settings, over: Settings) -> Settings:
    merged = dict(under)
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merged(merged[name], value) if both else value
    return merged
