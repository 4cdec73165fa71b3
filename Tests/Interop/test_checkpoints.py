"""Sessions that are kept on the disk: what a client was told is final is there after `kill -9`, once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from support.client import Client, sdk_client
from support.guest_server import GuestServer
from support.scripted_llm import Question, Says, ScriptedLLM
from support.server import Ports, binary, free_ports

SESSIONS = 8


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    def say(question: Question) -> Says:
        return Says(f"You said: {question.said}", pace=0.01)

    made = ScriptedLLM(say)
    yield made
    made.close()


@pytest.fixture
def keeper(llm: ScriptedLLM) -> Iterator[GuestServer]:
    """Nobody speaks here, so that it needs no other server's workers."""
    host: Any = SimpleNamespace(ports=Ports(*free_ports(6)))
    viva = GuestServer(host, llm.url, {"assistant": {"instructions": "One."}})
    folder = viva.folder
    checkpoints = {"durability": "local", "folder": f"{folder}/data", "key_file": f"{folder}/checkpoints.key"}
    viva.write(viva.settings | {"checkpoints": checkpoints})
    viva.start()
    try:
        yield viva
    finally:
        viva.kill()
    viva.remove()


def viva_command(keeper: GuestServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(binary()), *arguments, "--config", str(keeper.config)],
        capture_output=True, text=True, timeout=60, check=False, env=keeper.environment,
    )  # fmt: skip


def transcript(keeper: GuestServer, session: str) -> list[tuple[str, str]]:
    """Item and words of each line."""
    seen = viva_command(keeper, "transcript", session, "--format", "json")
    assert seen.returncode == 0, seen.stderr
    return [(line["itemID"], line["text"]) for line in json.loads(seen.stdout)]


def told(client: Client) -> list[tuple[str, str]]:
    """What the client was told is final: item and words."""
    return [
        (event["item"]["id"], part["text"])
        for event in client.events
        if event.type == "conversation.item.done"
        for part in event["item"]["content"]
    ]


async def talk(client: Client, number: int, end: asyncio.Event) -> None:
    await client.update(output_modalities=["text"])
    for turn in range(1000):
        here = len(client.events)
        await client.say_text(f"Sentence {turn} of caller {number}.")
        await client.send("response.create")
        await client.wait("response.done", after=here)
        if end.is_set():
            return


def test_what_was_told_is_there_once_after_a_kill(keeper: GuestServer) -> None:
    async def conversations() -> list[tuple[str, list[tuple[str, str]]]]:
        end = asyncio.Event()
        async with asyncio.timeout(120):
            clients: list[Client] = []
            contexts = [sdk_client(f"{keeper.http}/v1", keeper.key, "assistant") for _ in range(SESSIONS)]
            try:
                clients = [await context.__aenter__() for context in contexts]
                tasks = [asyncio.create_task(talk(client, number, end)) for number, client in enumerate(clients)]
                while min(len(told(client)) for client in clients) < 6:
                    await asyncio.sleep(0.05)
                # In the middle of whatever they are doing.
                assert keeper.process is not None
                keeper.process.kill()
                await asyncio.gather(*tasks, return_exceptions=True)
            finally:
                for context in contexts:
                    with contextlib.suppress(Exception):
                        await context.__aexit__(None, None, None)
            return [(client.events[0]["session"]["id"], told(client)) for client in clients]

    seen = asyncio.run(conversations())
    assert keeper.process is not None
    keeper.process.wait(10)
    for session, items in seen:
        kept = transcript(keeper, session)
        assert len({item for item, _ in kept}) == len(kept), f"twice: {kept}"
        # Of the rest the client was not told yet: one question and one answer at most.
        assert kept[: len(items)] == items
        assert len(kept) <= len(items) + 2
    listed = viva_command(keeper, "sessions").stdout
    assert all(session in listed for session, _ in seen)

    # The next server goes on in the same folder, and touches nothing of what is there.
    keeper.start()

    async def one_more() -> str:
        async with sdk_client(f"{keeper.http}/v1", keeper.key, "assistant") as client:
            end = asyncio.Event()
            end.set()
            await talk(client, 99, end)
            return client.events[0]["session"]["id"]

    session = asyncio.run(one_more())
    assert [text for _, text in transcript(keeper, session)] == [
        "Sentence 0 of caller 99.", "You said: sentence 0 of caller 99.",
    ]  # fmt: skip
    for session, items in seen:
        assert transcript(keeper, session)[: len(items)] == items


def test_errors_name_what_is_wrong(keeper: GuestServer) -> None:
    unknown = viva_command(keeper, "transcript", "sess_unknown")
    assert unknown.returncode == 1 and "no session 'sess_unknown'" in unknown.stderr
    other_key = keeper.folder / "other.key"
    settings = keeper.settings | {"checkpoints": keeper.settings["checkpoints"] | {"key_file": str(other_key)}}
    keeper.stop()
    keeper.write(settings)
    refused = viva_command(keeper, "serve")
    assert refused.returncode != 0 and "another key" in refused.stderr + refused.stdout
