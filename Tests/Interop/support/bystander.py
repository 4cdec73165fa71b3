"""Two sessions: one to abuse, and one that must not notice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable

from .client import Client, plain_client
from .server import VivaServer


@contextlib.asynccontextmanager
async def victim_and_bystander(server: VivaServer) -> AsyncIterator[Client]:
    """A session to abuse; another one, opened before, must not notice."""
    async with plain_client(server.websocket, server.key) as bystander:
        await bystander.wait("session.created", timeout=5)
        async with plain_client(server.websocket, server.key) as victim:
            await victim.wait("session.created", timeout=5)
            yield victim
        item = await bystander.say_text("Are you still there?")
        assert (await bystander.retrieve(item))["content"][0]["text"] == "Are you still there?"
        assert not bystander.errors() and not bystander.problems, (bystander.errors(), bystander.problems)
        assert bystander.closed is None
    status, _, _ = await asyncio.to_thread(server.get, server.http + "/healthz")
    assert status == 200



def run(body: Awaitable[None]) -> None:
    """A test's body, which must come to an end."""
    asyncio.run(asyncio.wait_for(body, 120))
