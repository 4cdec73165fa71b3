"""A worker that hears, thinks and speaks in `pitch_code`, and fails on command. A program of its own, to be killed.

    python faulty_worker.py WYOMING_PORT HTTP_PORT

Wyoming ASR and TTS are on the first port; OpenAI's chat completions, transcriptions and speech on the second. A line
of JSON on stdin says how it fails from now on (`FAULTS`); lines on stdout tell what happens, with the system's
monotonic time. It ends when stdin does.

The language model says what the user asks it to ("Say: …"), and goes on where an answer that it is shown broke off.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import sys
import time
import wave
from collections.abc import AsyncIterator
from typing import Any

from pitch_code import WORDS, hear, say, spelled
from wyoming.event import Event, async_read_event, async_write_event

# none: it works. error: a 500, or a Wyoming `error`. busy: a 429 with Retry-After of 2 s. hang: it falls silent in the
# middle of its answer (an ASR after its first partial). empty: an answer that says nothing, zeros from a TTS.
# garbage: bytes that are of no protocol. slow: the first byte after half a minute.
FAULTS = ("none", "error", "busy", "hang", "empty", "garbage", "slow")
# These also meet whoever asks only whether it is there.
SEEN_BY_PROBES = ("error", "busy", "garbage", "slow")
SLOW_SECONDS = 30
RETRY_AFTER = "2"
# Pieces of an answer that come before a hang: words of an LLM, 50 ms of a TTS.
PIECES_BEFORE_HANG = {"llm": 5, "tts": 12}
RATE = 16_000
GARBAGE = bytes(range(255, 0, -1)) + b"\n\n"


class Hung(Exception):
    """Nothing more comes, and the connection stays open."""


class Worker:
    def __init__(self) -> None:
        self.fault = "none"

    def tell(self, event: str, **fields: Any) -> None:
        """A line for whoever started this."""
        print(json.dumps({"event": event, "at": time.monotonic(), **fields}), flush=True)

    async def obey(self) -> None:
        """Takes faults from stdin until it ends."""
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            self.fault = json.loads(line)["fault"]
            assert self.fault in FAULTS, self.fault
            self.tell("fault", fault=self.fault)

    async def hold(self, kind: str) -> str:
        """A whole request is there. The fault that it meets; returns late where that is slow."""
        self.tell("asked", kind=kind)
        fault = self.fault
        if fault == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        return fault

    def hang(self, kind: str) -> Hung:
        self.tell("hung", kind=kind)
        return Hung()

    # What it says

    async def words(self, question: dict[str, Any], fault: str) -> AsyncIterator[str]:
        """An answer of the language model, word by word."""
        words = _script(question["messages"])
        for place, word in enumerate([] if fault == "empty" else words):
            if fault == "hang" and place == PIECES_BEFORE_HANG["llm"]:
                raise self.hang("llm")
            await asyncio.sleep(0.02)
            if place == 0:
                self.tell("first", kind="llm")
            yield word

    async def voice(self, text: str, fault: str) -> AsyncIterator[bytes]:
        """A sentence, in pieces of 50 ms, at four times the pace of life."""
        pcm = say(text, RATE)
        if fault == "empty":
            pcm = bytes(len(pcm))
        size = RATE // 20 * 2
        for place, start in enumerate(range(0, len(pcm), size)):
            if fault == "hang" and place == PIECES_BEFORE_HANG["tts"]:
                raise self.hang("tts")
            if place == 0:
                self.tell("first", kind="tts")
            yield pcm[start : start + size]
            await asyncio.sleep(0.0125)

    # Wyoming

    async def serve_wyoming(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        with contextlib.suppress(ConnectionError):
            try:
                while (event := await async_read_event(reader)) is not None:
                    if await self._handle(event, reader, writer):
                        break
            except Hung:
                # Until the other side goes.
                while await reader.read(1 << 16):
                    pass
            writer.close()
            await writer.wait_closed()

    async def _handle(self, event: Event, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Returns whether that was all."""
        if event.type == "describe":
            if self.fault in SEEN_BY_PROBES and await self._fails(self.fault, "probe", writer):
                return True
            await async_write_event(_INFO, writer)
            return True
        if event.type == "transcribe":
            await self._transcribe(reader, writer)
            return True
        if event.type == "synthesize":
            fault = await self.hold("tts")
            if not await self._fails(fault, "tts", writer):
                await self._speak(event.data["text"], fault, writer)
            return True
        return False

    async def _fails(self, fault: str, kind: str, writer: asyncio.StreamWriter) -> bool:
        if kind == "probe" and fault == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if fault in ("error", "busy"):
            await async_write_event(Event("error", {"text": "scripted", "code": "scripted"}), writer)
        elif fault == "garbage":
            writer.write(GARBAGE)
            await writer.drain()
        return fault in ("error", "busy", "garbage")

    async def _transcribe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pcm, known = bytearray(), 0
        self.tell("listening")
        while (event := await async_read_event(reader)) is not None and event.type != "audio-stop":
            pcm += event.payload or b""
            # A partial for each second.
            if (seconds := len(pcm) // (RATE * 2)) == known or known and self.fault == "hang":
                continue
            known = seconds
            if self.fault in ("none", "hang") and (words := hear(bytes(pcm), RATE)):
                await async_write_event(Event("transcript-chunk", {"text": " ".join(words)}), writer)
        if event is None:
            return
        fault = await self.hold("asr")
        if fault == "hang":
            raise self.hang("asr")
        if await self._fails(fault, "asr", writer):
            return
        self.tell("first", kind="asr")
        text = "" if fault == "empty" else " ".join(hear(bytes(pcm), RATE))
        await async_write_event(Event("transcript", {"text": text}), writer)

    async def _speak(self, text: str, fault: str, writer: asyncio.StreamWriter) -> None:
        form = {"rate": RATE, "width": 2, "channels": 1}
        await async_write_event(Event("audio-start", form), writer)
        async for piece in self.voice(text, fault):
            await async_write_event(Event("audio-chunk", form, piece), writer)
        await async_write_event(Event("audio-stop"), writer)

    # HTTP

    async def serve_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                path, headers, body = await _read_request(reader)
                await self._answer(path, headers, body, writer)
            except Hung:
                await reader.read()
            writer.close()
            await writer.wait_closed()

    async def _answer(self, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
        kind = {
            "/v1/chat/completions": "llm", "/v1/audio/transcriptions": "asr", "/v1/audio/speech": "tts",
        }.get(path)  # fmt: skip
        if kind is None:
            if self.fault in SEEN_BY_PROBES and await self._fails_http(self.fault, "probe", writer):
                return
            return await _send(writer, 200, b'{"object": "list", "data": []}')
        fault = await self.hold(kind)
        if await self._fails_http(fault, kind, writer):
            return
        if kind == "llm":
            await self._complete(json.loads(body), fault, writer)
        elif kind == "tts":
            await _begin(writer, "audio/pcm")
            async for piece in self.voice(json.loads(body)["input"], fault):
                await _chunk(writer, piece)
            await _chunk(writer, b"")
        else:
            self.tell("first", kind="asr")
            text = "" if fault == "empty" else " ".join(_hear_upload(headers, body))
            await _send(writer, 200, json.dumps({"text": text}).encode())

    async def _fails_http(self, fault: str, kind: str, writer: asyncio.StreamWriter) -> bool:
        error = json.dumps({"error": {"message": "scripted", "type": "server_error"}}).encode()
        if kind == "probe" and fault == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if fault == "error":
            await _send(writer, 500, error)
        elif fault == "busy":
            await _send(writer, 429, error, f"Retry-After: {RETRY_AFTER}\r\n")
        elif fault == "garbage":
            await _begin(writer, "text/event-stream")
            await _chunk(writer, b"data: " + GARBAGE)
            await _chunk(writer, b"")
        return fault in ("error", "busy", "garbage")

    async def _complete(self, question: dict[str, Any], fault: str, writer: asyncio.StreamWriter) -> None:
        await _begin(writer, "text/event-stream")
        first = True
        async for word in self.words(question, fault):
            await _chunk(writer, _delta({"content": word if first else f" {word}"}))
            first = False
        await _chunk(writer, _delta({}, "stop"))
        await _chunk(writer, b"data: [DONE]\n\n")
        await _chunk(writer, b"")


_INFO = Event(
    "info",
    {
        "asr": [{"name": "scripted", "models": [], "supports_transcript_streaming": True, "transcript_chunk": "whole"}],
        "tts": [{"name": "scripted", "voices": []}],
    },
)


def _script(messages: list[dict[str, Any]]) -> list[str]:
    """What the user asked for last, less what the assistant has said of it since."""
    asked = max((place for place, each in enumerate(messages) if "Say: " in str(each["content"])), default=0)
    _, _, text = str(messages[asked]["content"]).partition("Say: ")
    words = text.split() or ["Nothing."]
    for said in (each["content"] for each in messages[asked + 1 :] if each["role"] == "assistant"):
        spoken = spelled(said or "")
        if spoken and spelled(text)[: len(spoken)] == spoken:
            return words[len(spoken) :]
    return words


def _hear_upload(headers: dict[str, str], body: bytes) -> list[str]:
    """The words of the file in a form."""
    boundary = b"--" + headers["content-type"].partition("boundary=")[2].strip('"').encode()
    for part in body.split(boundary):
        head, _, content = part.partition(b"\r\n\r\n")
        if b'name="file"' in head:
            with wave.open(io.BytesIO(content.removesuffix(b"\r\n"))) as recording:
                return hear(recording.readframes(recording.getnframes()), recording.getframerate())
    return []


def _delta(delta: dict[str, Any], reason: str | None = None) -> bytes:
    chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *fields = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    return line.split(" ")[1], headers, await reader.readexactly(int(headers.get("content-length") or 0))


async def _send(writer: asyncio.StreamWriter, status: int, body: bytes, headers: str = "") -> None:
    head = f"HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    writer.write((head + headers + "Connection: close\r\n\r\n").encode() + body)
    await writer.drain()


async def _begin(writer: asyncio.StreamWriter, content: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    await writer.drain()


async def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    """A chunk; an empty one is the end."""
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))
    await writer.drain()


async def main() -> None:
    worker = Worker()
    wyoming, http = map(int, sys.argv[1:])
    say(WORDS[0], RATE)  # numpy is slow the first time
    servers = [
        await asyncio.start_server(worker.serve_wyoming, "127.0.0.1", wyoming, limit=1 << 20),
        await asyncio.start_server(worker.serve_http, "127.0.0.1", http, limit=1 << 22),
    ]
    worker.tell("ready")
    await worker.obey()
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(main())
