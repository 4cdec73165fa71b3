"""The protocol's rules of order, checked over all events of a session."""

from __future__ import annotations

import base64
from collections import defaultdict
from typing import Any

from .client import Event

# The delta's type, and the field that its `.done` repeats in whole.
_TEXTS = {
    "response.output_text": "text",
    "response.output_audio_transcript": "transcript",
    "response.function_call_arguments": "arguments",
}


def assert_ordered(events: list[Event]) -> None:
    """Fails with every broken rule."""
    broken = broken_rules(events)
    assert not broken, "\n".join(broken)


def broken_rules(events: list[Event]) -> list[str]:
    """One line for each broken rule."""
    if not events:
        return ["no event at all"]
    broken = []
    if events[0].type != "session.created":
        broken.append(f"the first event is {events[0].type}, not session.created")
    ids = [event.get("event_id") for event in events]
    if len(set(ids)) != len(ids):
        broken.append("event_id values repeat")
    broken += _input_rules(events)
    broken += _response_rules(events)
    return broken


def _input_rules(events: list[Event]) -> list[str]:
    broken = []
    places: dict[str, dict[str, int]] = defaultdict(dict)
    for event in events:
        item = event["item"]["id"] if event.type.startswith("conversation.item.") and "item" in event.data else None
        item = item or event.get("item_id")
        if item and not event.type.startswith("response."):
            if event.type in places[item] and event.type.endswith((".committed", ".added", ".done", ".completed")):
                broken.append(f"{event.type} came twice for {item}")
            places[item].setdefault(event.type, event.index)
    turn = [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    for item, at in places.items():
        present = [name for name in turn if name in at]
        if [at[name] for name in present] != sorted(at[name] for name in present):
            broken.append(f"{item}: {present} came in the order {sorted(present, key=at.__getitem__)}")
        if "conversation.item.done" in at and "conversation.item.added" not in at:
            broken.append(f"{item}: conversation.item.done without added")
        if turn[2] in at and turn[0] in at and turn[1] not in at:
            broken.append(f"{item}: committed under VAD without speech_stopped")
        for name in ("delta", "completed", "failed"):
            transcription = f"conversation.item.input_audio_transcription.{name}"
            if name != "delta" and transcription in at and at[transcription] < at.get(turn[3], 1 << 60):
                broken.append(f"{item}: {transcription} before the item was added")
    return broken


def _response_rules(events: list[Event]) -> list[str]:
    broken = []
    responses: dict[str, list[Event]] = defaultdict(list)
    open_responses: set[str] = set()
    for event in events:
        if not event.type.startswith("response."):
            continue
        identifier = event.response_id
        if identifier is None:
            broken.append(f"{event.type} without response_id")
            continue
        if event.type == "response.created":
            # Those beside the conversation run in parallel.
            if event["response"].get("conversation_id") is not None:
                if open_responses:
                    broken.append(f"{identifier} began while {open_responses} was open")
                open_responses.add(identifier)
        if event.type == "response.done":
            open_responses.discard(identifier)
        responses[identifier].append(event)
    for identifier, its in responses.items():
        broken += [f"{identifier}: {rule}" for rule in _one_response(its, events)]
    return broken


def _one_response(its: list[Event], events: list[Event]) -> list[str]:
    broken = []
    names = [event.type for event in its]
    if names[0] != "response.created":
        broken.append(f"begins with {names[0]}")
    if names.count("response.created") != 1:
        broken.append(f"{names.count('response.created')} times response.created")
    if names.count("response.done") > 1:
        broken.append("response.done came more than once")
    if "response.done" not in names:
        return broken
    if names[-1] != "response.done":
        broken.append(f"{names[-1]} came after response.done")
    done = its[-1] if names[-1] == "response.done" else its[names.index("response.done")]
    status = done["response"].get("status")
    if its[0].type == "response.created" and its[0]["response"].get("status") != "in_progress":
        broken.append(f"response.created has status {its[0]['response'].get('status')}")
    if status not in ("completed", "cancelled", "failed", "incomplete"):
        broken.append(f"response.done has status {status}")

    output = (its[0].get("response") or {}).get("audio", {}).get("output", {})
    bytes_a_sample = 2 if output.get("format", {}).get("type", "audio/pcm") == "audio/pcm" else 1
    first: dict[tuple[str, Any], int] = {}
    deltas: dict[tuple[str, Any], str] = defaultdict(str)
    for event in its:
        item = event["item"]["id"] if "item" in event.data else event.get("item_id")
        # A function call has no content parts.
        place = item if "arguments" in event.type else (item, event.get("content_index"))
        if event.type.endswith(".delta"):
            kind = event.type.removesuffix(".delta")
            needed = "response.output_item.added" if "arguments" in kind else "response.content_part.added"
            if (needed, place) not in first:
                broken.append(f"{event.type} before {needed}")
            if (kind + ".done", place) in first:
                broken.append(f"{event.type} after {kind}.done")
            if "output_audio.delta" in event.type:
                if len(base64.b64decode(event["delta"], validate=True)) % bytes_a_sample:
                    broken.append("an audio delta ends inside a sample")
            else:
                deltas[kind, place] += event["delta"]
        elif event.type == "response.content_part.added":
            if ("response.output_item.added", item) not in first:
                broken.append("content_part.added before output_item.added")
        elif event.type == "response.content_part.done":
            for kind in ("response.output_text", "response.output_audio", "response.output_audio_transcript"):
                if (kind + ".delta", place) in first and (kind + ".done", place) not in first:
                    broken.append(f"content_part.done before {kind}.done")
        elif event.type == "response.output_item.done":
            for name, where in first:
                if name == "response.content_part.added" and where[0] == item:
                    if ("response.content_part.done", where) not in first:
                        broken.append("output_item.done before content_part.done")
        elif event.type.removesuffix(".done") in _TEXTS:
            kind = event.type.removesuffix(".done")
            whole, joined = event[_TEXTS[kind]], deltas[kind, place]
            if status == "completed" and whole != joined:
                broken.append(f"{kind}: the deltas say {joined!r}, done says {whole!r}")
            if status == "cancelled" and not joined.startswith(whole.rstrip()):
                broken.append(f"{kind}: done says {whole!r}, which does not begin the deltas' {joined!r}")
        is_item = event.type.startswith("response.output_item.")
        first.setdefault((event.type, item if is_item else place), event.index)

    broken += _everything_closed(its, first, done, events)
    return broken


def _everything_closed(
    its: list[Event], first: dict[tuple[str, Any], int], done: Event, events: list[Event]
) -> list[str]:
    broken = []
    for name, where in list(first):
        if name.endswith(".added") and (name.removesuffix("added") + "done", where) not in first:
            broken.append(f"{name} of {where} was never done")
        if name.endswith(".delta"):
            if (name.removesuffix("delta") + "done", where) not in first:
                broken.append(f"{name} of {where} was never done")
    items = {event["item"]["id"] for event in its if event.type == "response.output_item.added"}
    finished = {
        event["item"]["id"]
        for event in events[: done.index]
        if event.type == "conversation.item.done" and event["item"]["id"] in items
    }
    if done["response"].get("conversation_id") is not None and items - finished:
        broken.append(f"response.done before conversation.item.done of {items - finished}")
    outputs = [item["id"] for item in done["response"].get("output") or []]
    if set(outputs) != items:
        broken.append(f"response.done lists {outputs}, the items were {sorted(items)}")
    return broken
