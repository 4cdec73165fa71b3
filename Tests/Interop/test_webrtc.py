"""Calls over WebRTC with aiortc: heard, answered, interrupted, hung up."""

from __future__ import annotations

import asyncio
import json
import urllib.request

from conftest import SENTENCES
from support import webrtc
from support.server import MONOLOGUE, VivaServer
from support.speech import Voice, transcribe
from support.words import is_word_prefix, word_error


def test_three_spoken_turns(server: VivaServer, voice: Voice) -> None:
    """What is said is understood, what is answered is heard, and the server tells when it has played it."""

    async def body() -> None:
        async with webrtc.call(server.http, server.key) as call:
            client = call.client
            created = await client.wait("session.created")
            assert created["session"]["id"].removeprefix("sess_") == call.location.rpartition("rtc_")[2]
            for sentence in SENTENCES[:3]:
                here, heard_before = len(client.events), len(call.ear.pcm)
                await call.mouth.say(await voice.say(sentence))
                heard = await client.wait("conversation.item.input_audio_transcription.completed", after=here)
                assert word_error(sentence, heard["transcript"]) < 0.4, heard.data
                done = await client.wait_response(after=here)
                assert done["response"]["status"] == "completed", done.data
                started = await client.wait("output_audio_buffer.started", after=here)
                stopped = await client.wait("output_audio_buffer.stopped", after=here)
                assert started["response_id"] == stopped["response_id"] == done.response_id
                await asyncio.sleep(0.5)  # aiortc's own jitter buffer
                spoken = client.of("response.output_audio_transcript.done", response=done.response_id)[0]["transcript"]
                understood = await transcribe(server.asr, bytes(call.ear.pcm[heard_before:]))
                assert word_error(spoken, understood) < 0.5, (spoken, understood)
            assert not client.of("response.output_audio.delta"), "audio belongs on RTP"
            assert not client.errors(), client.errors()
            assert not client.problems, client.problems

    asyncio.run(asyncio.wait_for(body(), 180))


def test_barge_in_stops_the_voice_and_cuts_the_history(server: VivaServer, voice: Voice) -> None:
    """The server truncates by itself to what it has played."""

    async def body() -> None:
        async with webrtc.call(server.http, server.key, "monologue") as call:
            client = call.client
            started = await client.wait("output_audio_buffer.started", timeout=30)
            await asyncio.sleep(3)
            here = len(client.events)
            await call.mouth.say(await voice.say(SENTENCES[4]))
            cleared = await client.wait("output_audio_buffer.cleared", after=here)
            assert cleared["response_id"] == started["response_id"]
            truncated = await client.wait("conversation.item.truncated", after=here)
            item = await client.retrieve(truncated["item_id"])
            kept = item["content"][0]["transcript"]
            assert kept and is_word_prefix(kept, MONOLOGUE) and kept != MONOLOGUE, kept
            # It was silent while the user went on speaking: aiortc holds back little.
            onset = next(event for event in client.of("input_audio_buffer.speech_started") if event.index >= here)
            answer = await client.wait("output_audio_buffer.started", after=here)
            assert answer.at > onset.at
            assert not client.problems, client.problems

    asyncio.run(asyncio.wait_for(body(), 120))


def test_a_form_brings_the_session_along(server: VivaServer) -> None:
    """As OpenAI's clients send it: `sdp` and `session` in one form."""

    async def body() -> None:
        connection = webrtc.RTCPeerConnection()
        connection.addTransceiver("audio")
        connection.createDataChannel("oai-events")
        await connection.setLocalDescription(await connection.createOffer())
        session = {"type": "realtime", "model": "assistant", "instructions": "From the form."}
        boundary = "----viva"
        fields = (("sdp", connection.localDescription.sdp), ("session", json.dumps(session)))
        form = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields
        )
        made = await asyncio.to_thread(
            webrtc.request,
            "POST",
            f"{server.http}/v1/realtime/calls",
            server.key,
            f"{form}--{boundary}--\r\n",
            Content_Type=f"multipart/form-data; boundary={boundary}",
        )
        assert made.status == 201, made
        gone = await asyncio.to_thread(webrtc.request, "DELETE", server.http + made.headers["location"], server.key)
        assert gone.status == 200, gone
        await connection.close()

    asyncio.run(asyncio.wait_for(body(), 30))


def test_delete_ends_the_call(server: VivaServer) -> None:
    """WHIP's way to hang up: the caller is told so, the peer connection closes, and the server counts one peer less."""

    async def body() -> None:
        async with webrtc.call(server.http, server.key) as call:
            await call.client.wait("session.created")
            closed = asyncio.Event()
            call.client.transport.channel.on("close", closed.set)
            gone = await asyncio.to_thread(webrtc.request, "DELETE", call.location, server.key)
            assert gone.status == 200, gone
            last = await call.client.wait("viva.session.ended")
            assert (last.data["code"], last.data["reason"]) == (1000, "the call was hung up"), last
            await asyncio.wait_for(closed.wait(), 10)
            again = await asyncio.to_thread(webrtc.request, "DELETE", call.location, server.key)
            assert again.status == 404, again

    asyncio.run(asyncio.wait_for(body(), 60))
    with urllib.request.urlopen(f"{server.admin}/metrics", timeout=5) as answer:
        metrics = answer.read().decode()
    assert "viva_webrtc_inbound_packets_received_total" in metrics
