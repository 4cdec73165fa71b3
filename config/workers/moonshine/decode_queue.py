"""One thread that decodes, most urgent first."""

from __future__ import annotations

import asyncio
import enum
import threading

import numpy as np

from .model import Decoding, Moonshine


class Urgency(enum.IntEnum):
    """Someone waits for a final; a draft is worth making only while nothing better is to be done."""

    FINAL = 0
    SOON = 1
    DRAFT = 2


class Job:
    """A piece of audio to be decoded. Cancelling its `result` takes it from the queue, or stops it."""

    def __init__(self, pcm: bytes, urgency: Urgency, copies_allowed: int) -> None:
        self.pcm = pcm
        self.urgency = urgency
        self.copies_allowed = copies_allowed
        self.loop = asyncio.get_running_loop()
        self.result: asyncio.Future[Decoding | None] = self.loop.create_future()

    def cancel(self) -> None:
        self.result.cancel()


class DecodeQueue:
    """Runs jobs one after the other. All methods but the thread's own are for the event loop."""

    def __init__(self, model: Moonshine) -> None:
        self._model = model
        self._waiting: list[Job] = []
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
        self._thread.start()

    def submit(self, pcm: bytes, urgency: Urgency, copies_allowed: int) -> Job:
        """Queues 16 kHz mono 16-bit PCM. The result is None for a draft that gave way to other work."""
        job = Job(pcm, urgency, copies_allowed)
        with self._changed:
            self._waiting.append(job)
            self._changed.notify()
        return job

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    def close(self) -> None:
        """Stops the decode in progress at its next token and ends the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                outcome: Decoding | Exception | None = self._decode(job)
            except Exception as problem:  # a failed decode fails its own turn only
                outcome = problem
            if not self._is_closing:
                job.loop.call_soon_threadsafe(_deliver, job, outcome)

    def _next(self) -> Job | None:
        with self._changed:
            while not self._is_closing:
                self._waiting = [job for job in self._waiting if not job.result.cancelled()]
                if self._waiting:
                    job = min(self._waiting, key=lambda job: job.urgency)  # the first of equals
                    self._waiting.remove(job)
                    return job
                self._changed.wait()
            return None

    def _decode(self, job: Job) -> Decoding | None:
        def should_stop() -> bool:
            return (
                self._is_closing
                or job.result.cancelled()
                or (job.urgency is Urgency.DRAFT and self._must_give_way())
            )

        samples = np.frombuffer(job.pcm, "<i2").astype(np.float32) / 32768
        return self._model.decode(samples, job.copies_allowed, should_stop)

    def _must_give_way(self) -> bool:
        with self._changed:
            return any(
                job.urgency < Urgency.DRAFT and not job.result.cancelled() for job in self._waiting
            )


def _deliver(job: Job, outcome: Decoding | Exception | None) -> None:
    if job.result.done():
        return
    if isinstance(outcome, Exception):
        job.result.set_exception(outcome)
    else:
        job.result.set_result(outcome)
