"""What the measuring scripts share: which server, whose voice, and tables of percentiles."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests" / "Interop"))

from support.server import VivaServer  # noqa: E402


@dataclass(frozen=True)
class Target:
    """A server to be measured."""

    websocket: str
    key: str
    agent: str
    asr: str
    tts: str


def target_parser(description: str | None, agent: str) -> argparse.ArgumentParser:
    """Options that say which server is measured."""
    parser = argparse.ArgumentParser(
        description=description, epilog="Without --url the script starts a server of its own, with the default workers."
    )
    parser.add_argument("--url", help="a running server, like http://127.0.0.1:8080")
    parser.add_argument("--key", default=os.environ.get("VIVA_API_KEY"), help="its key (default: VIVA_API_KEY)")
    parser.add_argument("--agent", default=agent, help="who answers (%(default)s)")
    parser.add_argument("--asr", default="tcp://127.0.0.1:10301", help="Wyoming ASR that hears for us (%(default)s)")
    parser.add_argument("--tts", default="tcp://127.0.0.1:10200", help="Wyoming TTS that speaks for us (%(default)s)")
    return parser


@contextlib.contextmanager
def target(arguments: argparse.Namespace) -> Iterator[Target]:
    """The server that was named, or one of our own until the end."""
    if arguments.url:
        if not arguments.key:
            raise SystemExit("--url needs --key (or VIVA_API_KEY)")
        base = "ws" + arguments.url.removeprefix("http").split("#")[0].rstrip("/")
        yield Target(base + "/v1/realtime", arguments.key, arguments.agent, arguments.asr, arguments.tts)
        return
    print("starting a server", file=sys.stderr)
    server = VivaServer().start()
    try:
        yield Target(server.websocket, server.key, arguments.agent, server.asr, server.tts)
    finally:
        server.stop()
        server.remove()


def show_progress(done: int, count: int, what: str) -> None:
    """A line that a terminal keeps overwriting; nothing in a log."""
    if sys.stderr.isatty():
        print(f"\r{done}/{count} {what}", end="\n" if done == count else "", file=sys.stderr, flush=True)


def print_table(rows: dict[str, Sequence[float]], unit: str) -> None:
    """p50, p95 and the range of each row."""
    width = max(map(len, rows), default=0)
    print(f"{'':{width}}  {'n':>4} {'p50':>8} {'p95':>8} {'min':>8} {'max':>8}   {unit}")
    for name, values in rows.items():
        if len(values):
            p50, p95 = np.percentile(values, [50, 95])
            print(f"{name:{width}}  {len(values):4} {p50:8.1f} {p95:8.1f} {min(values):8.1f} {max(values):8.1f}")
