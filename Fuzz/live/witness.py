"""A client that does everything right, beside all the others: it must not notice them."""

from __future__ import annotations

import asyncio
import base64
import time

from .speaker import Speaker
from .target import HEARD, SAID, WITNESS_KEY, Target
from .wire import Finding


class Witness:
    """Holds conversations until it is stopped."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.turns = 0
        # The slowest answer, from the question to its end, in seconds.
        self.slowest = 0.0

    async def run(self) -> None:
        """For ever; raises `Finding`."""
        while True:
            await self._write()
            await self._speak()

    async def _write(self) -> None:
        async with Speaker(self.target, WITNESS_KEY, is_strict=True) as speaker:
            await speaker.wait("session.created")
            await speaker.event("session.update", session={"type": "realtime", "output_modalities": ["text"]})
            for _ in range(5):
                content = [{"type": "input_text", "text": "Are you still there?"}]
                await speaker.event("conversation.item.create", item={"type": "message", "role": "user", "content": content})
                await self._answered(speaker, "text")
                await asyncio.sleep(0.2)

    async def _speak(self) -> None:
        async with Speaker(self.target, WITNESS_KEY, is_strict=True) as speaker:
            await speaker.wait("session.created")
            manual = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
            await speaker.event("session.update", session=manual)
            for _ in range(2):
                before = dict(speaker.types)
                for _ in range(10):
                    await speaker.event("input_audio_buffer.append", audio=base64.b64encode(bytes(4800)).decode())
                await speaker.event("input_audio_buffer.commit")
                await self._answered(speaker, "transcript")
                heard = await speaker.wait("conversation.item.input_audio_transcription.completed", beyond=before)
                if heard["transcript"].strip() not in HEARD:
                    raise Finding(f"the witness was heard to say {heard['transcript']!r}")

    async def _answered(self, speaker: Speaker, field: str) -> None:
        before = dict(speaker.types)
        began = time.monotonic()
        await speaker.event("response.create")
        done = await speaker.wait("response.done", beyond=before, seconds=180)
        self.slowest = max(self.slowest, time.monotonic() - began)
        response = done["response"]
        said = response["output"][0]["content"][0][field] if response["output"] else ""
        if response["status"] != "completed" or said.strip() != SAID:
            raise Finding(f"the witness got a response that is {response['status']}: {said!r}")
        if speaker.types["error"]:
            raise Finding(f"the witness got an error: {speaker.last['error']}")
        self.turns += 1
