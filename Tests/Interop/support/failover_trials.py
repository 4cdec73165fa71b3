"""A worker fails in one way under one session: how soon another answers, what is lost, and what the user is told."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from . import pitch_code
from .client import Client, Event, plain_client
from .failover_calls import LONGEST, Answer, ask, be_read, sentence
from .failover_server import KINDS, FailoverServer, primary
from .faulty_process import FaultyProcess, until

# Seconds between two pieces (`gap_ms`), by default.
GAP = 5.0
# How far into the speech an ASR is killed.
_INTO_SPEECH = 1.2
# Calls that a worker answers before its deadline adapts.
_KNOWN_CALLS = 22


@dataclass(frozen=True)
class Fault:
    """A row of the table."""

    name: str
    # What the worker is told to do before the call.
    worker: str = "none"
    # What its process is sent, and when: before the call, once it has the whole of it, or in the middle.
    signal: signal.Signals | None = None
    when: str = "before"
    over_http: bool = False
    # Nothing tells of it but a deadline.
    is_silent: bool = False
    kinds: tuple[str, ...] = KINDS
    # It comes when a part of the answer (of an ASR: of the speech) was there.
    is_late: bool = False
    # The primary is dead, and its breaker knows.
    breaker_is_open: bool = False


FAULTS = (
    Fault("`kill -9`", "slow", signal.SIGKILL, "asked"),
    Fault("`kill -9` in mid-stream", "hang", signal.SIGKILL, "middle", is_late=True),
    Fault("the same, breaker open", breaker_is_open=True),
    Fault("`SIGSTOP`", signal=signal.SIGSTOP, is_silent=True),
    Fault("500", "error", over_http=True),
    Fault("Wyoming `error`", "error", kinds=("asr", "tts")),
    Fault("429, `Retry-After: 2`", "busy", over_http=True),
    Fault("hang in mid-stream", "hang", is_silent=True, is_late=True),
    Fault("empty, zeros", "empty"),
    Fault("garbage", "garbage"),
    Fault("slow first byte", "slow", is_silent=True),
)


@dataclass
class Trial:
    """What was seen. Times are in seconds."""

    kind: str
    fault: str
    backup: bool
    # From the fault, or from the call's start where the fault was there before, to the backup's first result.
    first: float | None = None
    # Until silence counts as a failure.
    due: float | None = None
    said: int = 0
    lost: int = 0
    repeated: int = 0
    # Of the response, or of the transcription.
    status: str = ""
    # From the same moment to the end of the answer.
    done: float | None = None
    # The longest stop in the agent's voice, once it had begun.
    stopped: float | None = None
    ended: bool = False
    # From the fault, or from the call's start, to `viva.ladder.changed`.
    told: float | None = None
    # From the moment at which the worker answered probes again until the user has all of it back.
    back: float | None = None


async def fail_over(server: FailoverServer, kind: str, fault: Fault, seed: int) -> Trial:
    """With a backup."""
    trial = Trial(kind, fault.name, backup=True)
    words, backup = sentence(seed, kind), server.processes[f"{kind}-2"]
    async with (
        _broken(server, kind, fault, trial) as (process, agent),
        plain_client(server.websocket, server.key, agent) as client,
    ):
        here = len(backup.lines)
        asking = asyncio.create_task(ask(client, kind, words))
        struck = await _strike(process, kind, fault)
        answer = await asking
        began = _began(answer, struck)
        first = answer.first
        if fault.is_late and kind != "asr":
            # The client's first result was the other one's: what counts is when the backup came in.
            first = next((line["at"] for line in backup.lines[here:] if line["event"] == "first"), None)
        trial.first = first - began if first is not None else None
        _note(trial, client, answer, words, began)
        if kind == "tts":
            trial.stopped = _longest_stop(client)
    return trial


async def fall(server: FailoverServer, kind: str, fault: Fault, seed: int) -> Trial:
    """Without a backup: down, and up again once the worker is back."""
    trial = Trial(kind, fault.name, backup=False)
    words = sentence(seed, kind)
    async with (
        _broken(server, kind, fault, trial) as (process, agent),
        plain_client(server.websocket, server.key, agent) as client,
    ):
        asking = asyncio.create_task(ask(client, kind, words, by_text=True))
        struck = await _strike(process, kind, fault)
        change = await _lost(client, kind, asking)
        if change is not None:
            up = await server.mend(process.name)
            trial.back = (await _changed(client, change.index, **_BACK[kind])).at - up
        answer = await asking
        began = _began(answer, struck)
        # The user can be told before the turn is over.
        trial.told = change.at - (began if struck is None else struck) if change is not None else None
        # The bank's question stands in for the model's words.
        _note(trial, client, answer, [] if kind == "llm" and change is not None else words, began)
    return trial


async def fall_to_text(server: FailoverServer, seed: int) -> Trial:
    """All workers killed at once while the user speaks, and all of them back."""
    trial = Trial("all", "`kill -9` of all", backup=False)
    names = [primary(kind, backup=False) for kind in KINDS]
    hearing = server.processes[names[0]]
    try:
        async with plain_client(server.websocket, server.key, "none") as client:
            words = sentence(seed, "asr")
            here = len(hearing.lines)
            asking = asyncio.create_task(ask(client, "asr", words))
            await hearing.told("listening", here)
            await asyncio.sleep(_INTO_SPEECH)
            for name in names:
                server.processes[name].signal(signal.SIGKILL)
            struck = time.monotonic()
            text = await _changed(client, 0, input="text", output="text")
            up = await server.mend(*names)
            back = await _changed(client, text.index, input="voice", output="voice")
            trial.told, trial.back = text.at - struck, back.at - up
            _note(trial, client, await asking, words, struck)
    finally:
        await server.mend(*names)
        await asyncio.to_thread(server.close_breakers, *names)
    return trial


async def make_known(server: FailoverServer, kind: str, backup: bool) -> None:
    """The worker that will fail answers calls first, so that its deadline is what it needs."""
    words = sentence(0, kind)
    async with plain_client(server.websocket, server.key, kind if backup else f"{kind}-alone") as client:
        for _ in range(_KNOWN_CALLS):
            await (be_read(client, words) if kind == "asr" else ask(client, kind, words, is_aside=True))


# How a trial begins and ends


@contextlib.asynccontextmanager
async def _broken(
    server: FailoverServer, kind: str, fault: Fault, trial: Trial
) -> AsyncIterator[tuple[FaultyProcess, str]]:
    """The worker that fails, and the agent that uses it; all as before at the end."""
    name, way = primary(kind, trial.backup), "-http" if fault.over_http and kind != "llm" else ""
    process = server.processes[name]
    agent = (kind if trial.backup else f"{kind}-alone") + way
    if fault.is_silent:
        between = fault.is_late and kind != "asr"
        trial.due = GAP if between else await asyncio.to_thread(server.limit, name + way)
    if fault.breaker_is_open:
        await _open_breaker(server, kind, process)
    elif fault.worker != "none":
        await process.fail(fault.worker if not (kind == "asr" and fault.when == "middle") else "none")
    if fault.signal and fault.when == "before":
        process.signal(fault.signal)
    try:
        yield process, agent
    finally:
        await server.mend(name)
        await asyncio.to_thread(server.close_breakers, name)


async def _open_breaker(server: FailoverServer, kind: str, process: FaultyProcess) -> None:
    """The worker is gone, and calls have failed until that was known."""
    process.end()
    async with plain_client(server.websocket, server.key, kind) as client:
        for each in range(10):
            if await asyncio.to_thread(server.is_open, process.name):
                return
            await ask(client, kind, sentence(each, kind)[:4])
    raise AssertionError(f"the breaker of {process.name} does not open")


async def _strike(process: FaultyProcess, kind: str, fault: Fault) -> float | None:
    """Waits for the moment of the fault where it comes during the call, and returns it."""
    here = len(process.lines)
    if fault.when == "asked":
        await process.told("asked", here, kind=kind)
    elif fault.when == "middle" and kind == "asr":
        await process.told("listening", here)
        await asyncio.sleep(_INTO_SPEECH)
    elif fault.is_late:
        hung = await process.told("hung", here, kind=kind)
        if not fault.signal:
            return hung["at"]
    else:
        return None
    assert fault.signal
    process.signal(fault.signal)
    return time.monotonic()


def _began(answer: Answer, struck: float | None) -> float:
    """From when the times count. Nobody can answer a turn before it is spoken."""
    return answer.began if struck is None else max(struck, answer.began)


def _note(trial: Trial, client: Client, answer: Answer, said: Sequence[str], began: float) -> None:
    trial.said, trial.status, trial.done = len(said), answer.status, answer.done - began
    if said:
        trial.lost, trial.repeated = pitch_code.compare(said, answer.words)
    trial.ended = client.closed is not None


def _longest_stop(client: Client) -> float:
    played = client.playback.pieces
    return max((later - start - length for (start, length), (later, _) in zip(played, played[1:])), default=0.0)


# The ladder

_LOST = {"asr": {"input": "text"}, "llm": {"questions": "bank"}, "tts": {"output": "text"}}
_BACK = {"asr": {"input": "voice"}, "llm": {"questions": "model"}, "tts": {"output": "voice"}}


def _is(event: Event, fields: dict[str, str]) -> bool:
    return event.type == "viva.ladder.changed" and all(event[name] == value for name, value in fields.items())


async def _changed(client: Client, after: int, **fields: str) -> Event:
    return await client.wait(
        "viva.ladder.changed", after=after, timeout=LONGEST, where=lambda event: _is(event, fields)
    )


async def _lost(client: Client, kind: str, asking: asyncio.Task[Answer]) -> Event | None:
    """The change that tells the user; None where the call ends and there is none."""

    def seen() -> Event | None:
        return next((event for event in client.events if _is(event, _LOST[kind])), None)

    with contextlib.suppress(AssertionError):
        await until(lambda: seen() or asking.done(), LONGEST, "a change")
    if not seen():
        await asyncio.sleep(0.5)
    return seen()

