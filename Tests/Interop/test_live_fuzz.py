"""A short siege by the fuzzer of Fuzz/live, the same in every run; `make fuzz-live` holds long ones."""

from __future__ import annotations

import asyncio
import sys

from support.server import ROOT

sys.path.append(str(ROOT / "Fuzz"))

from live.siege import Siege  # noqa: E402
from live.target import Target  # noqa: E402


def test_a_server_under_siege_lives_and_serves_the_others() -> None:
    with Target() as target:
        outcome = asyncio.run(Siege(target, seed=20261127).run(seconds=90, attackers=12, operations=300))
        assert not outcome.findings, f"{outcome}\n{target.log_end()}"
        assert outcome.witness_turns > 0
