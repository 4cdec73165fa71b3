#!/usr/bin/env python3
"""Workers that fail in every way, for each kind, with a backup and without: how soon another one answers, what is lost,
when the user is told, and when all is back.

It starts a server of its own with scripted workers (Tests/Interop/support/faulty_worker.py), processes that are really
killed and stopped. What is said and heard is in Tests/Interop/support/pitch_code.py, so that words are counted exactly.

    .viva/tests/venv/bin/python loadtest/measure/failover.py --page docs/failover-measured.md --json /tmp/failover.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import common  # noqa: F401: finds `support`
import numpy as np
from support.failover_server import KINDS, FailoverServer
from support.failover_trials import FAULTS, Fault, Trial, fail_over, fall, fall_to_text, make_known
from support.server import binary

HARD_GOAL, SILENCE_GOAL, TEXT_GOAL, BACK_GOAL = 1.5, 0.5, 5.0, 5.0
TRIAL_SECONDS = 120
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


async def measure(server: FailoverServer, kinds: Sequence[str], repeat: int) -> list[Trial]:
    """All kinds at the same time, and with and without a backup, each with workers of their own."""
    print("workers are made known", file=sys.stderr, flush=True)
    lanes = [(kind, backup) for kind in kinds for backup in (True, False)]
    await asyncio.gather(*(make_known(server, kind, backup) for kind, backup in lanes))
    done = await asyncio.gather(*(lane(server, kind, backup, repeat) for kind, backup in lanes))
    trials = [trial for each in done for trial in each]
    if set(kinds) == set(KINDS):
        for seed in range(repeat):
            name = "`kill -9` of all"
            trials.append(await attempt(Trial("all", name, backup=False), lambda: fall_to_text(server, seed)))
        show("all", name, trials[-repeat:])
    return trials


async def lane(server: FailoverServer, kind: str, backup: bool, repeat: int) -> list[Trial]:
    trials: list[Trial] = []
    for fault in FAULTS:
        if kind not in fault.kinds or fault.breaker_is_open and not backup:
            continue
        for seed in range(repeat):
            trial = Trial(kind, fault.name, backup)
            trials.append(await attempt(trial, lambda: (fail_over if backup else fall)(server, kind, fault, seed)))
        show(f"{kind}, {'with' if backup else 'without'} a backup", fault.name, trials[-repeat:])
    return trials


async def attempt(trial: Trial, run: Callable) -> Trial:
    """One that breaks off is a result too."""
    try:
        return await asyncio.wait_for(run(), TRIAL_SECONDS)
    except (AssertionError, asyncio.TimeoutError, OSError) as error:
        trial.status = f"broke off: {error}"
        trial.ended = "closed (" in str(error)
        print(f"{trial.kind}, {trial.fault}: {trial.status[:600]}", file=sys.stderr, flush=True)
        return trial


def show(who: str, what: str, trials: Sequence[Trial]) -> None:
    first = times(trials, "first") or times(trials, "told")
    took = f"{np.median(first):.2f} s" if first else "nobody answered"
    lost = sum(trial.lost for trial in trials)
    print(f"{time.strftime('%H:%M:%S')} {who}: {what}: {took}, {lost} words lost", file=sys.stderr, flush=True)


# The table


def times(trials: Sequence[Trial], name: str) -> list[float]:
    return [value for trial in trials if (value := getattr(trial, name)) is not None]


def span(values: Sequence[float], digits: int = 2) -> str:
    """Median and longest."""
    return f"{np.median(values):.{digits}f} / {max(values):.{digits}f}" if values else "–"


def due(trials: Sequence[Trial]) -> str:
    values = sorted({round(value, 1) for value in times(trials, "due")})
    return "–".join(f"{value:.1f}" for value in dict.fromkeys([values[0], values[-1]])) if values else ""


def words(trials: Sequence[Trial]) -> str:
    """Lost, of how many; and those that came twice."""
    if not (said := sum(trial.said for trial in trials)):
        return "–"
    repeated = sum(trial.repeated for trial in trials)
    return f"{sum(trial.lost for trial in trials)} of {said}" + (f", {repeated} twice" if repeated else "")


def completed(trials: Sequence[Trial]) -> str:
    return f"{sum(trial.status == 'completed' for trial in trials)} of {len(trials)}"


def table(trials: Sequence[Trial]) -> str:
    """As Markdown."""
    lines = [
        "| kind | fault | deadline | backup's first result | words lost | completed "
        "| alone: told after | words lost | back after | sessions ended |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in (*KINDS, "all"):
        names = dict.fromkeys(trial.fault for trial in trials if trial.kind == kind)
        for name in names:
            of = [trial for trial in trials if (trial.kind, trial.fault) == (kind, name)]
            backed, alone = [each for each in of if each.backup], [each for each in of if not each.backup]
            lines.append(
                f"| {kind} | {name} | {due(of)} | {span(times(backed, 'first'))} | {words(backed)} "
                f"| {completed(backed) if backed else '–'} | {span(times(alone, 'told'))} | {words(alone)} "
                f"| {span(times(alone, 'back'))} | {sum(trial.ended for trial in of)} |"
            )
    return "\n".join(lines)


def summary(trials: Sequence[Trial]) -> str:
    """The goals, and what was reached."""
    faults: dict[str, Fault] = {fault.name: fault for fault in FAULTS}

    def those(silent: bool, late: bool) -> list[Trial]:
        return [
            trial
            for trial in trials
            if trial.backup and (faults[trial.fault].is_silent, faults[trial.fault].is_late) == (silent, late)
        ]

    hard = times(those(False, False), "first")
    silent = [trial.first - trial.due for trial in those(True, False) if trial.first is not None and trial.due]
    backed, alone = [trial for trial in trials if trial.backup], [trial for trial in trials if not trial.backup]
    gone = [trial for trial in alone if trial.fault.startswith("`kill")]
    lines = ["| | goal | seen |", "|---|---|---|"]

    def line(what: str, goal: str, seen: str) -> None:
        lines.append(f"| {what} | {goal} | {seen} |")

    if hard:
        line("hard errors, to the backup's first result, p95", f"{HARD_GOAL} s", f"{np.percentile(hard, 95):.2f} s")
    if silent:
        line("silence, beyond the deadline, longest", f"{SILENCE_GOAL} s", f"{max(silent):.2f} s")
    if stops := times(backed, "stopped"):
        line("stop in the agent's voice once it has begun, longest", "", f"{max(stops):.2f} s")
    line("words lost, with a backup", "0", words(backed))
    line("answers completed, with a backup", "all", completed(backed))
    line("sessions ended", "0", f"{sum(trial.ended for trial in trials)} of {len(trials)}")
    if told := times(gone, "told"):
        line("all workers of a kind killed, to the ladder's change, longest", f"{TEXT_GOAL} s", f"{max(told):.2f} s")
    if back := times(alone, "back"):
        line("a worker answers again, to the ladder's change, p95", f"{BACK_GOAL} s", f"{np.percentile(back, 95):.2f} s")
    broken = [trial for trial in trials if trial.status.startswith("broke off")]
    if broken:
        line("trials that broke off", "0", str(len(broken)))
    return "\n".join(lines)


def circumstances(repeat: int, load: float, began: float) -> str:
    return (
        f"{repeat} times each, on {os.cpu_count()} cores ({processor()}), load average {load:.1f} at the start and "
        f"{os.getloadavg()[0]:.1f} at the end, server built for {binary().parent.name}, "
        f"in {(time.monotonic() - began) / 60:.0f} minutes."
    )


def processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def insert(page: Path, text: str) -> None:
    """Between the page's marks."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{page} has no {BEGIN} … {END}")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5, help="of each (%(default)s)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="(all)")
    parser.add_argument("--json", type=Path, help="also write every trial to this file")
    parser.add_argument("--page", type=Path, help="also put the tables into this page, between its marks")
    arguments = parser.parse_args()
    began, load = time.monotonic(), os.getloadavg()[0]
    print("starting a server and its workers", file=sys.stderr)
    server = FailoverServer()
    try:
        server.start()
        trials = asyncio.run(measure(server, arguments.kinds, arguments.repeat))
        text = "\n\n".join([circumstances(arguments.repeat, load, began), summary(trials), table(trials)])
        server.stop()
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
        server.end_workers()
        server.remove()
    print(text)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(trial) for trial in trials], indent=1))
    if arguments.page:
        insert(arguments.page, text)
    sys.exit(any(trial.ended for trial in trials))


if __name__ == "__main__":
    main()
