"""One turn of a speaker, decoded while it is spoken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from .decode_queue import DecodeQueue, Job, Urgency
from .model import SAMPLE_RATE, Decoding

# Times below are in frames of 20 ms.
_FRAME_BYTES = SAMPLE_RATE // 50 * 2
_SECOND = 50
# A tail this long is cut at its quietest point, and the part before it is settled.
_LONGEST_TAIL = 15 * _SECOND
_CUT_FROM, _CUT_BEFORE = 6 * _SECOND, 14 * _SECOND
_CUT_WINDOW = 15
# Relative to full scale (-60 dB): nothing below it is speech.
_SILENCE = 0.001
# Relative to the voice (-26 dB): a pause is below it.
_PAUSE = 0.05
# A pause this long may be the end of the turn.
_PAUSE_FRAMES = 10
# Drafts take at most this share of the time.
_DRAFT_SHARE = 0.5
# Settled pieces that may wait for the decoder before the client has to.
_MOST_WAITING = 8
_COPIES_IN_DRAFT, _COPIES_IN_FINAL = 2, 3


class Turn:
    """Takes audio as it comes, tells partial texts, and at the end the whole.

    There are three kinds of decode. A long turn is cut into pieces, each *settled* once. The tail after
    them is *drafted* now and then for the partial text. And since any pause may be the end, the tail is
    decoded as if it were when a pause begins: if only silence follows, the final text is ready before
    it is asked for.
    """

    def __init__(
        self, queue: DecodeQueue, draft_interval: float, on_partial: Callable[[str, bool], None]
    ) -> None:
        """`draft_interval` is in seconds of audio; 0 means no partials.

        `on_partial` is told the text so far, and whether it was heard at a pause.
        """
        self._queue = queue
        self._draft_interval = draft_interval
        self._on_partial = on_partial
        self._settled: list[Job] = []
        self._tail = bytearray()
        # RMS of each whole frame of the tail, 0...1.
        self._levels = np.zeros(0, np.float32)
        self._draft: Job | None = None
        # The newest draft covers this many frames, the newest at a pause this many.
        self._drafted = 0
        self._paused: int | None = None
        self._draft_began = 0.0
        self._frames_between_drafts = draft_interval * _SECOND

    async def append(self, pcm: bytes) -> None:
        """Takes 16 kHz mono 16-bit PCM. Waits when the decoder is far behind."""
        # A second at a time, since a whole recording may come at once.
        for start in range(0, len(pcm), _SECOND * _FRAME_BYTES):
            self._tail += pcm[start : start + _SECOND * _FRAME_BYTES]
            self._measure()
            if len(self._levels) >= _LONGEST_TAIL:
                self._settle()
                if len(self._settled) > _MOST_WAITING:
                    await asyncio.wait([self._settled[-_MOST_WAITING].result])
            if self._is_new_pause():
                self._start_draft(at_pause=True)
            elif self._is_draft_due():
                self._start_draft(at_pause=False)

    async def finish(self) -> Decoding:
        """The text of the whole turn, which takes no more audio."""
        last = self._draft
        if last is None or self._paused is None or self._has_voice_after(self._paused):
            self._drop_draft()
            last = self._submit(len(self._tail), Urgency.FINAL, _COPIES_IN_FINAL)
        self._draft = None
        self._settled.append(last)
        for job in self._settled:
            job.urgency = Urgency.FINAL
        return Decoding.joined([await job.result or Decoding() for job in self._settled])

    def cancel(self) -> None:
        """Nobody waits for this turn any more."""
        self._drop_draft()
        for job in self._settled:
            job.cancel()

    def _measure(self) -> None:
        known = len(self._levels)
        count = len(self._tail) // _FRAME_BYTES - known
        if count > 0:
            fresh = bytes(self._tail[known * _FRAME_BYTES : (known + count) * _FRAME_BYTES])
            frames = np.frombuffer(fresh, "<i2").astype(np.float32).reshape(count, -1) / 32768
            self._levels = np.append(self._levels, np.sqrt((frames**2).mean(axis=1)))

    def _settle(self) -> None:
        self._drop_draft()
        window = np.convolve(self._levels, np.ones(_CUT_WINDOW), mode="same")
        cut = _CUT_FROM + int(window[_CUT_FROM:_CUT_BEFORE].argmin())
        self._settled.append(self._submit(cut * _FRAME_BYTES, Urgency.SOON, _COPIES_IN_FINAL))
        del self._tail[: cut * _FRAME_BYTES]
        self._levels = self._levels[cut:]
        self._drafted, self._paused = 0, None

    def _has_voice_after(self, frame: int) -> bool:
        voice = float(np.quantile(self._levels, 0.9)) if len(self._levels) else 0.0
        return bool((self._levels[frame:] > max(_SILENCE, voice * _PAUSE)).any())

    def _is_new_pause(self) -> bool:
        pause_began = len(self._levels) - _PAUSE_FRAMES
        return (
            pause_began > 0
            and not self._has_voice_after(pause_began)
            and self._has_voice_after(self._paused or 0)
        )

    def _is_draft_due(self) -> bool:
        return (
            self._draft_interval > 0
            and len(self._levels) - self._drafted >= self._frames_between_drafts
            and (self._draft is None or self._draft.result.done())
            and not self._queue.has_waiting
        )

    def _start_draft(self, at_pause: bool) -> None:
        self._drop_draft()
        self._drafted = len(self._levels)
        self._paused = self._drafted if at_pause else None
        self._draft = draft = (
            self._submit(len(self._tail), Urgency.SOON, _COPIES_IN_FINAL)
            if at_pause
            else self._submit(len(self._tail), Urgency.DRAFT, _COPIES_IN_DRAFT)
        )
        began = draft.loop.time()
        draft.result.add_done_callback(lambda _: self._finish_draft(draft, began))

    def _finish_draft(self, draft: Job, began: float) -> None:
        cost = (draft.loop.time() - began) * _SECOND
        self._frames_between_drafts = max(self._draft_interval * _SECOND, cost / _DRAFT_SHARE)
        # A newer draft, or the final, has taken its place.
        if draft is not self._draft or draft.result.cancelled() or draft.result.exception():
            return
        decoding = draft.result.result()
        if decoding is not None and self._draft_interval > 0:
            settled = [job.result.result() or Decoding() for job in self._settled if job.result.done()]
            at_pause = self._paused is not None
            self._on_partial(Decoding.joined([*settled, decoding]).text, at_pause)

    def _drop_draft(self) -> None:
        if self._draft is not None:
            self._draft.cancel()
            self._draft = None
        self._paused = None

    def _submit(self, length: int, urgency: Urgency, copies_allowed: int) -> Job:
        return self._queue.submit(bytes(self._tail[: length & ~1]), urgency, copies_allowed)
