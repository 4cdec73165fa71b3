"""SRTP with keys in the SDP, negotiated over the WebSocket, with libsrtp as other programs use it."""

from __future__ import annotations

import asyncio

import pytest
from conftest import SENTENCES
from support.client import plain_client
from support.server import VivaServer
from support.speech import Voice, transcribe
from support.srtp import SUITES, Line
from support.words import word_error


@pytest.mark.parametrize("suite", SUITES)
def test_a_gateway_with_sdes_talks(server: VivaServer, voice: Voice, suite: str) -> None:
    """What is said over SRTP is understood, what is answered is heard there and is in no event."""

    async def body() -> None:
        line = Line(suite)
        async with plain_client(server.websocket, server.key) as client:
            await client.wait("session.created")
            await client.send("session.update", session={"type": "realtime", "viva": {"srtp": {"sdp": line.offer}}})
            answer = await client.wait("viva.srtp.answer", timeout=5)
            await client.wait("session.updated", timeout=5)
            await line.connect(answer["sdp"])
            try:
                for sentence in SENTENCES[:2]:
                    here, heard_before = len(client.events), len(line.pcm)
                    await line.say(await voice.say(sentence))
                    heard = await client.wait("conversation.item.input_audio_transcription.completed", after=here)
                    assert word_error(sentence, heard["transcript"]) < 0.4, heard.data
                    done = await client.wait_response(after=here)
                    assert done["response"]["status"] == "completed", done.data
                    await client.wait("output_audio_buffer.stopped", after=here)
                    await asyncio.sleep(0.3)
                    transcripts = client.of("response.output_audio_transcript.done", response=done.response_id)
                    spoken = transcripts[0]["transcript"]
                    understood = await transcribe(server.asr, bytes(line.pcm[heard_before:]))
                    assert word_error(spoken, understood) < 0.5, (spoken, understood)
                assert not client.of("response.output_audio.delta"), "audio belongs on RTP"
                assert line.bad == 0, "packets that libsrtp refuses"
                assert not client.errors(), client.errors()
                assert not client.problems, client.problems
            finally:
                await line.stop()
        assert answer["sdp"] not in server.log.read_text() and "inline:" not in server.log.read_text()

    asyncio.run(asyncio.wait_for(body(), 120))
