"""Attacks after the upgrade: frames that break RFC 6455, and messages that break the protocol in them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random

from .attack import attack
from .mutation import EVENTS, absurd, audio, broken, sensible
from .speaker import Speaker
from .target import KEY, Target
from .wire import BINARY, CLOSE, PING, PONG, TEXT, Finding, Gone, close_payload, frame

UPDATE = json.dumps({"type": "session.update", "session": {"type": "realtime"}}).encode()
# What a peer may close with, and what it may not.
CODES = [0, 999, 1000, 1001, 1004, 1005, 1006, 1012, 1015, 2999, 3000, 4999, 5000, 65535]
# With what the server may close: it repeats the peer's code, and 1011 would say that it was at fault itself.
CLOSE_CODES = {None, 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1013, *CODES}


def random_frame(chance: random.Random) -> bytes:
    """Anything that a frame may be, and what none may."""
    payload = chance.choice([b"", UPDATE, broken(chance, UPDATE), chance.randbytes(chance.choice([1, 125, 126, 3000]))])
    invalid = b'{"type":"' + chance.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"]) + b'"}'
    return chance.choice(
        [
            frame(payload, reserved=chance.randint(1, 7)),
            frame(payload, opcode=chance.choice([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])),
            frame(payload, masked=False),
            frame(invalid),
            frame(payload, opcode=0),
            frame(payload, final=False) + frame(payload, final=False),
            frame(payload, final=False) + frame(b"ping", PING) + frame(payload, opcode=0),
            frame(b"", final=False) + frame(b"", opcode=0, final=False) * chance.choice([10, 2000]) + frame(UPDATE, opcode=0),
            b"".join([frame(UPDATE[:1], final=False), *[frame(UPDATE[n : n + 1], 0, final=False) for n in range(1, len(UPDATE))]])
            + frame(b"", 0),
            frame(payload, chance.choice([PING, PONG, CLOSE]), final=False),
            frame(chance.randbytes(126), chance.choice([PING, PONG, CLOSE])),
            frame(b"p" * chance.randint(0, 125), PING) * chance.choice([1, 100, 2000]),
            frame(chance.randbytes(20), PONG),
            frame(payload, form=chance.choice([2, 8])),
            frame(payload, announced=chance.choice([2**63, 2**64 - 1, 2**63 - 1, 2**32, 23 << 20]), form=8),
            frame(payload, announced=len(payload) + chance.randint(1, 100)),
            frame(close_payload(chance.choice(CODES), chance.choice([b"", b"bye", b"\xff", b"x" * 123])), CLOSE),
            frame(b"\x03", CLOSE),
            frame(close_payload(1000), CLOSE) + frame(UPDATE) * 3,
            frame(payload, BINARY),
            frame(UPDATE) * chance.choice([1, 50]),
            chance.randbytes(chance.randint(1, 200)),
        ]
    )


async def ends_properly(speaker: Speaker) -> None:
    """Whatever was sent, the server lives on with this connection, or closes it for a reason."""
    if speaker.is_gone and speaker.close_code not in CLOSE_CODES:
        raise Finding(f"closed with {speaker.close_code}")
    await asyncio.sleep(0)


@attack(10)
async def frames(target: Target, chance: random.Random) -> None:
    """Some frames, cut into pieces or all at once."""
    async with Speaker(target, KEY) as speaker:
        if speaker.status != 101:
            return
        with contextlib.suppress(Gone):
            for _ in range(chance.randint(1, 6)):
                data = random_frame(chance)
                while chance.random() < 0.3 and len(data) > 1:
                    cut = chance.randint(1, len(data) - 1)
                    await speaker.raw(data[:cut])
                    data = data[cut:]
                    await asyncio.sleep(0.001)
                await speaker.raw(data)
            await asyncio.sleep(chance.choice([0, 0.2]))
        await ends_properly(speaker)


@attack(10)
async def broken_events(target: Target, chance: random.Random) -> None:
    """Events with bytes changed, as text that is UTF-8: an error each, and the session goes on."""
    async with Speaker(target, KEY, chance.choice(["?model=assistant", "?intent=transcription"])) as speaker:
        if speaker.status != 101:
            return
        for _ in range(chance.randint(1, 40)):
            message = broken(chance, json.dumps(chance.choice(EVENTS)).encode())
            await speaker.text(message.decode(errors="replace").encode())
        await speaker.still_answers("broken") if "intent" not in speaker.path else None


@attack(14)
async def absurd_events(target: Target, chance: random.Random) -> None:
    """Well-formed events whose fields hold what they should not."""
    async with Speaker(target, KEY, "?model=" + chance.choice(["assistant", "talker"])) as speaker:
        if speaker.status != 101:
            return
        for _ in range(chance.randint(1, 40)):
            event = chance.choice(EVENTS) if chance.random() < 0.5 else sensible(chance, speaker.known_id(chance))
            await speaker.text(json.dumps(absurd(chance, event)).encode())
            if chance.random() < 0.1:
                await asyncio.sleep(0.05)
        await speaker.still_answers("absurd")


@attack(14)
async def sensible_events(target: Target, chance: random.Random) -> None:
    """Proper events, in no order that makes sense, while the agent speaks."""
    async with Speaker(target, KEY, "?model=" + chance.choice(["assistant", "talker"]), is_strict=True) as speaker:
        if speaker.status != 101:
            return
        await speaker.event("response.create")
        for _ in range(chance.randint(5, 60)):
            await speaker.event(**sensible(chance, speaker.known_id(chance)))
            if chance.random() < 0.3:
                await asyncio.sleep(chance.choice([0.01, 0.1, 0.5]))
        await speaker.still_answers("sensible")


@attack(5)
async def binary_frames(target: Target, chance: random.Random) -> None:
    """Opus packets and what are none, in sessions that want them and in others."""
    async with Speaker(target, KEY) as speaker:
        if speaker.status != 101:
            return
        for _ in range(chance.randint(1, 30)):
            packet = chance.choice(
                [b"", b"\xf8\xff\xfe", bytes([chance.randrange(256)]) + chance.randbytes(chance.choice([0, 3, 60, 1275, 5000]))]
            )
            await speaker.raw(frame(packet, BINARY))
            if chance.random() < 0.2:
                sound = {"type": chance.choice(["audio/opus", "audio/pcm", "audio/pcmu"])}
                await speaker.event("session.update", session={"type": "realtime", "audio": {"input": {"format": sound}}})
        await speaker.still_answers("binary")


@attack(1)
async def oversized(target: Target, chance: random.Random) -> None:
    """Messages beyond the limit, or just below it, whole and in fragments."""
    size = chance.choice([1 << 20, 1 << 20, 20 << 20, 22 << 20, 23 << 20])
    start = b'{"type":"input_audio_buffer.append","audio":"'
    async with Speaker(target, KEY) as speaker:
        if speaker.status != 101:
            return
        with contextlib.suppress(Gone):
            if chance.random() < 0.5:
                await speaker.raw(frame(start + b"A" * size + b'"}'))
            else:
                await speaker.raw(frame(start, final=False))
                for _ in range(size >> 16):
                    await speaker.raw(frame(b"A" * (1 << 16), 0, final=False))
                await speaker.raw(frame(b'"}', 0))
            # A quarter of an hour of audio is not waited for.
            if size <= 1 << 20:
                await speaker.still_answers("large")
        await ends_properly(speaker)


@attack(2)
async def bombs(target: Target, chance: random.Random) -> None:
    """JSON that costs more to read than to write."""
    count = chance.choice([1000, 30_000, 200_000])
    value = chance.choice(
        [
            "[" * count,
            "[" + ",".join(["{}"] * count) + "]",
            "[" + ",".join(["[[]]"] * count) + "]",
            "{" + ",".join(f'"k{n}":{n}' for n in range(count)) + "}",
            "{" + '"a":1,' * count + '"a":2}',
            '"' + "\\u00e9" * count + '"',
            '"' + "\u0301" * count + '"',
            "1" * count,
            "[" + "1e999," * count + "1]",
            '{"a":' * 60 + "[" + ",".join(["1.5"] * count) + "]" + "}" * 60,
        ]
    )
    event = chance.choice(
        [
            '{"type":"session.update","session":{"type":"realtime","tools":[{"type":"function","name":"f","parameters":VALUE}]}}',
            '{"type":"session.update","session":{"type":"realtime","tracing":VALUE}}',
            '{"type":"session.update","session":VALUE}',
            '{"type":VALUE}',
            '{"type":"response.create","response":{"metadata":VALUE}}',
            '{"type":"conversation.item.create","item":{"type":"message","role":"user","content":VALUE}}',
            '{"type":"response.audioVALUE"}',
        ]
    )
    async with Speaker(target, KEY) as speaker:
        if speaker.status != 101:
            return
        await speaker.text(event.replace("VALUE", value).encode())
        await speaker.still_answers("bomb")


@attack(3)
async def floods(target: Target, chance: random.Random) -> None:
    """Far more than is read, from somebody who reads nothing, and then is gone."""
    message = json.dumps(sensible(chance, "nobody")).encode()
    async with Speaker(target, KEY) as speaker:
        if speaker.status != 101:
            return
        if chance.random() < 0.5 and speaker._reader:
            speaker._reader.cancel()
        with contextlib.suppress(Gone, Finding, TimeoutError):
            async with asyncio.timeout(3):
                await speaker.wire.send(frame(message) * chance.choice([100, 2000]))


@attack(4)
async def vanishing(target: Target, chance: random.Random) -> None:
    """Gone at any moment, in the middle of a frame or of an answer."""
    async with Speaker(target, KEY, "?model=talker") as speaker:
        if speaker.status != 101:
            return
        with contextlib.suppress(Gone):
            await speaker.event("response.create")
            await speaker.event("input_audio_buffer.append", audio=audio(chance, 1000))
            await asyncio.sleep(chance.choice([0, 0.05, 0.7]))
            await speaker.raw(frame(UPDATE)[: chance.randint(1, 40)])


@attack(4)
async def sidebands(target: Target, chance: random.Random) -> None:
    """Others join a session, and all talk at once."""
    async with Speaker(target, KEY, "?model=talker") as host:
        if host.status != 101:
            return
        await host.wait("session.created")
        async with contextlib.AsyncExitStack() as stack:
            guests = [
                await stack.enter_async_context(Speaker(target, KEY, f"?call_id={host.session}"))
                for _ in range(chance.randint(1, 4))
            ]
            everyone = [host, *[guest for guest in guests if guest.status == 101]]
            for _ in range(chance.randint(5, 40)):
                speaker = chance.choice(everyone)
                event = sensible(chance, host.known_id(chance))
                await speaker.text(json.dumps(absurd(chance, event) if chance.random() < 0.3 else event).encode())
                if chance.random() < 0.1:
                    await speaker.raw(frame(b"\xf8\xff\xfe", BINARY))
            await host.still_answers("shared")
