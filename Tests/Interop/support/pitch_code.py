"""Speech that a program can hear without a model: each word is a vowel of a pitch of its own.

What a scripted voice says and what a scripted recogniser hears is then exactly what came through, word by word, and a
voice activity detector takes it for speech. All audio is mono 16-bit PCM.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import numpy as np

# Of five letters each: with the blank after it a word lasts as long as Viva expects of six letters.
WORDS = (
    "amber birch cedar delta ember flint grape hazel ivory jolly koala lemon mango noble ocean pearl"
).split()  # fmt: skip
# How any other word sounds, and what is then heard.
OTHER = "other"
_SECONDS = 0.4
_VOICED_SECONDS = 0.33
# Less than an octave in all, so that no pitch is the double of another.
_LOWEST, _RATIO = 104.0, 1.04
_FRAME_SECONDS = 0.005


def say(text: str, rate: int) -> bytes:
    """The words one after the other, and nothing for a text without any."""
    return b"".join(_word(word, rate) for word in spelled(text))


def hear(pcm: bytes, rate: int) -> list[str]:
    """The words in it. One of which half is missing is none."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float64)
    heard = (_nearest(samples[start:end], rate) for start, end in _segments(samples, rate))
    return [word for word in heard if word]


def spelled(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return re.findall(r"[a-z]+", text.lower())


def compare(said: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """How many words were lost, and how many came that were not said, or twice."""
    blocks = difflib.SequenceMatcher(None, said, heard, autojunk=False).get_matching_blocks()
    kept = sum(block.size for block in blocks)
    return len(said) - kept, len(heard) - kept


def _pitch(word: str) -> float:
    place = WORDS.index(word) if word in WORDS else len(WORDS)
    return _LOWEST * _RATIO**place


def _word(word: str, rate: int) -> bytes:
    times = np.arange(round(_VOICED_SECONDS * rate)) / rate
    pitch = _pitch(word)
    harmonics = np.arange(1, int(3400 / pitch) + 1)
    # Two formants, as in "ah".
    weights = 1 / harmonics + np.exp(-(((harmonics * pitch - 700) / 150) ** 2)) * 0.6
    weights += np.exp(-(((harmonics * pitch - 1200) / 200) ** 2)) * 0.4
    wave = (weights[:, None] * np.sin(2 * np.pi * pitch * harmonics[:, None] * times)).sum(axis=0)
    edge = np.minimum(1, np.minimum(times, times[::-1]) / 0.02)
    samples = wave / np.abs(wave).max() * 9000 * edge
    pause = np.zeros(round(_SECONDS * rate) - len(samples))
    return np.concatenate([samples, pause]).astype("<i2").tobytes()


def _segments(samples: np.ndarray, rate: int) -> list[tuple[int, int]]:
    """Where it is loud, from and to."""
    size = round(_FRAME_SECONDS * rate)
    count = len(samples) // size
    if not count:
        return []
    loudness = np.sqrt((samples[: count * size].reshape(count, size) ** 2).mean(axis=1))
    is_loud = np.concatenate([[False], loudness > max(300.0, loudness.max() * 0.1), [False]])
    edges = np.flatnonzero(np.diff(is_loud.astype(int)))
    return [(int(start) * size, int(end) * size) for start, end in edges.reshape(-1, 2)]


def _nearest(samples: np.ndarray, rate: int) -> str | None:
    if len(samples) < _VOICED_SECONDS * rate * 0.5:
        return None
    count = 1 << (2 * len(samples) - 1).bit_length()
    spectrum = np.fft.rfft(samples - samples.mean(), count)
    similarity = np.fft.irfft(np.abs(spectrum) ** 2)
    first, last = int(rate / (_LOWEST * 2)), int(rate / (_LOWEST * 0.97))
    lag = first + int(np.argmax(similarity[first : last + 1]))
    before, at, after = similarity[lag - 1 : lag + 2]
    peak = lag + (before - after) / (2 * (before - 2 * at + after) or 1)
    place = round(float(np.log(rate / peak / _LOWEST) / np.log(_RATIO)))
    return WORDS[place] if 0 <= place < len(WORDS) else OTHER
