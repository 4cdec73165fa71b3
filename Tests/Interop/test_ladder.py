"""Workers that stay away: the session goes on by text, and by voice again when they are back. It never ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from conftest import SENTENCES
from support.client import Client, Event, plain_client
from support.microphone import Microphone
from support.order import assert_ordered
from support.server import VivaServer
from support.speech import Voice, seconds

BACK_SECONDS = 120
TRANSCRIBED = {"input": {"transcription": {"model": "whisper-1"}}}
ESPEAK = "    - name: espeak\n      protocol: espeak\n      voice: en-us\n"
LADDER = "\nladder:\n"
SLOTS = """
callbacks:
  file: callbacks.jsonl
  slots: [{ id: mon-9, text: "Monday, 9:00" }]
"""


@pytest.fixture(scope="module")
def lonely() -> Iterator[VivaServer]:
    """A server that has one worker of each kind, and no more."""
    viva = VivaServer()
    text = viva.config.read_text()
    assert ESPEAK in text and LADDER in text
    viva.config.write_text(text.replace(ESPEAK, "").replace(LADDER, LADDER + "  outage_patience_s: 4\n") + SLOTS)
    viva.start()
    yield viva
    left = viva.stop()
    assert not left, f"left behind: {[process.command for process in left]}"
    viva.remove()


@pytest.fixture(scope="module")
def speaker(lonely: VivaServer) -> Voice:
    return Voice.prepared(lonely.tts, SENTENCES)


@contextlib.asynccontextmanager
async def away(server: VivaServer, *kinds: str) -> AsyncIterator[None]:
    """These workers are killed, however often the server starts them again."""

    def kill_all() -> None:
        for process in server.workers(*kinds):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)

    async def keep_away() -> None:
        while True:
            await asyncio.to_thread(kill_all)
            await asyncio.sleep(0.1)

    kill_all()
    task = asyncio.create_task(keep_away())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def changed(client: Client, after: int, timeout: float, **fields: str) -> Event:
    """The ladder's next change to these values."""
    return await client.wait(
        "viva.ladder.changed",
        after=after,
        timeout=timeout,
        where=lambda event: all(event[name] == value for name, value in fields.items()),
    )


async def assert_voice_is_back(client: Client, after: int) -> None:
    """Voice both ways, told once, and a turn by voice."""
    await changed(client, after, BACK_SECONDS, input="voice", output="voice")
    assert client.closed is None


async def ask(client: Client, text: str) -> Event:
    """A typed question, answered."""
    await client.say_text(text)
    here = len(client.events)
    await client.send("response.create")
    return await client.wait_response(after=here)


def assert_clean(client: Client) -> None:
    assert client.closed is None, client.closed
    assert not client.problems, client.problems
    assert_ordered(client.events)


def test_without_a_voice_the_agent_writes(lonely: VivaServer) -> None:
    async def body() -> None:
        async with plain_client(lonely.websocket, lonely.key) as client:
            await client.wait("session.created", timeout=5)
            async with away(lonely, "tts"):
                done = await ask(client, "What is the capital of France?")
                assert done["response"]["status"] == "completed", done["response"]
                change = await changed(client, 0, 5, output="text")
                assert change["input"] == "voice" and change["reason"] == "tts_failed" and change["to"] == 3
                updated = await client.wait("session.updated", after=change.index, timeout=5)
                assert updated["session"]["output_modalities"] == ["text"]
                done = await ask(client, "And of Italy?")
                assert done["response"]["status"] == "completed" and done["response"]["output_modalities"] == ["text"]
                assert client.of("response.output_text.done", response=done.response_id)[0]["text"]
                here = len(client.events)
            await assert_voice_is_back(client, here)
            updated = await client.wait("session.updated", after=here, timeout=5)
            assert updated["session"]["output_modalities"] == ["audio"]
            await client.wait_response(after=here)  # "Voice is back."
            done = await ask(client, "And of Spain?")
            assert seconds(client.audio(done.response_id)) > 0.3
            assert_clean(client)

    asyncio.run(asyncio.wait_for(body(), 300))


def test_without_hearing_the_user_types_and_the_agent_speaks(lonely: VivaServer, speaker: Voice) -> None:
    async def body() -> None:
        async with plain_client(lonely.websocket, lonely.key) as client, Microphone(client) as microphone:
            await client.update(audio=TRANSCRIBED)
            async with away(lonely, "asr"):
                await microphone.say(await speaker.say(SENTENCES[0]))
                change = await changed(client, 0, 10, input="text")
                assert change["output"] == "voice" and change["reason"] == "asr_failed"
                notice = await client.wait_response(after=change.index)
                assert seconds(client.audio(notice.response_id)) > 0.5
                done = await ask(client, "What is the capital of France?")
                assert done["response"]["status"] == "completed", done["response"]
                assert seconds(client.audio(done.response_id)) > 0.2
                here = len(client.events)
            await assert_voice_is_back(client, here)
            await asyncio.sleep(3)
            await client.wait_played()
            here = len(client.events)
            await microphone.say(await speaker.say(SENTENCES[0]))
            await client.wait("conversation.item.input_audio_transcription.completed", after=here)
            assert_clean(client)

    asyncio.run(asyncio.wait_for(body(), 300))


def test_without_anything_there_is_text_and_an_offer_and_then_voice_again(lonely: VivaServer, speaker: Voice) -> None:
    async def body() -> None:
        async with plain_client(lonely.websocket, lonely.key) as client, Microphone(client) as microphone:
            await client.update(audio=TRANSCRIBED)
            speaking = asyncio.create_task(microphone.say(await speaker.say(SENTENCES[1])))
            await client.wait("input_audio_buffer.speech_started", timeout=10)
            async with away(lonely, "asr", "llm", "tts"):
                await speaking
                spoken = time.monotonic()
                text = await changed(client, 0, 10, input="text", output="text")
                print(f"text mode {text.at - spoken:.2f} s after the last word")
                assert text.at - spoken < 5
                await client.say_text("Is anybody there?")
                await client.send("response.create")
                offered = await client.wait("viva.callback.offered", timeout=40)
                assert [slot["id"] for slot in offered["slots"]] == ["mon-9"]
                await client.send("viva.callback.choose", slot_id="mon-9")
                await client.wait("viva.callback.chosen", after=offered.index, timeout=5)
                kept = (lonely.config.parent / "callbacks.jsonl").read_text()
                assert kept.count("mon-9") == 1
                here = len(client.events)
            left = time.monotonic()
            await assert_voice_is_back(client, here)
            print(f"voice {time.monotonic() - left:.1f} s after the workers were let live")
            await changed(client, here, BACK_SECONDS, to=1)
            await asyncio.sleep(3)
            await client.wait_played()
            here = len(client.events)
            await microphone.say(await speaker.say(SENTENCES[0]))
            done = await client.wait_response(after=here)
            assert done["response"]["status"] == "completed", done["response"]
            assert_clean(client)

    asyncio.run(asyncio.wait_for(body(), 400))
