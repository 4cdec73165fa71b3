"""What Whisper's encoder takes for audio: the logarithm of a mel spectrogram.

After Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022), 2.2, and Slaney's mel scale
("Auditory Toolbox", 1998); with the audio brought to zero mean and unit variance first, as Smart Turn was trained.
"""

from __future__ import annotations

import numpy as np

SAMPLE_RATE = 16_000
SECONDS = 8

_WINDOW, _HOP, _MELS = 400, 160, 80
_SAMPLES = SECONDS * SAMPLE_RATE
# What is quieter than the loudest by more than this many decades counts as that much quieter.
_RANGE = 8.0


def log_mel(audio: np.ndarray) -> np.ndarray:
    """80 mel bands of 800 frames, float32, from the last 8 s of 16 kHz audio; a shorter one has silence before it."""
    padded = np.zeros(_SAMPLES, np.float32)
    heard = audio[-_SAMPLES:]
    if len(heard):
        padded[-len(heard) :] = heard
    padded -= padded.mean()
    padded /= np.sqrt(padded.var() + 1e-7)
    edged = np.pad(padded, _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(edged, _WINDOW)[: _SAMPLES : _HOP]
    spectrum = np.fft.rfft(frames * _HANN)
    power = spectrum.real**2 + spectrum.imag**2
    bands = np.log10(np.maximum(power @ _FILTERS, 1e-10)).T
    return ((np.maximum(bands, bands.max() - _RANGE) + 4) / 4).astype(np.float32)


def _mel_filters() -> np.ndarray:
    """Triangles of equal area, evenly spaced on the mel scale from 0 Hz to half the sample rate."""
    # Linear up to 1 kHz, where 15 mel are reached; from there 27 mel for each factor of 6.4.
    highest = 15 + 27 * np.log(SAMPLE_RATE / 2 / 1000) / np.log(6.4)
    mels = np.linspace(0, highest, _MELS + 2)
    corners = np.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))
    low, centre, high = corners[:-2], corners[1:-1], corners[2:]
    frequencies = np.linspace(0, SAMPLE_RATE / 2, _WINDOW // 2 + 1)[:, None]
    rising = (frequencies - low) / (centre - low)
    falling = (high - frequencies) / (high - centre)
    return (np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)).astype(np.float32)


_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)
_FILTERS = _mel_filters()
