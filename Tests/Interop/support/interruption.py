"""One barge-in into a known text, and what it cost: used by a test and by a measuring script."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .client import Client
from .microphone import Microphone
from .speech import BYTES_PER_SECOND, transcribe
from .words import heard_prefix, words

# The player's start and the network may be off by this much either way.
UNCERTAINTY_SECONDS = 0.15


@dataclass(frozen=True)
class Interruption:
    """What happened when the user spoke into the agent's first response."""

    response: str
    item: str
    # Status and reason of the interrupted response.
    status: str
    reason: str | None
    # The item's transcript afterwards, and how many words of the full text it has.
    kept: str
    kept_words: int
    # Words of the full text in the audio that a player had played: a little before, and a little after the stop.
    heard_words: tuple[int, int]
    heard_text: str
    # Seconds of audio played at `speech_started`.
    played: float
    # Audio deltas of the interrupted response that came after `speech_started`, and when the last one came: seconds
    # after the event (negative: before it).
    late_deltas: int
    last_delta_after: float
    # From the user's first voiced sample to the event.
    onset: float

    @property
    def words_wrong(self) -> int:
        """By how many words the history misses what was heard."""
        low, high = self.heard_words
        return max(low - self.kept_words, self.kept_words - high, 0)


async def interrupt(
    client: Client, microphone: Microphone, speech: bytes, full_text: str, wait: float, asr: str
) -> Interruption:
    """Speaks `speech` when the agent has been heard for `wait` seconds, and lets the agent's answer begin."""
    first = await client.wait("response.output_audio.delta", timeout=30)
    response = first.response_id
    assert response is not None
    await asyncio.sleep(wait)
    spoke = asyncio.create_task(microphone.say(speech))
    started = await client.wait("input_audio_buffer.speech_started", after=first.index, timeout=10)
    done = await client.wait(
        "response.done", after=first.index, timeout=5, where=lambda event: event.response_id == response
    )
    start, _ = await spoke
    item = await client.retrieve(first["item_id"])
    kept = item["content"][0].get("transcript") or ""

    played = client.playback.heard(started.at)
    audio = client.audio(response)
    heard = []
    for offset in (-UNCERTAINTY_SECONDS, UNCERTAINTY_SECONDS):
        length = int(max(0.0, played + offset) * BYTES_PER_SECOND) & ~1
        heard.append(await transcribe(asr, audio[:length]))
    counts = sorted(heard_prefix(full_text, text) for text in heard)
    deltas = client.of("response.output_audio.delta", response=response)
    return Interruption(
        response=response,
        item=first["item_id"],
        status=done["response"]["status"],
        reason=(done["response"].get("status_details") or {}).get("reason"),
        kept=kept,
        kept_words=len(words(kept)),
        heard_words=(counts[0], counts[-1]),
        heard_text=heard[-1],
        played=played,
        late_deltas=sum(delta.index > started.index for delta in deltas),
        last_delta_after=deltas[-1].at - started.at,
        onset=started.at - microphone.time_of(start),
    )
