"""Many attackers at once on one server, with a witness beside them."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from . import attacks_http, attacks_websocket  # noqa: F401 - they fill ATTACKS
from .attack import ATTACKS
from .target import Target
from .wire import Finding, Gone
from .witness import Witness

# How much the server may grow over a siege, in MiB, once it is over: what a heap keeps of hundreds of sessions.
GROWTH = 400
# The most it may take meanwhile, in MiB: messages of 22 MiB from all attackers at once.
MOST = 2000


@dataclass
class Outcome:
    """What came of a siege."""

    seed: int
    operations: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0
    witness_turns: int = 0
    witness_slowest: float = 0
    # In MiB: before, at the peak, and afterwards.
    memory: tuple[float, float, float] = (0, 0, 0)

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {sum(self.operations.values())} operations in {self.seconds:.0f} s"]
        lines += [f"  {name:18} {count:6}" for name, count in sorted(self.operations.items())]
        lines.append(f"  witness: {self.witness_turns} answers, the slowest in {self.witness_slowest:.1f} s")
        lines.append("  memory: {:.0f} MiB before, {:.0f} at the peak, {:.0f} afterwards".format(*self.memory))
        return "\n".join([*lines, *(f"FOUND {finding}" for finding in self.findings)])


class Siege:
    """One run. Each operation has a random generator of its own, made of the seed and its number."""

    def __init__(self, target: Target, seed: int, only: str | None = None) -> None:
        self.target = target
        self.outcome = Outcome(seed)
        self.attacks = [attack for attack in ATTACKS if only in (None, attack.name)]
        self.number = 0

    async def run(self, seconds: float, attackers: int, operations: int | None = None) -> Outcome:
        """Until the time is over, or so many operations are done, or the server is dead."""
        began = time.monotonic()
        before = self.target.memory()
        witness = Witness(self.target)
        watching = asyncio.create_task(witness.run())
        until = began + seconds
        await asyncio.gather(*(self._attack(until, operations) for _ in range(attackers)))
        if self.target.is_alive:
            await self._rest(witness, watching)
        watching.cancel()
        try:
            await watching
        except asyncio.CancelledError:
            pass
        except (Finding, Gone, OSError) as error:
            self.outcome.findings.append(f"by the witness: {error!r}")
        self.outcome.seconds = time.monotonic() - began
        self.outcome.witness_turns, self.outcome.witness_slowest = witness.turns, witness.slowest
        if self.target.is_alive:
            self.outcome.memory = (before, self.target.memory("VmHWM"), self.target.memory())
            self._check_memory()
        else:
            self.outcome.findings.append(f"the server is dead:\n{self.target.log_end()}")
        return self.outcome

    async def replay(self, number: int) -> Outcome:
        """One operation again, by itself."""
        await self._operate(number)
        return self.outcome

    async def _attack(self, until: float, operations: int | None) -> None:
        while time.monotonic() < until and self.target.is_alive and len(self.outcome.findings) < 20:
            if operations is not None and self.number >= operations:
                return
            self.number += 1
            await self._operate(self.number)

    async def _operate(self, number: int) -> None:
        chance = random.Random(f"{self.outcome.seed}/{number}")
        (attack,) = chance.choices(self.attacks, [attack.weight for attack in self.attacks])
        self.outcome.operations[attack.name] += 1
        try:
            async with asyncio.timeout(300):
                await attack.body(self.target, chance)
        except Gone:
            pass  # The server may end what it does not like.
        except TimeoutError:
            self._found(attack.name, number, "it took longer than 300 s")
        except Finding as finding:
            self._found(attack.name, number, str(finding))
        except OSError as error:
            if self.target.is_alive:
                self._found(attack.name, number, repr(error))

    def _found(self, name: str, number: int, what: str) -> None:
        if self.target.is_alive:
            self.outcome.findings.append(f"by {name}, operation {number}: {what}")

    async def _rest(self, witness: Witness, watching: asyncio.Task[None]) -> None:
        """Nobody attacks: all that is left must go, and the witness still be answered."""
        turns = witness.turns
        deadline = time.monotonic() + 180
        while not watching.done():
            # The witness has one session at a time, and is between two now and then.
            left = await asyncio.to_thread(self.target.sessions)
            if left <= 1 and witness.turns > turns:
                break
            if time.monotonic() > deadline:
                self.outcome.findings.append(f"{left} sessions live on, the witness had {witness.turns - turns} answers")
                break
            await asyncio.sleep(0.5)
        with contextlib.suppress(OSError):
            if await asyncio.to_thread(self.target.is_healthy):
                return
        self.outcome.findings.append("/healthz is not healthy")

    def _check_memory(self) -> None:
        before, peak, after = self.outcome.memory
        if peak > MOST or after > before + GROWTH:
            self.outcome.findings.append(f"memory: {before:.0f} MiB before, {peak:.0f} at the peak, {after:.0f} afterwards")
