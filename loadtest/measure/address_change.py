#!/usr/bin/env python3
"""Changes of address: how long the audio is gone, both ways, and whether the conversation goes on.

Clients of a server that the script starts call through a NAT on loopback, which sees each RTP packet. Each call moves
twice: while the agent speaks, and in the middle of a sentence of the caller's. Either the NAT forgets its bindings, of
which the client learns nothing and the server only by the client's next check, or the browser restarts ICE.

    .viva/tests/venv/bin/python loadtest/measure/address_change.py --count 10 --output results/address-change
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from common import print_table, show_progress
from moves.calls import (
    QUIET_SECONDS,
    SENTENCE,
    CallResult,
    rebound_in_aiortc,
    rebound_in_chromium,
    restarted_in_chromium,
)
from moves.plot import plot
from support.server import VivaServer, binary
from support.speech import Voice, silence, write_wav

SCENARIOS = ("aiortc", "chromium", "restart")


def calls(server: VivaServer, folder: Path, options: argparse.Namespace) -> Iterator[CallResult]:
    """One scenario after the other."""
    microphone = folder / "microphone.wav"
    said = asyncio.run(Voice(server.tts).say(SENTENCE))
    write_wav(microphone, silence(QUIET_SECONDS) + said + silence(90), 48_000)
    chance = random.Random(options.seed)
    run: dict[str, Callable[[], CallResult]] = {
        "aiortc": lambda: asyncio.run(rebound_in_aiortc(server, chance)),
        "chromium": lambda: rebound_in_chromium(server, microphone, chance),
        "restart": lambda: restarted_in_chromium(server, microphone, chance),
    }
    for scenario in options.scenarios:
        count = options.count if scenario == "aiortc" else options.browser_count
        for number in range(count):
            yield run[scenario]()
            show_progress(number + 1, count, f"calls, {scenario}")


def rows(results: list[CallResult]) -> dict[str, list[float]]:
    """The gaps by what they are of."""
    table: dict[str, list[float]] = {}
    for move in (move for result in results for move in result.moves):
        if move.client_gap is not None and move.client_gap_before is not None:
            table.setdefault(f"{move.scenario}: client, before", []).append(move.client_gap_before)
            table.setdefault(f"{move.scenario}: client", []).append(move.client_gap)
        table.setdefault(f"{move.scenario}: server", []).append(float(move.server_gap))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10, help="calls with aiortc (%(default)s)")
    parser.add_argument("--browser-count", type=int, default=5, help="calls of each kind in Chromium (%(default)s)")
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=SCENARIOS, help="(all)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (%(default)s)")
    parser.add_argument("--output", type=Path, required=True, help="folder for every move, the table and the plot")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    results: list[CallResult] = []
    server = VivaServer().start()
    try:
        for result in calls(server, options.output, options):
            results.append(result)
            # Now, so that a run that is cut short leaves what it had.
            (options.output / "calls.json").write_text(json.dumps([asdict(each) for each in results], indent=1))
            print(json.dumps(asdict(result)), file=sys.stderr, flush=True)
    finally:
        server.stop()
        server.remove()
        (options.output / "microphone.wav").unlink(missing_ok=True)

    table = rows(results)
    print(f"{binary()}")
    print_table(table, "ms")
    for scenario in dict.fromkeys(result.scenario for result in results):
        mine = [result for result in results if result.scenario == scenario]
        lost = [sum(move.client_lost for move in result.moves) for result in mine]
        whole = sum(result.word_error < 0.2 for result in mine)
        kept = sum(result.kept for result in mine)
        print(f"{scenario}: {kept} of {len(mine)} kept, {whole} sentences whole, lost to the client {lost}")
    (options.output / "address-change.svg").write_text(plot(table))
    sys.exit(not all(result.kept for result in results))


if __name__ == "__main__":
    main()
