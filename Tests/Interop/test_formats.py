"""Each audio format in both directions: the recogniser understands what was sent, and what came back is speech."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine, Iterator
from typing import Any

import numpy as np
import pytest
from conftest import SENTENCES
from support.client import Client, Event, PlainTransport, plain_client, sdk_client
from support.codecs import FRAME, OpusDecoder, OpusEncoder, decode_g711, encode_g711
from support.guest_server import GuestServer
from support.order import assert_ordered
from support.scripted_llm import Says, ScriptedLLM
from support.server import VivaServer
from support.speech import RATE, Voice, seconds, silence, transcribe
from support.words import word_error

SAID = SENTENCES[1]
ANSWER = "The weather is sunny today, and tomorrow it will rain."
G711 = ("audio/pcmu", "audio/pcma")
# Bytes that a second takes.
RATES = {"audio/pcm": 48_000, "audio/pcmu": 8000, "audio/pcma": 8000}


@pytest.fixture(scope="module")
def office(server: VivaServer) -> Iterator[GuestServer]:
    llm = ScriptedLLM(lambda _: Says(ANSWER))
    viva = GuestServer(server, llm.url, {"assistant": {"instructions": "You are an assistant."}}).start()
    yield viva
    assert viva.process is not None and viva.process.poll() is None, f"it died:\n{viva.log_end()}"
    viva.stop()
    viva.remove()
    llm.close()


def converse(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 90))


def shape(name: str) -> dict[str, Any]:
    return {"type": name} | ({"rate": 24000} if name == "audio/pcm" else {})


async def agree(client: Client, heard: str, spoken: str) -> None:
    """The session's formats, as a client sets them."""
    updated = await client.update(
        audio={
            "input": {"format": shape(heard), "turn_detection": {"type": "server_vad", "silence_duration_ms": 500}},
            "output": {"format": shape(spoken)},
        }
    )
    assert updated["audio"]["input"]["format"] == shape(heard)
    assert updated["audio"]["output"]["format"] == shape(spoken)


async def send_speech(client: Client, name: str, pcm: bytes, binary: bool = True) -> None:
    """As fast as the socket takes it."""
    if name == "audio/opus":
        for packet in OpusEncoder().encode(pcm):
            if binary:
                assert isinstance(client.transport, PlainTransport)
                await client.transport.socket.send(packet)
            else:
                await client.append(packet)
        return
    payload = encode_g711(name, pcm) if name in G711 else pcm
    size = RATES[name] // 10
    for start in range(0, len(payload), size):
        await client.append(payload[start : start + size])


def heard_audio(client: Client, name: str, done: Event) -> bytes:
    """The answer as 24 kHz PCM."""
    if name == "audio/opus":
        assert not client.of("response.output_audio.delta"), "Opus comes in binary frames"
        return OpusDecoder().decode([packet.data for packet in client.packets])
    assert not client.packets
    assert done.response_id is not None
    payload = client.audio(done.response_id)
    return decode_g711(name, payload) if name in G711 else payload


async def check_turn(client: Client, server: VivaServer, name: str) -> None:
    """A turn was heard, answered, and the answer is what its transcript says."""
    transcript = await client.wait("conversation.item.input_audio_transcription.completed")
    assert word_error(SAID, transcript["transcript"]) < 0.4, transcript["transcript"]
    done = await client.wait_response()
    assert done["response"]["status"] == "completed", done["response"]
    [part] = done["response"]["output"][0]["content"]
    assert part["transcript"] == ANSWER
    audio = heard_audio(client, name, done)
    assert 1 < seconds(audio) < 6, seconds(audio)
    loudness = float(np.sqrt(np.mean(np.frombuffer(audio, "<i2").astype(float) ** 2)))
    assert 300 < loudness < 15_000, f"neither silence nor noise: {loudness:.0f}"
    heard = await transcribe(server.asr, audio)
    assert word_error(ANSWER, heard) < 0.5, heard
    assert not client.problems and not client.errors(), (client.problems, client.errors())
    assert_ordered(client.events)


async def speech(voice: Voice) -> bytes:
    return silence(0.4) + await voice.say(SAID) + silence(1)


@pytest.mark.parametrize("name", RATES)
def test_a_format_of_the_protocol_both_ways(office: GuestServer, server: VivaServer, voice: Voice, name: str) -> None:
    async def body() -> None:
        async with sdk_client(office.http + "/v1", office.key) as client:
            await agree(client, name, name)
            await send_speech(client, name, await speech(voice))
            await check_turn(client, server, name)
            started = client.of("input_audio_buffer.speech_started")[0]["audio_start_ms"]
            assert 0 <= started < 600, "the clock counts the audio in any format"

    converse(body())


def test_opus_in_binary_frames_both_ways(office: GuestServer, server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with plain_client(office.websocket, office.key) as client:
            await agree(client, "audio/opus", "audio/opus")
            await send_speech(client, "audio/opus", await speech(voice))
            await check_turn(client, server, "audio/opus")
            # Each frame is one packet, in its place among the events, at a bit rate that is worth it.
            part = client.of("response.content_part.added")[0]
            end = client.of("response.output_audio.done")[0]
            assert all(part.index < packet.place <= end.index for packet in client.packets)
            for packet in client.packets:
                assert len(OpusDecoder().decode([packet.data])) == FRAME * 2
            size = sum(len(packet.data) for packet in client.packets)
            assert size * 8 / (len(client.packets) * 0.02) < 64_000
            # The conversation gives it back as PCM.
            item = await client.retrieve(client.of("response.done")[0]["response"]["output"][0]["id"])
            kept = seconds(base64.b64decode(item["content"][0]["audio"]))
            assert kept == pytest.approx(len(client.packets) * 0.02, abs=0.1)

    converse(body())


def test_opus_in_events_for_clients_without_binary_frames(
    office: GuestServer, server: VivaServer, voice: Voice
) -> None:
    async def body() -> None:
        async with sdk_client(office.http + "/v1", office.key) as client:
            await agree(client, "audio/opus", "audio/pcm")
            await send_speech(client, "audio/opus", await speech(voice), binary=False)
            await check_turn(client, server, "audio/pcm")

    converse(body())


def test_the_format_may_change_between_turns(office: GuestServer, server: VivaServer, voice: Voice) -> None:
    async def body() -> None:
        async with plain_client(office.websocket, office.key) as client:
            pairs = (("audio/pcmu", "audio/opus"), ("audio/opus", "audio/pcma"))
            for heard, spoken in pairs:
                await agree(client, heard, spoken)
                here = len(client.events)
                client.packets.clear()
                await send_speech(client, heard, await speech(voice))
                transcript = await client.wait(
                    "conversation.item.input_audio_transcription.completed", after=here
                )
                assert word_error(SAID, transcript["transcript"]) < 0.4, transcript["transcript"]
                done = await client.wait_response(after=here)
                if spoken == "audio/opus":
                    audio = OpusDecoder().decode([packet.data for packet in client.packets])
                else:
                    assert done.response_id is not None
                    audio = decode_g711(spoken, client.audio(done.response_id))
                heard_words = await transcribe(server.asr, audio)
                assert word_error(ANSWER, heard_words) < 0.5, heard_words
                # Till the answer has been played: speech would cut it off otherwise.
                await asyncio.sleep(0.6)
            assert not client.problems and not client.errors(), (client.problems, client.errors())
            assert_ordered(client.events)

    converse(body())


def test_a_response_may_have_a_format_of_its_own(office: GuestServer) -> None:
    async def body() -> None:
        async with sdk_client(office.http + "/v1", office.key) as client:
            await client.say_text("Hello.")
            own = {"audio": {"output": {"format": {"type": "audio/pcmu"}}}}
            await client.send("response.create", response=own)
            done = await client.wait_response()
            created = client.of("response.created")[0]["response"]
            assert created["audio"]["output"]["format"] == done["response"]["audio"]["output"]["format"] == {
                "type": "audio/pcmu"
            }
            deltas = client.of("response.output_audio.delta")
            telephone = sum(len(base64.b64decode(delta["delta"])) for delta in deltas)
            assert 8000 < telephone < 6 * 8000, "8 kHz, a byte a sample"

    converse(body())


def test_the_codecs_of_this_test() -> None:
    tone = (np.sin(np.arange(RATE) * 2 * np.pi * 440 / RATE) * 8000).astype("<i2").tobytes()
    for name in G711:
        there = np.frombuffer(decode_g711(name, encode_g711(name, tone)), "<i2").astype(float)
        assert np.abs(there - np.frombuffer(tone, "<i2")).mean() < 200, name
    # Each has two codes for silence.
    assert encode_g711("audio/pcmu", bytes(6)) in (b"\xff", b"\x7f")
    assert encode_g711("audio/pcma", bytes(6)) in (b"\xd5", b"\x55")
    packets = OpusEncoder().encode(tone)
    assert len(packets) == 50 and len(OpusDecoder().decode(packets)) == len(tone)
