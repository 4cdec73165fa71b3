"""`kill -9` of each worker in the middle of its work: the session lives, the user is answered, the worker returns."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import pytest
from conftest import SENTENCES
from support.client import Client, Event, plain_client
from support.microphone import Microphone
from support.order import assert_ordered
from support.processes import Process
from support.server import MONOLOGUE, VivaServer
from support.speech import Voice, seconds, transcribe
from support.words import word_error, words

LONGEST_SILENCE = 25
BACK_SECONDS = 60
TRANSCRIBED = {"input": {"transcription": {"model": "whisper-1"}}}


@pytest.fixture(scope="module")
def fragile() -> Iterator[VivaServer]:
    """A server of its own, since its workers die."""
    viva = VivaServer().start()
    yield viva
    left = viva.stop()
    assert not left, f"left behind: {[process.command for process in left]}"
    viva.remove()


@pytest.fixture(scope="module")
def speaker(fragile: VivaServer) -> Voice:
    return Voice.prepared(fragile.tts, SENTENCES)


def kill(server: VivaServer, kind: str) -> Process:
    victim = server.worker(kind)
    os.kill(victim.pid, signal.SIGKILL)
    return victim


async def assert_back(server: VivaServer, kind: str, victim: Process) -> None:
    """The worker runs again, as another process, and the server says that it is ready."""
    deadline = time.monotonic() + BACK_SECONDS
    while True:
        found = [process for process in server.children() if process.command == victim.command]
        if found and found[0].pid != victim.pid and await asyncio.to_thread(server.is_ready):
            return
        assert time.monotonic() < deadline, f"{kind} is not back after {BACK_SECONDS} s:\n{server.log_end()}"
        await asyncio.sleep(0.2)


async def heard_something(client: Client, since: float, after: int) -> Event:
    """The response that ends the turn: an answer, an apology or a failure, and nothing like 25 s of silence."""
    sign = await client.wait("response.output_audio.delta", "response.done", after=after, timeout=LONGEST_SILENCE + 15)
    done = await client.wait(
        "response.done", after=sign.index, timeout=120, where=lambda event: event.response_id == sign.response_id
    )
    first = client.of("response.output_audio.delta", response=done.response_id)
    told = first[0].at if first else done.at
    assert told - since < LONGEST_SILENCE, f"the user waited {told - since:.1f} s"
    if done["response"]["status"] == "failed":
        assert done["response"]["status_details"]["error"]["code"], done["response"]
    else:
        assert first, f"{done['response']['status']} without a sound"
    return done


async def assert_turn_works(client: Client, microphone: Microphone, voice: Voice) -> None:
    """A further turn, by voice, to its end."""
    await client.wait_played()
    await asyncio.sleep(0.3)
    here = len(client.events)
    await microphone.say(await voice.say(SENTENCES[0]))
    done = await client.wait_response(after=here)
    assert done["response"]["status"] == "completed", done["response"]
    assert seconds(client.audio(done.response_id)) > 0.3
    completed = await client.wait("conversation.item.input_audio_transcription.completed", after=here, timeout=5)
    assert word_error(SENTENCES[0], completed["transcript"]) < 0.4, completed["transcript"]


def assert_clean(client: Client) -> None:
    assert client.closed is None, client.closed
    assert not client.problems, client.problems
    assert_ordered(client.events)


def test_asr_killed_while_the_user_speaks(fragile: VivaServer, speaker: Voice) -> None:
    async def body() -> None:
        async with plain_client(fragile.websocket, fragile.key) as client, Microphone(client) as microphone:
            await client.update(audio=TRANSCRIBED)
            speaking = asyncio.create_task(microphone.say(await speaker.say(SENTENCES[3])))
            started = await client.wait("input_audio_buffer.speech_started", timeout=10)
            await asyncio.sleep(1)
            victim = kill(fragile, "asr")
            await speaking
            await heard_something(client, time.monotonic(), started.index)
            # What was heard may have been that nobody can hear the user; their words are kept meanwhile.
            told = "conversation.item.input_audio_transcription"
            outcome = await client.wait(
                f"{told}.completed", f"{told}.failed", after=started.index, timeout=LONGEST_SILENCE
            )
            if outcome.type.endswith("completed"):
                assert word_error(SENTENCES[3], outcome["transcript"]) < 0.4, outcome["transcript"]
            await assert_back(fragile, "asr", victim)
            if client.of("viva.ladder.changed"):
                await client.wait("viva.ladder.changed", timeout=BACK_SECONDS, where=lambda event: event["to"] == 1)
                await asyncio.sleep(3)  # the agent says that its hearing is back
            await assert_turn_works(client, microphone, speaker)
            assert_clean(client)

    asyncio.run(asyncio.wait_for(body(), 240))


def test_llm_killed_while_it_is_asked(fragile: VivaServer, speaker: Voice) -> None:
    async def body() -> None:
        async with plain_client(fragile.websocket, fragile.key, "storyteller") as client:
            await client.update(audio=TRANSCRIBED)
            async with Microphone(client) as microphone:
                await client.say_text("Tell me a long story about a ship and its captain.")
                here = len(client.events)
                await client.send("response.create")
                created = await client.wait("response.created", after=here, timeout=5)
                victim = kill(fragile, "llm")
                await heard_something(client, created.at, created.index)
                await assert_back(fragile, "llm", victim)
                await assert_turn_works(client, microphone, speaker)
            assert_clean(client)

    asyncio.run(asyncio.wait_for(body(), 240))


def test_llm_killed_in_the_middle_of_its_answer(fragile: VivaServer, speaker: Voice) -> None:
    async def body() -> None:
        async with plain_client(fragile.websocket, fragile.key, "storyteller") as client:
            await client.update(output_modalities=["text"])
            await client.say_text("Tell me a long story about a ship and its captain.")
            here = len(client.events)
            await client.send("response.create")
            await client.wait("response.output_text.delta", after=here, timeout=20)
            victim = kill(fragile, "llm")
            killed = time.monotonic()
            done = await client.wait_response(after=here)
            assert done.at - killed < LONGEST_SILENCE
            assert done["response"]["status"] in ("completed", "incomplete", "failed"), done["response"]
            await assert_back(fragile, "llm", victim)
            here = len(client.events)
            await client.say_text("What is the capital of France?")
            await client.send("response.create")
            done = await client.wait_response(after=here)
            assert done["response"]["status"] == "completed", done["response"]
            assert_clean(client)

    asyncio.run(asyncio.wait_for(body(), 240))


def test_piper_killed_while_it_speaks(fragile: VivaServer, speaker: Voice) -> None:
    async def body() -> None:
        async with plain_client(fragile.websocket, fragile.key, "monologue") as client:
            first = await client.wait("response.output_audio.delta", timeout=30)
            # While the first sentence is played the last ones are not synthesized yet.
            victim = kill(fragile, "tts")
            done = await client.wait("response.done", timeout=90)
            assert done.response_id == first.response_id and done["response"]["status"] == "completed", done["response"]
            assert client.playback.gaps() < LONGEST_SILENCE, client.playback.gaps()
            audio = client.audio(done.response_id)
            heard = await transcribe(fragile.asr, audio)
            # espeak-ng is hard to understand, but nothing may be left out.
            assert len(words(heard)) > 0.7 * len(words(MONOLOGUE)), heard
            assert word_error(MONOLOGUE, heard) < 0.5, heard
            await client.update(audio=TRANSCRIBED)
            await assert_back(fragile, "tts", victim)
            async with Microphone(client) as microphone:
                await assert_turn_works(client, microphone, speaker)
            assert_clean(client)

    asyncio.run(asyncio.wait_for(body(), 240))


def test_a_turn_while_piper_is_away_is_spoken_by_espeak(fragile: VivaServer, speaker: Voice) -> None:
    async def body() -> None:
        async with plain_client(fragile.websocket, fragile.key) as client:
            await client.wait("session.created", timeout=5)
            victim = kill(fragile, "tts")
            await client.say_text("What is the capital of France?")
            here = len(client.events)
            await client.send("response.create")
            killed = time.monotonic()
            done = await heard_something(client, killed, here)
            assert done["response"]["status"] == "completed", done["response"]
            waited = client.of("response.output_audio.delta", response=done.response_id)[0].at - killed
            assert waited < 5, f"espeak took {waited:.1f} s to step in"
            await assert_back(fragile, "tts", victim)
            assert_clean(client)

    asyncio.run(asyncio.wait_for(body(), 240))


def test_all_workers_killed_at_once(fragile: VivaServer, speaker: Voice) -> None:
    async def body() -> None:
        async with plain_client(fragile.websocket, fragile.key) as client, Microphone(client) as microphone:
            await client.update(audio=TRANSCRIBED)
            speaking = asyncio.create_task(microphone.say(await speaker.say(SENTENCES[3])))
            started = await client.wait("input_audio_buffer.speech_started", timeout=10)
            victims = {kind: kill(fragile, kind) for kind in ("asr", "llm", "tts")}
            await speaking
            await heard_something(client, time.monotonic(), started.index)
            for kind, victim in victims.items():
                await assert_back(fragile, kind, victim)
            await assert_turn_works(client, microphone, speaker)
            assert_clean(client)

    asyncio.run(asyncio.wait_for(body(), 240))
