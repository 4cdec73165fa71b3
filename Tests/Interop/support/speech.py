"""Speech for the tests' mouth and ear: 24 kHz mono 16-bit PCM, made and heard by Wyoming workers or espeak-ng."""

from __future__ import annotations

import asyncio
import io
import subprocess
import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.tts import Synthesize

RATE = 24_000
BYTES_PER_SECOND = RATE * 2
# Below this share of the loudest sample is no voice.
_VOICED = 0.06


def resample(samples: np.ndarray, source: int, target: int) -> np.ndarray:
    """Band-limited, by dropping or padding the spectrum."""
    if source == target or not len(samples):
        return samples
    count = round(len(samples) * target / source)
    spectrum = np.fft.rfft(samples.astype(np.float64))
    fitted = np.zeros(count // 2 + 1, complex)
    shared = min(len(fitted), len(spectrum))
    fitted[:shared] = spectrum[:shared]
    return np.clip(np.fft.irfft(fitted, count) * count / len(samples), -32768, 32767).astype("<i2")


def silence(seconds: float) -> bytes:
    """A quiet room (-72 dB), not digital zero, which no microphone gives."""
    count = round(seconds * RATE)
    return np.random.default_rng(count).normal(0, 8, count).astype("<i2").tobytes()


def seconds(pcm: bytes) -> float:
    """How long it plays."""
    return len(pcm) / BYTES_PER_SECOND


def voiced_end(pcm: bytes) -> float:
    """Seconds from the beginning to the end of the last voiced sample."""
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(np.int32))
    voiced = np.nonzero(samples > samples.max(initial=1) * _VOICED)[0]
    return (int(voiced[-1]) + 1) / RATE if len(voiced) else 0.0


def trimmed(pcm: bytes) -> bytes:
    """Without the silence at both ends but 20 ms of it."""
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(np.int32))
    voiced = np.nonzero(samples > samples.max(initial=1) * _VOICED)[0]
    first, last = max(0, int(voiced[0]) - 480), int(voiced[-1]) + 480
    return pcm[first * 2 : last * 2]


async def say_with_piper(uri: str, text: str) -> bytes:
    """A sentence by a Wyoming TTS worker."""
    pcm, rate = bytearray(), RATE
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Synthesize(text=text).event())
        while (event := await client.read_event()) is not None:
            if AudioStart.is_type(event.type):
                rate = AudioStart.from_event(event).rate
            elif AudioChunk.is_type(event.type):
                pcm += AudioChunk.from_event(event).audio
            elif AudioStop.is_type(event.type):
                break
            elif Error.is_type(event.type):
                raise RuntimeError(Error.from_event(event).text)
    assert pcm, f"{uri} gave no audio"
    return trimmed(resample(np.frombuffer(bytes(pcm), "<i2"), rate, RATE).tobytes())


def say_with_espeak(text: str) -> bytes:
    """A sentence by espeak-ng: robotic, but it needs no worker."""
    made = subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "--stdout", text], capture_output=True, check=True)
    with wave.open(io.BytesIO(made.stdout)) as recording:
        rate = recording.getframerate()
    # espeak-ng cannot know the length when it writes the header, so the samples are taken by hand.
    samples = np.frombuffer(made.stdout[44 : len(made.stdout) // 2 * 2], "<i2")
    return trimmed(resample(samples, rate, RATE).tobytes())


async def transcribe(uri: str, pcm: bytes, rate: int = RATE) -> str:
    """What a Wyoming ASR worker hears; empty audio is not asked."""
    if not pcm:
        return ""
    # A breath at the end: a word cut off at the last sample is easily lost.
    pcm += bytes(rate // 5 * 2)
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Transcribe(language="en").event())
        await client.write_event(AudioStart(rate=rate, width=2, channels=1).event())
        for start in range(0, len(pcm), rate):
            piece = pcm[start : start + rate]
            await client.write_event(AudioChunk(rate=rate, width=2, channels=1, audio=piece).event())
        await client.write_event(AudioStop().event())
        while (event := await client.read_event()) is not None:
            if Transcript.is_type(event.type):
                return Transcript.from_event(event).text
    raise RuntimeError(f"{uri} gave no transcript")


def write_wav(path: Path, pcm: bytes, rate: int) -> None:
    """A mono 16-bit WAV file, resampled from 24 kHz."""
    with wave.open(str(path), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(rate)
        recording.writeframes(resample(np.frombuffer(pcm, "<i2"), RATE, rate).tobytes())


class Voice:
    """Sentences of a Piper worker, each made once. They stay sayable when the worker is gone."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._made: dict[str, bytes] = {}

    @classmethod
    def prepared(cls, uri: str, sentences: Iterable[str]) -> Voice:
        """One that has made these already, before anything is measured or killed."""
        voice = cls(uri)

        async def make() -> None:
            for sentence in sentences:
                await voice.say(sentence)

        asyncio.run(make())
        return voice

    async def say(self, text: str) -> bytes:
        """24 kHz PCM of the sentence without silence around it."""
        if text not in self._made:
            self._made[text] = await say_with_piper(self._uri, text)
        return self._made[text]
