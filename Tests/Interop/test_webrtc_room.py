"""A room over WebRTC with aiortc: a listener, and a person who takes the agent's place and hands it back."""

from __future__ import annotations

import asyncio
import json

import numpy as np
from conftest import SENTENCES
from support import webrtc
from support.server import VivaServer
from support.speech import RATE, Voice, transcribe
from support.words import word_error

COLLEAGUE = "Hello, this is your doctor, how are you today?"


async def key(server: VivaServer, scope: str, call_id: str) -> str:
    """An ephemeral key for one room."""
    made = await asyncio.to_thread(
        webrtc.request,
        "POST",
        f"{server.http}/v1/realtime/client_secrets",
        server.key,
        json.dumps({"viva": {"scope": scope, "call_id": call_id}}),
        Content_Type="application/json",
    )
    assert made.status == 200, made
    return json.loads(made.body)["value"]


def from_first_sound(pcm: bytearray) -> bytes:
    """Without the silence before it, which may be many seconds while the agent thinks: the recogniser hears utterances."""
    samples = np.frombuffer(bytes(pcm), "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 500)
    return samples[max(0, loud[0] - RATE // 5) :].tobytes() if loud.size else b""


def test_a_person_takes_the_agents_place_and_hands_it_back(server: VivaServer, voice: Voice) -> None:
    """Who hears whom is shown by transcripts of what each has received."""

    async def body() -> None:
        said = {text: await voice.say(text) for text in (*SENTENCES[:2], COLLEAGUE)}

        async with webrtc.call(server.http, server.key) as caller:
            room = caller.location.rpartition("/")[2]
            listening, human = await key(server, "listener", room), await key(server, "human", room)
            async with (
                webrtc.call(server.http, listening, room=room) as listener,
                webrtc.call(server.http, human, room=room) as person,
            ):
                parties = {"caller": caller, "listener": listener, "person": person}

                async def heard_since(marks: dict[str, int]) -> dict[str, str]:
                    await asyncio.sleep(1)
                    return {
                        name: await transcribe(server.asr, from_first_sound(party.ear.pcm[marks[name] :]))
                        for name, party in parties.items()
                    }

                def marks() -> dict[str, int]:
                    return {name: len(party.ear.pcm) for name, party in parties.items()}

                # The agent answers the caller, and everybody hears it; the guests hear the caller, too.
                here, then = len(caller.client.events), marks()
                await caller.mouth.say(said[SENTENCES[0]])
                done = await caller.client.wait_response(after=here)
                await caller.client.wait("output_audio_buffer.stopped", after=here)
                answer = caller.client.of("response.output_audio_transcript.done", response=done.response_id)
                heard = await heard_since(then)
                assert word_error(answer[0]["transcript"], heard["caller"]) < 0.5, heard
                for name in ("listener", "person"):
                    assert word_error(f"{SENTENCES[0]} {answer[0]['transcript']}", heard[name]) < 0.5, heard

                # The person takes the agent's place. Caller and listener hear them; the conversation keeps what they say.
                here, then = len(caller.client.events), marks()
                await person.client.send("viva.room.takeover")
                changed = await caller.client.wait("viva.room.role_changed", after=here)
                assert changed["role"] == "takeover", changed.data
                await person.mouth.say(said[COLLEAGUE])
                item = await caller.client.wait(
                    "conversation.item.done",
                    after=here,
                    where=lambda event: event["item"].get("role") == "assistant",
                )
                words = item["item"]["content"][0].get("transcript") or item["item"]["content"][0].get("text")
                assert word_error(COLLEAGUE, words) < 0.5, item.data
                heard = await heard_since(then)
                for name in ("caller", "listener"):
                    assert word_error(COLLEAGUE, heard[name]) < 0.5, heard

                # The caller speaks, and the agent is silent.
                here = len(caller.client.events)
                await caller.mouth.say(said[SENTENCES[1]])
                await caller.client.wait("conversation.item.input_audio_transcription.completed", after=here)
                await asyncio.sleep(2)
                assert not [e for e in caller.client.of("response.created") if e.index >= here], "the agent spoke"

                # Handed back, the agent answers what the caller said last.
                here, then = len(caller.client.events), marks()
                await person.client.send("viva.room.handback")
                done = await caller.client.wait_response(after=here)
                await caller.client.wait("output_audio_buffer.stopped", after=here)
                assert done["response"]["status"] == "completed", done.data
                answer = caller.client.of("response.output_audio_transcript.done", response=done.response_id)
                heard = await heard_since(then)
                for name, text in heard.items():
                    assert word_error(answer[0]["transcript"], text) < 0.5, (name, heard, answer)
                assert not caller.client.errors(), caller.client.errors()

    asyncio.run(asyncio.wait_for(body(), 180))
