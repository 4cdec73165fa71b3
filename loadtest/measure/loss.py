#!/usr/bin/env python3
"""What a bad network does to speech: concealment, the words that the recogniser gets wrong, and the delay against jitter.

Sentences (by seed) are spoken by the TTS worker, sent by `viva-load loss` over a virtual network with Viva's own
sender, jitter buffer and decoder, and heard by the ASR worker. Each network has the same seeds.

    .viva/tests/venv/bin/python loadtest/measure/loss.py --output results/loss
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
from common import Target, show_progress, target, target_parser
from loss_plot import plot
from support.speech import RATE, Voice, transcribe, write_wav

ROOT = Path(__file__).resolve().parents[2]
_HEARD_RATE = 16_000

# Six to ten words each: who, what, with what, where or when.
_WHO = ("My older brother", "The young doctor", "Our new manager", "Her best friend", "The tall farmer")
_DID = ("repaired", "carried", "painted", "forgot", "described", "sold")
_WHAT = ("the broken window", "a heavy suitcase", "the wooden table", "two yellow flowers", "the green bicycle")
_WHERE = ("near the river", "behind the old station", "before the meeting", "in the quiet garden", "last summer")


@dataclass(frozen=True)
class Network:
    """What is asked of `viva-load loss`."""

    name: str
    options: tuple[str, ...] = ()


NETWORKS = (
    Network("clean"),
    Network("5 %", ("--loss", "5")),
    Network("10 %", ("--loss", "10")),
    Network("20 %", ("--loss", "20")),
    Network("10 % in bursts of 3", ("--loss", "10", "--burst", "3")),
    Network("80 ms jitter", ("--jitter", "80")),
    Network("10 %, 80 ms jitter", ("--loss", "10", "--jitter", "80")),
    Network("5 %, no FEC", ("--loss", "5", "--no-fec")),
    Network("10 %, no FEC", ("--loss", "10", "--no-fec")),
    Network("20 %, no FEC", ("--loss", "20", "--no-fec")),
    Network("bursts of 3, no FEC", ("--loss", "10", "--burst", "3", "--no-fec")),
    Network("10 %, FEC and NACK", ("--loss", "10", "--nack")),
    Network("20 %, FEC and NACK", ("--loss", "20", "--nack")),
)


def tool() -> Path:
    """The built viva-load: VIVA_LOAD_BINARY, else release, else debug."""
    if named := os.environ.get("VIVA_LOAD_BINARY"):
        return Path(named)
    for kind in ("release", "debug"):
        if (path := ROOT / ".build" / kind / "viva-load").exists():
            return path
    raise SystemExit("there is no viva-load: run `swift build --product viva-load`, or set VIVA_LOAD_BINARY")


def sentences(count: int, seed: int) -> list[str]:
    """Distinct ones."""
    chance = random.Random(seed)
    made: dict[str, None] = {}
    while len(made) < count:
        made[" ".join(chance.choice(words) for words in (_WHO, _DID, _WHAT, _WHERE)) + "."] = None
    return list(made)


def words(text: str) -> str:
    """As they are compared."""
    return " ".join(re.findall(r"[a-z']+", text.lower())) or "-"


def errors(said: Sequence[str], heard: Sequence[str]) -> float:
    """Word error rate, per cent."""
    return 100 * float(jiwer.wer(list(map(words, said)), list(map(words, heard))))


async def hear(where: Target, folder: Path, count: int, what: str) -> list[str]:
    """The transcripts of the clips in a folder, in order."""
    heard = []
    for number in range(count):
        with wave.open(str(folder / f"{number:03}.wav")) as recording:
            pcm, rate = recording.readframes(recording.getnframes()), recording.getframerate()
        heard.append(await transcribe(where.asr, pcm, rate))
        show_progress(number + 1, count, what)
    return heard


def send(network: Network, folder: Path, seed: int) -> list[dict[str, Any]]:
    """Says the clips over a network: a record a clip."""
    heard = folder / network.name.replace(" ", "")
    command = [str(tool()), "loss", "--clips", str(folder / "said"), "--output", str(heard)]
    made = subprocess.run([*command, "--seed", str(seed), *network.options], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in made.stdout.splitlines()]


def row(records: Sequence[dict[str, Any]], texts: Sequence[str], before: Sequence[str]) -> dict[str, float]:
    """Shares and rates in per cent, times in milliseconds."""
    sent = sum(record["packetsSent"] for record in records)

    def mean(name: str) -> float:
        return float(np.mean([record[name] for record in records]))

    heard = [record["transcript"] for record in records]
    return {
        "lost %": 100 * sum(record["packetsLost"] for record in records) / sent,
        "by FEC %": 100 * sum(record["packetsRecovered"] for record in records) / sent,
        "concealed %": 100 * mean("concealedShare"),
        "WER %": errors(texts, heard),
        "against clean %": errors(before, heard),
        "waited ms": mean("waitMean"),
        "waited p95 ms": mean("waitP95"),
        "target ms": mean("targetMean"),
        "target p95 ms": mean("targetP95"),
    }


def print_rows(rows: dict[str, dict[str, float]]) -> None:
    names = list(next(iter(rows.values())))
    width = max(map(len, rows))
    print(" " * width, *(f"{name:>15}" for name in names))
    for name, values in rows.items():
        print(f"{name:{width}}", *(f"{value:15.1f}" for value in values.values()))


async def run(where: Target, options: argparse.Namespace) -> dict[str, Any]:
    voice = Voice(where.tts)
    texts = sentences(options.count, options.seed)
    folder: Path = options.output
    (folder / "said").mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts):
        write_wav(folder / "said" / f"{number:03}.wav", await voice.say(text), RATE)
        show_progress(number + 1, len(texts), "sentences spoken")
    source = await hear(where, folder / "said", len(texts), "as they were spoken")
    print(f"as they were spoken: WER {errors(texts, source):.1f} %", flush=True)
    result: dict[str, Any] = {"texts": texts, "as spoken": source, "networks": {}}
    before: list[str] = []
    for network in NETWORKS:
        records = send(network, folder, options.seed)
        heard = await hear(where, folder / network.name.replace(" ", ""), len(texts), network.name)
        for record, transcript in zip(records, heard, strict=True):
            record["transcript"] = transcript
        before = before or heard
        summary = row(records, texts, before)
        result["networks"][network.name] = {"summary": summary, "clips": records}
        print(network.name, json.dumps({name: round(value, 1) for name, value in summary.items()}), flush=True)
        (folder / "loss.json").write_text(json.dumps(result, indent=1))
    return result


def main() -> None:
    parser = target_parser(__doc__, agent="assistant")
    parser.add_argument("--count", type=int, default=40, help="sentences, at most 500 (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the texts and the network (%(default)s)")
    parser.add_argument("--output", type=Path, required=True, help="folder for the recordings, the table and the plot")
    options = parser.parse_args()
    tool()
    with target(options) as where:
        result = asyncio.run(run(where, options))
    rows = {name: network["summary"] for name, network in result["networks"].items()}
    print_rows(rows)
    (options.output / "loss.svg").write_text(plot(rows))


if __name__ == "__main__":
    main()
