#!/usr/bin/env python3
"""How well turns are ended: false cut-offs against latency, for `server_vad` and `semantic_vad`.

Turns with pauses inside (loadtest/measure/turns) are spoken to a running server in real time, each setting hearing the
same recordings. A pause is cut when a turn ends in it, a turn is cut when that happens at all; the latency is from the
true end of the speech to the `speech_stopped` after it, in the session's audio time.

Judging the end of a turn takes the workers some computing, and on a machine that is busy with other things it comes
too late. With `--pace 0.5` the audio comes at half the speed of life, which leaves them twice the time.

    .viva/tests/venv/bin/python loadtest/measure/end_of_turn.py --output results/end-of-turn
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import Target, show_progress, target, target_parser
from support.client import Client, plain_client
from support.microphone import Microphone
from turns.clips import Clip, make_clips
from turns.plot import plot

# Longer than the longest wait of any setting, so that nothing is still open when the next turn begins.
_LONGEST_WAIT = {"low": 9.0, "medium": 5.0, "auto": 5.0, "high": 3.0}
# Seconds of quiet between turns.
_GAP = 0.7
_STOPPED = "input_audio_buffer.speech_stopped"
_TRANSCRIBED = "conversation.item.input_audio_transcription.completed"


@dataclass(frozen=True)
class Setting:
    """One way of ending turns."""

    name: str
    turn_detection: dict[str, Any]
    longest_wait: float


def setting(name: str) -> Setting:
    """`server_vad:500` (ms of silence) or `semantic_vad:auto` (eagerness)."""
    kind, _, value = name.partition(":")
    common = {"type": kind, "create_response": False, "interrupt_response": False}
    if kind == "server_vad":
        return Setting(name, common | {"silence_duration_ms": int(value)}, int(value) / 1000 + 1)
    return Setting(name, common | {"eagerness": value}, _LONGEST_WAIT[value])


class PacedMicrophone(Microphone):
    """A microphone whose seconds last longer."""

    def __init__(self, client: Client, pace: float) -> None:
        super().__init__(client)
        self._pace = pace

    def time_of(self, position: float) -> float:
        """The monotonic time at which the sample at `position` left the mouth."""
        return super().time_of(position / self._pace)


async def measure(
    where: Target, setting: Setting, clips: Sequence[Clip], parallel: int, pace: float
) -> list[dict[str, Any]]:
    """One record a turn, in the order of the clips."""
    records: list[dict[str, Any]] = [{} for _ in clips]
    waiting = iter(enumerate(clips))
    done = 0

    async def lane() -> None:
        nonlocal done
        async with (
            plain_client(where.websocket, where.key, where.agent) as client,
            PacedMicrophone(client, pace) as microphone,
        ):
            await client.update(
                audio={"input": {"transcription": {"model": "default"}, "turn_detection": setting.turn_detection}}
            )
            await asyncio.sleep(_GAP / pace)
            for index, clip in waiting:
                records[index] = await turn(client, microphone, clip, setting, pace)
                done += 1
                show_progress(done, len(clips), setting.name)

    await asyncio.gather(*(lane() for _ in range(parallel)))
    return records


async def turn(
    client: Client, microphone: Microphone, clip: Clip, setting: Setting, pace: float
) -> dict[str, Any]:
    """Speaks a clip and waits until the turn is over; times are from the beginning of the clip."""
    here = len(client.events)
    start, end = await microphone.say(clip.pcm)
    deadline = time.monotonic() + setting.longest_wait / pace
    while time.monotonic() < deadline and not _ends(client, here, since=end):
        await asyncio.sleep(0.02)
    stops = [event["audio_end_ms"] / 1000 - start for event in _ends(client, here)]
    after = _ends(client, here, since=end)
    await asyncio.sleep(_GAP / pace)
    record = {"text": clip.text, "kind": clip.kind, "voice": clip.voice, "noisy": clip.noisy, "stops": stops}
    record["pauses"] = [
        {"length": to - begin, "cut": any(begin < stop <= to + 0.1 and stop < clip.end for stop in stops)}
        for begin, to in clip.pauses
    ]
    record["cut"] = any(stop < clip.end for stop in stops)
    record["latency"] = after[0]["audio_end_ms"] / 1000 - end if after else None
    record["wall_latency"] = after[0].at - microphone.time_of(end) if after else None
    transcripts = [event["transcript"] for event in client.events[here:] if event.type == _TRANSCRIBED]
    record["transcripts"] = transcripts
    return record


def _ends(client: Client, here: int, since: float = 0.0) -> list[Any]:
    return [event for event in client.events[here:] if event.type == _STOPPED and event["audio_end_ms"] / 1000 >= since]


def summary(records: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Shares in per cent, latencies in milliseconds."""
    pauses = [pause for record in records for pause in record["pauses"]]
    latencies = [record["latency"] * 1000 for record in records if record["latency"] is not None]

    def cut(least: float, most: float = 60.0) -> float:
        among = [pause["cut"] for pause in pauses if least <= pause["length"] < most]
        return 100 * float(np.mean(among)) if among else 0.0

    with_pauses = [record["cut"] for record in records if record["pauses"]]
    quantiles = np.percentile(latencies, [50, 90, 95]) if latencies else [float("nan")] * 3
    return {
        "turns": len(records),
        "pauses": len(pauses),
        "cut pauses %": cut(0),
        "of >= 300 ms %": cut(0.3),
        "of >= 600 ms %": cut(0.6),
        "cut turns %": 100 * float(np.mean(with_pauses)) if with_pauses else 0.0,
        "mean ms": float(np.mean(latencies)) if latencies else float("nan"),
        "p50 ms": float(quantiles[0]),
        "p90 ms": float(quantiles[1]),
        "p95 ms": float(quantiles[2]),
        "never ended": sum(record["latency"] is None for record in records),
    }


def print_summaries(rows: dict[str, dict[str, float]]) -> None:
    """A table, one setting a line."""
    names = list(next(iter(rows.values())))
    width = max(map(len, rows))
    print(" " * width, *(f"{name:>15}" for name in names))
    for setting, row in rows.items():
        print(f"{setting:{width}}", *(f"{row[name]:15.0f}" for name in names))


async def run(where: Target, settings: Sequence[Setting], options: Any) -> dict[str, list[dict[str, Any]]]:
    """The records of each setting."""
    clips = await make_clips(where.tts, options.half, options.seed)
    print(f"{len(clips)} turns, {sum(len(clip.pauses) for clip in clips)} pauses inside", file=sys.stderr)
    return {setting.name: await measure(where, setting, clips, options.parallel, options.pace) for setting in settings}


def main() -> None:
    parser = target_parser(__doc__, agent="assistant")
    parser.add_argument(
        "--settings",
        nargs="+",
        type=setting,
        default=[
            setting(name)
            for name in (
                *("server_vad:300", "server_vad:500", "server_vad:600", "server_vad:1000"),
                *("semantic_vad:low", "semantic_vad:auto", "semantic_vad:high"),
            )
        ],
        help="server_vad:MS or semantic_vad:EAGERNESS",
    )
    parser.add_argument("--half", choices=("report", "tune", "all"), default="report", help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of pauses, voices and noise (%(default)s)")
    parser.add_argument("--parallel", type=int, default=3, help="sessions at once (%(default)s)")
    parser.add_argument("--pace", type=float, default=1.0, help="of the audio; 1 is real time (%(default)s)")
    parser.add_argument("--output", type=Path, required=True, help="folder for the table, every turn and the plot")
    options = parser.parse_args()
    with target(options) as where:
        records = asyncio.run(run(where, options.settings, options))
    rows = {name: summary(turns) for name, turns in records.items()}
    print_summaries(rows)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "turns.json").write_text(json.dumps(records, indent=1))
    (options.output / "summary.json").write_text(json.dumps(rows, indent=2))
    (options.output / "end-of-turn.svg").write_text(plot(rows))
    sys.exit(any(row["never ended"] for row in rows.values()))


if __name__ == "__main__":
    main()
