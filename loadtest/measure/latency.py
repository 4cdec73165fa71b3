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

from common import Target, print_table, target, target_parser
from support.client import Client, Microphone, plain_client
from support.speech import Voice, voiced_end

SENTENCES = (
    "What is the capital of France?",
    "What can I do on a rainy day?",
    "I do not like reading.",
    "Can you tell me why the sky is blue?",
    "What should I cook for my friends tonight?",
    "Thank you, that was helpful.",
)


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
                print(f"\r{len(records)}/{turns} turns", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
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


def flattened(stages: dict[str, Any], prefix: str = "") -> dict[str, float]:
    """The numbers of a nested object, by dotted name."""
    found: dict[str, float] = {}
    for name, value in stages.items():
        if isinstance(value, dict):
            found |= flattened(value, f"{prefix}{name}.")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found[prefix + name] = float(value)
    return found


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
        for name, value in flattened(record["stages"]).items():
            rows[name].append(value)
    print_table(rows, "ms after the last voiced sample, or as the server names it")
    failed = [record for record in records if record["status"] != "completed"]
    print(f"{len(records)} turns, {len(failed)} not completed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
