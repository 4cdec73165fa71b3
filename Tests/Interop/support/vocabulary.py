"""Strict parsing: each event must satisfy the class that the openai package has for its type."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, get_args

import pydantic
from openai.types.realtime.realtime_server_event import RealtimeServerEvent

VENDOR_PREFIX = "viva."
# Viva's own format stands where the protocol has another of the same shape.
VENDOR_FORMAT, STANDARD_FORMAT = '"audio/opus"', '"audio/pcmu"'


@cache
def classes() -> dict[str, type[pydantic.BaseModel]]:
    """The event classes by the literal of their `type`."""
    found = {}
    for member in get_args(get_args(RealtimeServerEvent)[0]):
        for literal in get_args(member.model_fields["type"].annotation):
            found[literal] = member
    return found


def problems_of(frame: str | bytes) -> list[str]:
    """What is wrong with a server's frame; the SDK itself checks nothing."""
    if isinstance(frame, bytes):
        frame = frame.decode()
    data: Any = json.loads(frame)
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        return [f"not an event: {frame[:200]}"]
    name = data["type"]
    if name.startswith(VENDOR_PREFIX):
        return []
    if name not in classes():
        return [f"unknown type {name}"]
    problems = []
    if not isinstance(data.get("event_id"), str) or not data["event_id"]:
        problems.append(f"{name} has no event_id")
    try:
        classes()[name].model_validate_json(frame.replace(VENDOR_FORMAT, STANDARD_FORMAT), strict=True)
    except pydantic.ValidationError as error:
        # A union's report names every member; the first few lines tell enough.
        problems += [f"{name}: {each['loc']}: {each['msg']}" for each in error.errors(include_input=False)[:6]]
    return problems
