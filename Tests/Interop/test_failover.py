"""Scripted workers that are killed, stopped and fall silent: no session ends, no word is lost, and all comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator

import pytest
from support.failover_server import KINDS, FailoverServer
from support.failover_trials import FAULTS, Fault, Trial, fail_over, fall, fall_to_text

# Far more than anything here takes, on a machine that is busy with other things.
SECONDS = 20
TRIAL_SECONDS = 100


@pytest.fixture(scope="module")
def scripted() -> Iterator[FailoverServer]:
    viva = FailoverServer()
    viva.start()
    try:
        yield viva
        left = viva.stop()
        assert not left, f"left behind: {[process.command for process in left]}"
    finally:
        if viva.process is not None and viva.process.poll() is None:
            viva.kill()
        viva.end_workers()
    viva.remove()


def fault(name: str) -> Fault:
    return next(each for each in FAULTS if each.name == name)


def run(*trials: Awaitable[Trial]) -> list[Trial]:
    """Trials at the same time, in which nothing may be lost."""

    async def all_of_them() -> list[Trial]:
        return await asyncio.wait_for(asyncio.gather(*trials), TRIAL_SECONDS)

    seen = asyncio.run(all_of_them())
    for trial in seen:
        assert not trial.ended, trial
        assert trial.status == "completed", trial
        # A word that broke off is said again.
        assert trial.lost == 0 and trial.repeated <= 1, trial
    return seen


@pytest.mark.parametrize(
    "faults",
    [
        dict.fromkeys(KINDS, "`kill -9`"),
        dict.fromkeys(KINDS, "`kill -9` in mid-stream"),
        {"asr": "hang in mid-stream", "llm": "`SIGSTOP`", "tts": "`SIGSTOP`"},
        dict.fromkeys(("llm", "tts"), "hang in mid-stream"),
    ],
    ids=["killed", "killed in mid-stream", "silent", "silent in mid-stream"],
)
def test_a_backup_answers(scripted: FailoverServer, faults: dict[str, str]) -> None:
    for trial in run(*(fail_over(scripted, kind, fault(name), seed=1) for kind, name in faults.items())):
        assert trial.said > 0 and trial.first is not None and trial.first < SECONDS, trial


def test_without_a_backup_the_user_is_told_and_has_it_back(scripted: FailoverServer) -> None:
    for trial in run(*(fall(scripted, kind, fault("`kill -9`"), seed=2) for kind in KINDS)):
        assert trial.told is not None and trial.told < SECONDS, trial
        assert trial.back is not None and trial.back < SECONDS, trial


def test_without_any_worker_there_is_text_and_then_voice_again(scripted: FailoverServer) -> None:
    (trial,) = run(fall_to_text(scripted, seed=3))
    assert trial.said > 0, "the turn that was cut off is heard once there is a worker"
    assert trial.told is not None and trial.told < SECONDS, trial
    assert trial.back is not None and trial.back < SECONDS, trial
