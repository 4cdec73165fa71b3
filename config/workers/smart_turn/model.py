"""Smart Turn v3 on onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from .features import log_mel


class SmartTurn:
    """Not for several threads at once."""

    def __init__(self, path: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Idle threads that spin would hold the cores that the other workers need.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Memory for the next call is found again by the next call.
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def probability(self, pcm: bytes) -> float:
        """0...1, how likely it is that the speaker is done. `pcm` is 16 kHz mono 16-bit, the pause at its end."""
        audio = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        (answer,) = self._session.run(None, {self._input: log_mel(audio)[None]})
        return float(np.clip(answer.ravel()[0], 0, 1))
