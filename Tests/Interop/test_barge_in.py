"""The user speaks into the agent's voice: it stops at once, and history keeps what was heard."""

from __future__ import annotations

import asyncio

import pytest
from conftest import SENTENCES
from support.client import plain_client
from support.interruption import interrupt
from support.microphone import Microphone
from support.order import assert_ordered
from support.server import MONOLOGUE, VivaServer
from support.speech import Voice, seconds
from support.words import is_word_prefix, word_error, words

SEND_AHEAD_SECONDS = 0.4
# A player of our own starts a moment late, and an event may wait behind another on two busy cores.
TOLERANCE_SECONDS = 0.15
TRANSCRIBED = {"input": {"transcription": {"model": "whisper-1"}}}


@pytest.mark.parametrize("wait", [1.5, 4.0, 8.3], ids=lambda wait: f"{wait}s")
def test_barge_in(server: VivaServer, voice: Voice, wait: float) -> None:
    async def body() -> None:
        async with plain_client(server.websocket, server.key, "monologue") as client, Microphone(client) as microphone:
            await client.update(audio=TRANSCRIBED)
            speech = await voice.say(SENTENCES[4])
            cut = await interrupt(client, microphone, speech, MONOLOGUE, wait, server.asr)

            assert (cut.status, cut.reason) == ("cancelled", "turn_detected"), cut
            assert cut.late_deltas == 0, f"{cut.late_deltas} audio deltas after speech_started: {cut}"
            assert cut.onset < 1.0, f"speech was noticed after {cut.onset:.2f} s"
            assert is_word_prefix(cut.kept, MONOLOGUE), cut.kept
            assert 0 < cut.kept_words < len(words(MONOLOGUE)), cut
            assert cut.words_wrong <= 2, cut

            # The conversation goes on, with what the user said.
            interrupted = next(event for event in client.of("response.done") if event.response_id == cut.response)
            here = interrupted.index
            done = await client.wait_response(after=here)
            assert done["response"]["status"] == "completed", done["response"]
            assert client.audio(done.response_id)
            heard = client.of("conversation.item.input_audio_transcription.completed")
            assert len(heard) == 1 and word_error(SENTENCES[4], heard[0]["transcript"]) < 0.4, heard
            assert not client.problems, client.problems
            assert_ordered(client.events)
            assert not client.errors(), client.errors()

    asyncio.run(asyncio.wait_for(body(), 120))


def test_audio_is_sent_little_ahead_of_its_playing_time(server: VivaServer) -> None:
    async def body() -> None:
        async with plain_client(server.websocket, server.key, "monologue") as client:
            done = await client.wait_response(timeout=60)
            assert done["response"]["status"] == "completed", done["response"]
            audio = client.audio(done.response_id)
            assert seconds(audio) > 10
            ahead = client.playback.most_ahead
            assert ahead <= SEND_AHEAD_SECONDS + TOLERANCE_SECONDS, f"{ahead:.3f} s ahead"
            assert client.playback.gaps() < 0.3, f"the player ran dry for {client.playback.gaps():.2f} s"
            item = await client.retrieve(done["response"]["output"][0]["id"])
            assert words(item["content"][0]["transcript"]) == words(MONOLOGUE)

    asyncio.run(asyncio.wait_for(body(), 120))


def test_with_interrupt_response_off_the_agent_speaks_on(server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with plain_client(server.websocket, server.key, "monologue") as client, Microphone(client) as microphone:
            detection = {"type": "server_vad", "interrupt_response": False, "create_response": False}
            await client.update(audio={"input": {**TRANSCRIBED["input"], "turn_detection": detection}})
            first = await client.wait("response.output_audio.delta", timeout=30)
            await asyncio.sleep(1)
            await microphone.say(await voice.say(SENTENCES[4]))
            await client.wait("conversation.item.input_audio_transcription.completed", timeout=10)
            done = await client.wait("response.done", timeout=60)
            assert done.response_id == first.response_id
            assert done["response"]["status"] == "completed", done["response"]
            assert_ordered(client.events)

    asyncio.run(asyncio.wait_for(body(), 120))
