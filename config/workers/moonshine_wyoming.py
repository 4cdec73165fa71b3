#!/usr/bin/env python3
"""A Wyoming speech recognition server: Moonshine with partial texts.

Beyond standard Wyoming, for clients that look for it: `info` says `"transcript_chunk": "whole"` (each
`transcript-chunk` carries the whole text so far and may revise the one before), and `transcript` has a
`confidence` of 0...1. A connection may carry one turn after another; closing it cancels its work.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from functools import partial
from pathlib import Path

from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioChunkConverter, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.server import AsyncEventHandler, AsyncServer

from moonshine.decode_queue import DecodeQueue
from moonshine.model import SAMPLE_RATE, Moonshine
from moonshine.turn import Turn

_LANGUAGE = "en"
# Five minutes of 16 kHz PCM in one event; a longer recording comes in several.
_LONGEST_BLOCK = 10 << 20
_LOG = logging.getLogger("moonshine")


def make_info(streams: bool) -> Event:
    attribution = Attribution(name="Moonshine AI", url="https://github.com/moonshine-ai/moonshine")
    model = AsrModel(
        name="moonshine-base-en",
        description="Moonshine base, English",
        attribution=attribution,
        installed=True,
        version="1",
        languages=[_LANGUAGE],
    )
    program = AsrProgram(
        name="moonshine",
        description="Moonshine on onnxruntime",
        attribution=attribution,
        installed=True,
        version="1",
        models=[model],
        supports_transcript_streaming=streams,
    )
    event = Info(asr=[program]).event()
    event.data["asr"][0]["transcript_chunk"] = "whole"
    return event


class BoundedReader:
    """A stream that refuses to read blocks of any length a peer may claim."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.readline = reader.readline
        self.feed_eof = reader.feed_eof

    async def readexactly(self, count: int) -> bytes:
        if not 0 <= count <= _LONGEST_BLOCK:
            raise OverflowError(f"a block of {count} bytes is too long; the limit is {_LONGEST_BLOCK}")
        return await self._reader.readexactly(count)


class RecognitionHandler(AsyncEventHandler):
    """One connection."""

    def __init__(
        self,
        queue: DecodeQueue,
        partial_interval: float,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        super().__init__(BoundedReader(reader), writer)
        self._queue = queue
        self._partial_interval = partial_interval
        self._turn: Turn | None = None
        self._converter = AudioChunkConverter()
        self._answer: asyncio.Task[None] | None = None
        self._partial: asyncio.Task[None] | None = None
        self._last_partial = ""

    async def run(self) -> None:
        try:
            await super().run()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except Exception as problem:  # whatever a peer sends, it ends its own connection only
            _LOG.warning("connection closed: %s: %s", type(problem).__name__, problem)

    async def handle_event(self, event: Event) -> bool:
        try:
            await self._handle(event)
            return True
        except ConnectionError:
            return False
        except Exception as problem:
            await self.write_event(Error(text=f"bad {event.type}: {problem}", code="bad_event").event())
            raise

    async def disconnect(self) -> None:
        for task in (self._answer, self._partial):
            if task is not None:
                task.cancel()
        if self._turn is not None:
            self._turn.cancel()

    async def _handle(self, event: Event) -> None:
        if AudioChunk.is_type(event.type):
            turn = self._turn or await self._begin_turn()
            await turn.append(self._convert(AudioChunk.from_event(event)))
        elif AudioStart.is_type(event.type):
            await self._begin_turn()
        elif AudioStop.is_type(event.type):
            turn = self._turn or await self._begin_turn()
            # In a task, so that a client that leaves is noticed meanwhile.
            self._answer = asyncio.create_task(self._send_transcript(turn))
            self._answer.add_done_callback(_log_failure)
        elif Transcribe.is_type(event.type):
            Transcribe.from_event(event)
        elif Describe.is_type(event.type):
            await self.write_event(make_info(streams=self._partial_interval > 0))
        elif Ping.is_type(event.type):
            await self.write_event(Pong(text=Ping.from_event(event).text).event())

    async def _begin_turn(self) -> Turn:
        if self._answer is not None:
            await asyncio.wait([self._answer])
            self._answer = None
        elif self._turn is not None:
            self._turn.cancel()
        self._converter = AudioChunkConverter(rate=SAMPLE_RATE, width=2, channels=1)
        self._last_partial = ""
        self._turn = Turn(self._queue, self._partial_interval, self._send_partial)
        return self._turn

    def _convert(self, chunk: AudioChunk) -> bytes:
        if not (8_000 <= chunk.rate <= 192_000 and chunk.width in (1, 2, 4) and chunk.channels in (1, 2)):
            raise ValueError(f"{chunk.rate} Hz, {chunk.width} bytes, {chunk.channels} channels")
        if len(chunk.audio) % (chunk.width * chunk.channels):
            raise ValueError("the payload is not a whole number of samples")
        return self._converter.convert(chunk).audio

    def _send_partial(self, text: str, at_pause: bool) -> None:
        is_busy = self._partial is not None and not self._partial.done()
        # At a pause the same text is news: it is whole, and the turn may end with it.
        if not text or (text == self._last_partial and not at_pause) or is_busy:
            return
        is_first = not self._last_partial
        self._last_partial = text
        self._partial = asyncio.create_task(self._write_partial(text, is_first))
        self._partial.add_done_callback(_log_failure)

    async def _write_partial(self, text: str, is_first: bool) -> None:
        if is_first:
            await self.write_event(TranscriptStart(language=_LANGUAGE).event())
        await self.write_event(TranscriptChunk(text=text).event())

    async def _send_transcript(self, turn: Turn) -> None:
        decoding = await turn.finish()
        if self._partial is not None:
            await asyncio.wait([self._partial])
        event = Transcript(text=decoding.text, language=_LANGUAGE).event()
        event.data["confidence"] = round(decoding.confidence, 4)
        await self.write_event(event)
        if self._last_partial:
            await self.write_event(TranscriptStop().event())
        self._turn = None


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (problem := task.exception()) is not None:
        if not isinstance(problem, ConnectionError):
            _LOG.error("a turn failed", exc_info=problem)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uri", default="tcp://127.0.0.1:10301", help="tcp:// or unix:// (%(default)s)")
    parser.add_argument("--model-dir", type=Path, required=True, help="folder with the ONNX model")
    parser.add_argument("--threads", type=int, default=1, help="threads of one decode (%(default)s)")
    parser.add_argument(
        "--partial-interval",
        type=float,
        default=0.8,
        help="least seconds between partial texts, 0 for none (%(default)s)",
    )
    return parser.parse_args()


async def serve(arguments: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    queue = DecodeQueue(Moonshine(arguments.model_dir, arguments.threads))
    server = AsyncServer.from_uri(arguments.uri)
    await server.start(partial(RecognitionHandler, queue, arguments.partial_interval))
    _LOG.info("listening on %s", arguments.uri)
    await stopped.wait()
    await server.stop()
    queue.close()


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.INFO)
    asyncio.run(serve(parse_arguments()))
