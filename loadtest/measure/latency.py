#!/usr/bin/env python3
"""Response latency by stages, over spoken turns in real time.

The client's own measure goes from the last voiced sample leaving its mouth to the first audio delta; the server's
stages are what `response.done` says in `response.viva`. All in milliseconds.

    .viva/tests/venv/bin/python loadtest/measure/latency.py --turns 30
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from common import Target, print_table, show_progress, target, target_parser
from support.client import Client, plain_client
from support.microphone import Microphone
from support.speech import Voice, voiced_end

SENTENCES = (
    "What is the capital of France?",
    "What can I do on a rainy day?",
    "I do not like reading.",
    "Can you tell me why the sky is blue?",
    "What should I cook for my friends tonight?",
    "Thank you, that was helpful.",
)

# The stages of `response.viva` in the order of a turn; others follow.
STAGES = ("endpointing_ms", "asr_ms", "llm_first_token_ms", "tts_first_byte_ms", "first_audio_out_ms")


async def measure(where: Target, turns: int, turns_a_session: int) -> list[dict[str, Any]]:
    """One record a turn: what was said and heard, and the times in milliseconds."""
    voice = Voice(where.tts)
    speech = [await voice.say(sentence) for sentence in SENTENCES]
    records: list[dict[str, Any]] = []
    while len(records) < turns:
        async with plain_client(where.websocket, where.key, where.agent) as client, Microphone(client) as microphone:
            await client.update(audio={"input": {"transcription": {"model": "default"}}})
            for _ in range(min(turns_a_session, turns - len(records))):
                index = len(records) % len(SENTENCES)
                record = await turn(client, microphone, speech[index])
                records.append({"sentence": SENTENCES[index], **record})
                show_progress(len(records), turns, "turns")
    return records


async def turn(client: Client, microphone: Microphone, speech: bytes) -> dict[str, Any]:
    here = len(client.events)
    start, _ = await microphone.say(speech)
    said = microphone.time_of(start + voiced_end(speech))
    done = await client.wait_response(after=here)
    audio = client.of("response.output_audio.delta", response=done.response_id)
    record: dict[str, Any] = {"status": done["response"]["status"], "stages": done["response"].get("viva") or {}}
    if audio:
        record["response latency (client)"] = (audio[0].at - said) * 1000
    for name in ("input_audio_buffer.speech_stopped", "conversation.item.input_audio_transcription.completed"):
        if found := [event for event in client.events[here:] if event.type == name]:
            record[f"{name.rpartition('.')[0].rpartition('.')[2]}.{name.rpartition('.')[2]} (client)"] = (
                found[0].at - said
            ) * 1000
    await client.wait_played()
    await asyncio.sleep(0.3)
    return record


def stages_of(viva: dict[str, Any]) -> dict[str, float]:
    """The numbers of `response.viva` in order, and what they leave unsaid of the server's own total."""
    numbers = {name: float(value) for name, value in viva.items() if isinstance(value, (int, float))}
    total = numbers.pop("response_latency_ms", None)
    stages = {name: numbers.pop(name) for name in STAGES if name in numbers}
    if total is None:
        return stages | numbers
    # Without a stage of its own, that is the wait for the language model's first clause.
    return {"response_latency_ms": total, **stages, "the rest": total - sum(stages.values()), **numbers}


def main() -> None:
    parser = target_parser(__doc__, agent="assistant")
    parser.add_argument("--turns", type=int, default=30, help="(%(default)s)")
    parser.add_argument("--turns-a-session", type=int, default=6, help="before a new session begins (%(default)s)")
    parser.add_argument("--json", type=Path, help="also write every turn to this file")
    arguments = parser.parse_args()
    with target(arguments) as where:
        records = asyncio.run(measure(where, arguments.turns, arguments.turns_a_session))
    if arguments.json:
        arguments.json.write_text(json.dumps(records, indent=2))

    rows: dict[str, list[float]] = defaultdict(list)
    for record in records:
        for name, value in record.items():
            if name.endswith("(client)"):
                rows[name].append(value)
        for name, value in stages_of(record["stages"]).items():
            rows[name].append(value)
    print_table(rows, "ms after the last voiced sample, or as the server names it")
    failed = [record for record in records if record["status"] != "completed"]
    print(f"{len(records)} turns, {len(failed)} not completed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
