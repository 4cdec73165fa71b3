"""Attacks a server over its sockets: `.viva/tests/venv/bin/python Fuzz/live --seed 1 --minutes 10`.

Starts scripted workers and a server of its own (VIVA_BINARY, or the newest build of `viva` and, beside it, `viva-load`).
A finding names the operation; `--operation N` with the same seed runs that one again, by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Fuzz"), str(ROOT / "Tests/Interop")]

from live.siege import Siege  # noqa: E402
from live.target import Target  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--attackers", type=int, default=24, help="at once (%(default)s)")
    parser.add_argument("--only", metavar="KIND", help="this kind of attack only")
    parser.add_argument("--operation", type=int, metavar="N", help="only this one of the seed's")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server and its workers are ended, too
    with Target() as target:
        siege = Siege(target, arguments.seed, arguments.only)
        if arguments.operation is not None:
            outcome = asyncio.run(siege.replay(arguments.operation))
        else:
            outcome = asyncio.run(siege.run(arguments.minutes * 60, arguments.attackers))
        print(outcome)
        if outcome.findings:
            print(f"\nthe server's log:\n{target.log_end()}")
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
