"""Moonshine (an encoder and an autoregressive decoder over raw audio) on onnxruntime."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import tokenizers

SAMPLE_RATE = 16_000

_START_TOKEN, _END_TOKEN = 1, 2
# Fast counting ("one, two, three") needs about 11 tokens a second.
_TOKENS_PER_SECOND = 13
_EXTRA_TOKENS = 8
_MOST_TOKENS = 250
_SHORTEST_AUDIO = SAMPLE_RATE // 10
# Loops repeat a phrase of up to this many tokens.
_LONGEST_LOOP = 12


@dataclass(frozen=True)
class Decoding:
    """What was heard, and how sure the model was of its tokens."""

    text: str = ""
    log_probability: float = 0.0
    tokens: int = 0

    @property
    def confidence(self) -> float:
        """The geometric mean of the tokens' probabilities, 0...1."""
        return math.exp(self.log_probability / self.tokens) if self.tokens else 0.0

    @staticmethod
    def joined(parts: Iterable[Decoding]) -> Decoding:
        """One decoding of consecutive pieces of audio."""
        parts = list(parts)
        return Decoding(
            " ".join(part.text for part in parts if part.text),
            sum(part.log_probability for part in parts),
            sum(part.tokens for part in parts),
        )


class Moonshine:
    """A loaded model. One decode at a time; the caller brings its thread."""

    def __init__(self, folder: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning wins a few milliseconds and takes a whole core from the other workers.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")

        def load(name: str) -> onnxruntime.InferenceSession:
            path = str(folder / f"{name}.onnx")
            return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

        self._encoder = load("encoder_model")
        self._decoder = load("decoder_model_merged")
        self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._empty_cache = {
            each.name: np.zeros((0, each.shape[1], 1, each.shape[3]), np.float32)
            for each in self._decoder.get_inputs()
            if each.name.startswith("past_key_values")
        }
        self._cache_names = [
            each.name.replace("present", "past_key_values") for each in self._decoder.get_outputs()[1:]
        ]

    def decode(
        self, samples: np.ndarray, copies_allowed: int, should_stop: Callable[[], bool]
    ) -> Decoding | None:
        """Transcribes mono 16 kHz float samples in -1...1.

        `copies_allowed` bounds how often a phrase may follow itself: audio cut in mid-word makes the
        model loop, and people do say "no, no, no". `should_stop` is asked before each token, and a
        decode that stopped returns None.
        """
        if len(samples) < _SHORTEST_AUDIO or should_stop():
            return Decoding()
        hidden = self._encoder.run(None, {"input_values": samples[np.newaxis].astype(np.float32)})[0]
        cache = dict(self._empty_cache)
        tokens = [_START_TOKEN]
        log_probabilities: list[float] = []
        limit = int(len(samples) / SAMPLE_RATE * _TOKENS_PER_SECOND) + _EXTRA_TOKENS
        for step in range(min(limit, _MOST_TOKENS)):
            if should_stop():
                return None
            logits, *present = self._decoder.run(
                None,
                {
                    "input_ids": np.array([tokens[-1:]], np.int64),
                    "encoder_hidden_states": hidden,
                    "use_cache_branch": np.array([step > 0]),
                    **cache,
                },
            )
            scores = logits[0, -1]
            token = int(scores.argmax())
            best = scores[token]
            log_probabilities.append(-math.log(float(np.exp(scores - best).sum())))
            if token == _END_TOKEN:
                break
            tokens.append(token)
            if loop := loop_length(tokens, copies_allowed):
                del tokens[-loop * (copies_allowed - 1) :]
                break
            # The encoder's half of the cache is written at the first step only.
            for name, value in zip(self._cache_names, present):
                if step == 0 or ".decoder." in name:
                    cache[name] = value
        text = self._tokenizer.decode(tokens).strip()
        return Decoding(text, sum(log_probabilities), len(log_probabilities)) if text else Decoding()


def loop_length(tokens: list[int], copies: int) -> int:
    """The length of a phrase that the tokens end with `copies` times in a row; 0 when there is none."""
    for length in range(2, min(_LONGEST_LOOP, (len(tokens) - 1) // copies) + 1):
        phrase = tokens[-length:]
        if all(tokens[-(n + 1) * length : -n * length] == phrase for n in range(1, copies)):
            return length
    return 0
