"""Sends one probe to a live session of its own and tells what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .client import Client, Event, plain_client
from .conformance_probes import Probe
from .server import VivaServer

FENCE = "probe-fence"


@dataclass(frozen=True)
class Outcome:
    """`status` is covered or refused."""

    status: str
    how: str
    events: list[Event]
    problems: list[str]


async def attempt(server: VivaServer, probe: Probe, name: str) -> Outcome:
    """The session must answer what comes after the probe, whatever it thinks of the probe."""
    url = server.websocket + ("?intent=transcription" if probe.transcription else "")
    async with plain_client(url, server.key, None if probe.transcription else "assistant") as client:
        await client.wait("session.created", timeout=10)
        event = {"event_id": "probe"} | probe.of(name)
        await _prepare(client, event)
        here = len(client.events)
        await client.send(**event)
        fence = await _fence(client, here)
        events = client.events[here : fence.index]
        errors = [each["error"] for each in events if each.type == "error" and each["error"]["event_id"] == "probe"]
        problems = list(client.problems)
        if not errors:
            return Outcome("covered", _echo(event, events), events, problems)
        error = errors[0]
        if not (error["message"] and error["code"]):
            problems.append(f"an unclear refusal: {error}")
        return Outcome("refused", f"`{error['code']}` at `{error['param']}`", events, problems)


async def _fence(client: Client, after: int) -> Event:
    await client.send("conversation.item.retrieve", event_id=FENCE, item_id="item_of_nobody")
    return await client.wait(
        "error", after=after, timeout=20, where=lambda event: event["error"]["event_id"] == FENCE
    )


async def _prepare(client: Client, event: dict[str, Any]) -> None:
    """What an event needs to be there before it."""
    if event.get("item_id") == "item_known":
        content = [{"type": "input_text", "text": "Hello."}]
        await _create(client, id="item_known", type="message", role="user", content=content)
    if event.get("item_id") == "item_spoken":
        await client.update(output_modalities=["audio"])
        await client.send("response.create")
        added = await client.wait("response.output_audio.delta")
        await client.wait("response.done", after=added.index)
        event["item_id"] = added["item_id"]
    if event.get("item", {}).get("call_id") == "call_known":
        await _create(client, type="function_call", name="look", arguments="{}", call_id="call_known")
    if event["type"] == "input_audio_buffer.commit":
        await client.update(audio={"input": {"turn_detection": None}})
        await client.append(bytes(48_000))
    if event["type"] == "response.cancel":
        await client.send("response.create")
        created = await client.wait("response.created")
        if "response_id" in event:
            event["response_id"] = created.response_id
    if "tool_choice" in event.get("session", {}):
        await client.update(tools=[{"type": "function", "name": "look"}])


async def _create(client: Client, **item: Any) -> None:
    here = len(client.events)
    await client.send("conversation.item.create", item=item)
    await client.wait("conversation.item.done", after=here, timeout=5)


def _echo(event: dict[str, Any], events: list[Event]) -> str:
    """Whether the answer shows all that was sent."""
    answer = next((each for each in events if each.type in ("session.updated", "conversation.item.done")), None)
    name = "session" if "session" in event else "item"
    if answer is None or name not in event:
        return "accepted"
    return "echoed" if _holds(answer[name], event[name]) else "accepted, not echoed"


def _holds(shown: Any, sent: Any) -> bool:
    if isinstance(sent, dict):
        return isinstance(shown, dict) and all(name in shown and _holds(shown[name], sent[name]) for name in sent)
    if isinstance(sent, list):
        return isinstance(shown, list) and len(shown) == len(sent) and all(map(_holds, shown, sent))
    return shown == sent
