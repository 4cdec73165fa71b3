"""One call to a worker of each kind, as a client makes it: a spoken turn, a written answer, a spoken one."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from . import pitch_code
from .client import Client
from .microphone import Microphone
from .speech import RATE

# Seconds that anything may take.
LONGEST = 60.0
WORDS_SAID = {"asr": 8, "llm": 12, "tts": 10}
_COMPLETED = "conversation.item.input_audio_transcription.completed"
_FAILED = "conversation.item.input_audio_transcription.failed"
_TRANSCRIBED = {"transcription": {"model": "default"}}


@dataclass
class Answer:
    """When the call began, had its first result and was over (monotonic seconds), and the words that came."""

    began: float
    first: float | None
    done: float
    status: str
    words: list[str]


def sentence(seed: int, kind: str) -> list[str]:
    return random.Random(f"{kind} {seed}").sample(pitch_code.WORDS, WORDS_SAID[kind])


async def ask(
    client: Client, kind: str, words: Sequence[str], by_text: bool = False, is_aside: bool = False
) -> Answer:
    """One call of the kind, to its end.

    `by_text`: what counts is the written answer. `is_aside`: out of band, so that its voice comes as fast as it can.
    """
    if kind == "asr":
        return await _be_heard(client, words)
    if kind == "llm":
        await client.update(output_modalities=["text"])
    # Two sentences.
    half = len(words) * 3 // 5
    await client.say_text(f"Say: {' '.join(words[:half])}. {' '.join(words[half:])}.")
    here, began = len(client.events), time.monotonic()
    await client.send("response.create", **({"response": {"conversation": "none"}} if is_aside else {}))
    done = await client.wait_response(after=here, timeout=LONGEST)
    what = "response.output_audio.delta" if kind == "tts" else "response.output_text.delta"
    deltas = client.of(what, response=done.response_id)
    if kind == "tts" and not by_text:
        heard = pitch_code.hear(client.audio(done.response_id or ""), RATE)
    else:
        parts = [part for item in done["response"]["output"] for part in item.get("content", [])]
        heard = pitch_code.spelled(" ".join(part.get("text") or part.get("transcript") or "" for part in parts))
    return Answer(began, deltas[0].at if deltas else None, done.at, done["response"]["status"], heard)


async def _be_heard(client: Client, words: Sequence[str]) -> Answer:
    """A spoken turn, until it is transcribed."""
    hearing = {"type": "server_vad", "silence_duration_ms": 300, "create_response": False}
    await client.update(audio={"input": _TRANSCRIBED | {"turn_detection": hearing}})
    here = len(client.events)
    async with Microphone(client) as microphone:
        await microphone.say(pitch_code.say(" ".join(words), RATE))
        committed = await client.wait("input_audio_buffer.committed", after=here, timeout=10)
        told = await client.wait(_COMPLETED, _FAILED, after=here, timeout=LONGEST)
    # A failed one has nothing to say.
    status = told.type.rpartition(".")[2]
    return Answer(committed.at, told.at, told.at, status, pitch_code.spelled(told.get("transcript") or ""))


async def be_read(client: Client, words: Sequence[str]) -> None:
    """A turn in no time."""
    await client.update(audio={"input": _TRANSCRIBED | {"turn_detection": None}})
    here = len(client.events)
    await client.append_fast(pitch_code.say(" ".join(words), RATE))
    await client.send("input_audio_buffer.commit")
    await client.wait(_COMPLETED, after=here)
