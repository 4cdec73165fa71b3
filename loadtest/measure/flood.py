#!/usr/bin/env python3
"""Response latency of voice sessions while `viva batch` floods the same language model, with preemption and without.

Three runs, each with a server and default workers of its own: nobody else at the model; jobs of LOW priority, eight at
once; the same with `pool.preemption: false`. In milliseconds from the last voiced sample to the first audio delta.

    .viva/tests/venv/bin/python loadtest/measure/flood.py --sessions 4 --turns 6
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

from common import Target, print_table
from latency import SENTENCES, turn
from support.client import plain_client
from support.microphone import Microphone
from support.server import VivaServer, binary
from support.speech import Voice

JOBS = 4000
AT_ONCE = 8


def server(preemption: bool) -> VivaServer:
    made = VivaServer()
    text = made.config.read_text()
    made.config.write_text(text + f"\npool: {{ preemption: {str(preemption).lower()} }}\n")
    return made.start()


def flood(viva: VivaServer) -> subprocess.Popen[bytes]:
    prompts = viva.folder / "prompts.jsonl"
    prompts.write_text(
        "".join(
            json.dumps({"id": f"job-{each}", "prompt": "Write a long story about a dog.", "max_tokens": 200}) + "\n"
            for each in range(JOBS)
        )
    )
    command = [
        str(binary()), "batch", "--config", str(viva.config), "--file", str(prompts),
        "--out", str(viva.folder / "results.jsonl"), "--priority", "low", "--parallel", str(AT_ONCE),
    ]  # fmt: skip
    return subprocess.Popen(command, env=viva.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def session(where: Target, index: int, turns: int, speech: list[bytes]) -> list[dict]:
    # Not all at the same moment.
    await asyncio.sleep(index * 1.7)
    async with plain_client(where.websocket, where.key, where.agent) as client, Microphone(client) as microphone:
        await client.update(audio={"input": {"transcription": {"model": "default"}}})
        return [await turn(client, microphone, speech[(index + each) % len(speech)]) for each in range(turns)]


async def talk(where: Target, sessions: int, turns: int) -> list[dict]:
    voice = Voice(where.tts)
    speech = [await voice.say(sentence) for sentence in SENTENCES]
    records = await asyncio.gather(*(session(where, each, turns, speech) for each in range(sessions)))
    return [record for each in records for record in each]


def metric(viva: VivaServer, name: str) -> float:
    with urllib.request.urlopen(viva.admin + "/metrics", timeout=10) as answer:
        return sum(float(found) for found in re.findall(rf"^{name}{{[^}}]*}} (\S+)$", answer.read().decode(), re.M))


def run(sessions: int, turns: int, preemption: bool, floods: bool) -> tuple[list[dict], str]:
    viva = server(preemption)
    batch = None
    try:
        where = Target(viva.websocket, viva.key, "assistant", viva.asr, viva.tts)
        if floods:
            batch = flood(viva)
        records = asyncio.run(talk(where, sessions, turns))
        results = viva.folder / "results.jsonl"
        jobs = results.read_text().count("\n") if results.exists() else 0
        return records, f"{jobs} jobs done, {metric(viva, 'viva_pool_preemptions_total'):.0f} preemptions"
    finally:
        if batch:
            batch.terminate()
            batch.wait()
        viva.stop()
        viva.remove()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=4, help="(%(default)s)")
    parser.add_argument("--turns", type=int, default=6, help="of each session (%(default)s)")
    parser.add_argument("--json", type=Path, help="also write every turn to this file")
    arguments = parser.parse_args()
    rows: dict[str, list[float]] = {}
    kept: dict[str, list[dict]] = {}
    for name, preemption, floods in (
        ("no jobs", True, False),
        ("jobs", True, True),
        ("jobs, no preemption", False, True),
    ):
        records, what = run(arguments.sessions, arguments.turns, preemption, floods)
        failed = sum(record["status"] != "completed" for record in records)
        print(f"{name}: {len(records)} turns, {failed} not completed, {what}", file=sys.stderr, flush=True)
        rows[f"{name}: response"] = [
            record["response latency (client)"] for record in records if "response latency (client)" in record
        ]
        rows[f"{name}: first token"] = [
            record["stages"]["llm_first_token_ms"] for record in records if record["stages"].get("llm_first_token_ms")
        ]
        kept[name] = records
    if arguments.json:
        arguments.json.write_text(json.dumps(kept, indent=2))
    print_table(rows, "ms")


if __name__ == "__main__":
    main()
