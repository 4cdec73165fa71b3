#!/usr/bin/env python3
"""Interruptions: how fast the agent's voice stops, and whether history holds what was heard.

The user speaks into a known text at a random place. Needs an agent whose greeting is the text of --text; the server
that the script starts by itself has one, `monologue`.

    .viva/tests/venv/bin/python loadtest/measure/barge_in.py --count 20
"""

from __future__ import annotations

import asyncio
import random
import sys

from common import Target, print_table, show_progress, target, target_parser
from support.client import plain_client
from support.interruption import Interruption, interrupt
from support.microphone import Microphone
from support.server import MONOLOGUE
from support.speech import Voice

INTERRUPTIONS = ("Wait, please stop, I have a question for you.", "Hold on a second.", "Excuse me, what was that?")


async def measure(where: Target, count: int, text: str, seed: int) -> list[Interruption]:
    chance = random.Random(seed)
    voice = Voice(where.tts)
    speech = [await voice.say(sentence) for sentence in INTERRUPTIONS]
    cuts = []
    for number in range(count):
        async with plain_client(where.websocket, where.key, where.agent) as client, Microphone(client) as microphone:
            wait = chance.uniform(1, 12)
            cuts.append(await interrupt(client, microphone, chance.choice(speech), text, wait, where.asr))
        show_progress(number + 1, count, "interruptions")
    return cuts


def main() -> None:
    parser = target_parser(__doc__, agent="monologue")
    parser.add_argument("--count", type=int, default=20, help="(%(default)s)")
    parser.add_argument("--text", default=MONOLOGUE, help="what the agent's greeting says")
    parser.add_argument("--seed", type=int, default=1, help="of the places (%(default)s)")
    arguments = parser.parse_args()
    with target(arguments) as where:
        cuts = asyncio.run(measure(where, arguments.count, arguments.text, arguments.seed))

    print_table(
        {
            "speech began -> speech_started": [cut.onset * 1000 for cut in cuts],
            "speech_started -> last audio delta": [cut.last_delta_after * 1000 for cut in cuts],
        },
        "ms",
    )
    print(f"audio deltas after speech_started: {sum(cut.late_deltas for cut in cuts)}")
    wrong = [cut.words_wrong for cut in cuts]
    print(f"words wrong in the history: {', '.join(f'{wrong.count(n)} × {n}' for n in sorted(set(wrong)))}")
    for cut in cuts:
        if cut.words_wrong > 2:
            print(f"  {cut.played:.2f} s played; heard {cut.heard_text!r}; kept {cut.kept!r}")
    bad = [cut for cut in cuts if (cut.status, cut.reason) != ("cancelled", "turn_detected")]
    print(f"{len(cuts)} interruptions, {len(bad)} not ended as turn_detected")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
