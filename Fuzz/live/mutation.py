"""Client events: proper ones, absurd ones, and broken ones."""

from __future__ import annotations

import base64
import copy
import json
import random
from typing import Any

from support.server import ROOT

PIECES = [
    *[b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"null", b"true", b"-", b"1e999", b"NaN", b"\0", b"=", b"\\u0000"],
    *[b"99999999999999999999", b"\\ud800", b"\xef\xbb\xbf", "\u202e".encode(), "\u0301".encode() * 9, b"[[[[[[[["],
    *[b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b'"type":"response.create",'],
]
STRANGE: list[Any] = [
    *[None, True, False, 0, -1, 1, 0.5, 1e308, -1e308, 2**63 - 1, 2**63, -(2**63), "", "x", "\0", "é" * 100, "a" * 70_000],
    *["auto", "none", "inf", "root", [], {}, [[]], [{}], {"type": "message"}, {"id": "x"}, {"type": "function"}, [None]],
    *["a" + "\u0301" * 3000, "🧑\u200d🚀" * 50, "audio/opus", "realtime", "transcription"],
]
EVENTS = [
    json.loads(path.read_text())
    for path in sorted((ROOT / "Fuzz/Corpus/client-event").glob("*.json"))
    if path.stem not in ("byte-order-mark", "deep")
]


def broken(chance: random.Random, message: bytes) -> bytes:
    """With some bytes changed."""
    data = bytearray(message)
    for _ in range(chance.randint(1, 5)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.randint(0, 8))
        match chance.randrange(5):
            case 0:
                data[start:end] = chance.randbytes(end - start)
            case 1:
                del data[start:end]
            case 2:
                data[start:start] = data[start:end]
            case 3:
                del data[start:]
            case _:
                data[start:end] = chance.choice(PIECES)
    return bytes(data)


def _places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every container and key in an event."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        found.append((value, key))
        _places(inner, found)
    return found


def absurd(chance: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    """Well-formed, with a field or two that hold something else, are gone, or are there twice as deep."""
    event = copy.deepcopy(event)
    for _ in range(chance.randint(1, 3)):
        places = [place for place in _places(event, []) if place[1] != "type" or chance.random() < 0.1]
        if not places:
            return event
        container, key = chance.choice(places)
        match chance.randrange(4):
            case 0 if isinstance(container, dict):
                del container[key]
            case 1:
                other, name = chance.choice(_places(chance.choice(EVENTS), []) or [({}, "")])
                container[key] = copy.deepcopy(other[name]) if other else {}
            case _:
                container[key] = copy.deepcopy(chance.choice(STRANGE))
    return event


def audio(chance: random.Random, milliseconds: int) -> str:
    """Noise or silence as base64 of `audio/pcm`."""
    size = 48 * milliseconds
    return base64.b64encode(chance.randbytes(size) if chance.random() < 0.7 else bytes(size)).decode()


def sensible(chance: random.Random, known_id: str) -> dict[str, Any]:
    """What a client may say at any time, whether or not it is the time for it."""
    turn_detection = chance.choice(
        [
            None,
            {"type": "server_vad", "silence_duration_ms": chance.choice([0, 200, 10_000]), "threshold": chance.random()},
            {"type": "semantic_vad", "eagerness": chance.choice(["low", "high"])},
            {"type": "server_vad", "idle_timeout_ms": 5000, "create_response": chance.random() < 0.5},
        ]
    )
    sound = {"type": chance.choice(["audio/pcm", "audio/pcmu", "audio/pcma", "audio/opus"])}
    part = chance.choice([{"type": "input_text", "text": "Hello"}, {"type": "input_audio", "audio": audio(chance, 300)}])
    session: dict[str, Any] = {"type": "realtime"}
    match chance.randrange(6):
        case 0:
            session["audio"] = {"input": {"turn_detection": turn_detection}}
        case 1:
            session["audio"] = {"input": {"format": sound}}
        case 2:
            session["audio"] = {"output": {"format": sound}}
        case 3:
            session["audio"] = {"output": {"speed": chance.choice([0.25, 1, 1.5])}}
        case 4:
            session["output_modalities"] = [chance.choice(["audio", "text"])]
        case _:
            session["tools"] = [{"type": "function", "name": f"f{n}", "parameters": {}} for n in range(chance.randrange(4))]
    response = chance.choice(
        [
            {},
            {"conversation": "none", "output_modalities": ["text"], "metadata": {"a": "b"}},
            {"conversation": "none", "input": [{"type": "item_reference", "id": known_id}]},
            {"input": [], "max_output_tokens": 1},
            {"audio": {"output": {"format": sound}}},
        ]
    )
    return chance.choice(
        [
            {"type": "session.update", "session": session},
            {"type": "session.update", "session": session},
            {"type": "input_audio_buffer.append", "audio": audio(chance, chance.choice([0, 20, 200, 2000]))},
            {"type": "input_audio_buffer.append", "audio": audio(chance, 500)},
            {"type": "input_audio_buffer.commit"},
            {"type": "input_audio_buffer.clear"},
            {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": [part]}},
            {
                "type": "conversation.item.create",
                "previous_item_id": known_id,
                "item": {"id": f"mine_{chance.randrange(9)}", "type": "message", "role": "user", "content": [part]},
            },
            {"type": "conversation.item.retrieve", "item_id": known_id},
            {"type": "conversation.item.delete", "item_id": known_id},
            {
                "type": "conversation.item.truncate",
                "item_id": known_id,
                "content_index": 0,
                "audio_end_ms": chance.choice([0, 1, 100, 1000, 2**40]),
            },
            {"type": "response.create", "response": response},
            {"type": "response.create"},
            {"type": "response.cancel"},
            {"type": "response.cancel", "response_id": known_id},
        ]
    )
