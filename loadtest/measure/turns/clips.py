"""The recordings of the turns, made anew each time from the same seed.

A sentence with pauses is synthesised whole, with a comma at each pause, so that the voice goes on over the gap; the
silence that the voice makes there is then stretched. Where it makes none, the pieces are synthesised one by one, each
with its comma. Every text is spoken by Piper and by one of several espeak-ng voices; a third of the recordings has
noise under them.
"""

from __future__ import annotations

import io
import subprocess
import wave
from dataclasses import dataclass, field

import numpy as np
from support.speech import RATE, Voice, resample, trimmed

from .texts import KINDS

# Voice, and words a minute.
ESPEAK = (
    ("en-us", 150),
    ("en-gb+f2", 165),
    ("en-us+m3", 175),
    ("en-us+f4", 140),
    ("en-gb-scotland+m7", 160),
    ("en-us+m1", 185),
)
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 1.5
# Quieter than this share of the loudest sample, 20 ms long, is a gap between words.
_QUIET, _FRAME = 0.03, RATE // 100
_SHORTEST_GAP = 5
# Between speech and noise, in dB.
_SIGNAL_TO_NOISE = (18.0, 30.0)


@dataclass
class Clip:
    """One turn. Times are in seconds from the beginning of `pcm`."""

    text: str
    kind: str
    voice: str
    noisy: bool
    stretched: bool
    pcm: bytes
    pauses: list[tuple[float, float]] = field(default_factory=list)
    end: float = 0.0


async def make_clips(tts: str, half: str, seed: int) -> list[Clip]:
    """`half` is "tune", "report" or "all"; a text is in one of the first two whoever speaks it."""
    piper = Voice(tts)
    clips = []
    for kind, texts in KINDS.items():
        for index, text in enumerate(texts):
            if half not in ("all", ("tune", "report")[index % 2]):
                continue
            for take in range(2):
                random = np.random.default_rng([seed, list(KINDS).index(kind), index, take])
                voice = ESPEAK[(index // 2 + len(kind)) % len(ESPEAK)] if take else None
                clips.append(await _clip(piper, text, kind, voice, random))
    return clips


async def _clip(
    piper: Voice, text: str, kind: str, voice: tuple[str, int] | None, random: np.random.Generator
) -> Clip:
    async def say(words: str) -> np.ndarray:
        pcm = await piper.say(words) if voice is None else _espeak(words, *voice)
        return np.frombuffer(pcm, "<i2")

    pieces = [piece.strip() for piece in text.split("|")]
    wanted = [random.uniform(SHORTEST_PAUSE, LONGEST_PAUSE) for _ in pieces[1:]]
    parts = _split(await say(" ".join(pieces)), pieces)
    stretched = parts is not None
    if parts is None:
        parts = [_bare(await say(piece)) for piece in pieces]
    sound, pauses = parts[0], []
    for pause, part in zip(wanted, parts[1:], strict=True):
        start = len(sound) / RATE
        pauses.append((start, start + pause))
        sound = np.concatenate([sound, np.zeros(round(pause * RATE), "<i2"), part])
    noisy = bool(random.random() < 1 / 3)
    mixed = _with_room(sound, random, noisy)
    name = "piper" if voice is None else f"espeak {voice[0]} {voice[1]}"
    return Clip(text, kind, name, noisy, stretched, mixed.tobytes(), pauses, len(sound) / RATE)


def _espeak(text: str, voice: str, speed: int) -> bytes:
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "--stdout", text]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(made)) as recording:
        rate = recording.getframerate()
    # espeak-ng cannot know the length when it writes the header, so the samples are taken by hand.
    return trimmed(resample(np.frombuffer(made[44 : len(made) // 2 * 2], "<i2"), rate, RATE).tobytes())


def _split(sound: np.ndarray, pieces: list[str]) -> list[np.ndarray] | None:
    """The sound of each piece, cut at the gaps nearest to where the pieces should end by their number of letters."""
    sound = _bare(sound)
    total = sum(map(len, pieces))
    gaps = _gaps(sound)
    parts, start, letters = [], 0, 0
    for piece in pieces[:-1]:
        letters += len(piece)
        place = len(sound) * letters / total
        near = [gap for gap in gaps if gap[0] > start and abs(sum(gap) / 2 - place) < 0.15 * len(sound)]
        if not near:
            return None
        first, after = max(near, key=lambda gap: gap[1] - gap[0])
        parts.append(sound[start:first])
        start = after
    return [*parts, sound[start:]]


def _gaps(sound: np.ndarray) -> list[tuple[int, int]]:
    """Where nothing is said for 50 ms or more: first sample, and the one after the last."""
    quiet = [*(_levels(sound) < _QUIET), False]
    gaps, began = [], None
    for index, is_quiet in enumerate(quiet):
        if is_quiet and began is None:
            began = index
        elif not is_quiet and began is not None:
            if index - began >= _SHORTEST_GAP and began > 0:
                gaps.append((began * _FRAME, index * _FRAME))
            began = None
    return gaps


def _bare(sound: np.ndarray) -> np.ndarray:
    """Without the quiet at both ends, so that the end is the end of speech."""
    voiced = np.nonzero(_levels(sound) >= _QUIET)[0]
    return sound[voiced[0] * _FRAME : (voiced[-1] + 1) * _FRAME]


def _levels(sound: np.ndarray) -> np.ndarray:
    """The peak of each frame as a share of the loudest."""
    frames = np.abs(sound[: len(sound) // _FRAME * _FRAME].astype(np.int32)).reshape(-1, _FRAME).max(axis=1)
    return frames / max(1, frames.max())


def _with_room(sound: np.ndarray, random: np.random.Generator, noisy: bool) -> np.ndarray:
    """A quiet room behind the voice (-72 dB), or the hiss and hum of a louder one."""
    noise = random.normal(0, 8, len(sound))
    if noisy:
        hiss = random.normal(0, 1, len(sound))
        spectrum = np.fft.rfft(hiss)
        # Pink: rooms and machines are loudest in the bass.
        spectrum /= np.sqrt(np.maximum(1, np.fft.rfftfreq(len(sound), 1 / RATE) / 50))
        hiss = np.fft.irfft(spectrum, len(sound))
        loud = np.sqrt(np.mean(np.square(sound[sound != 0], dtype=np.float64)))
        noise = hiss / hiss.std() * loud * 10 ** (-random.uniform(*_SIGNAL_TO_NOISE) / 20)
    return np.clip(sound + noise, -32768, 32767).astype("<i2")
