"""docs/conformance.md: what became of every event and field of the openai package, tried on a live server.

VIVA_WRITE_CONFORMANCE=1 writes the table anew; without it, the table must be what the server does.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import openai
import pytest
from support import conformance
from support.client import Event
from support.conformance_absent import NOT_APPLICABLE, NOT_SENT, reason
from support.conformance_probes import PROBES
from support.conformance_scenarios import SCENARIOS, SECRETS, Stage, mint
from support.conformance_seen import Seen
from support.conformance_trial import attempt
from support.server import ROOT, VivaServer
from support.speech import Voice

DOCUMENT = ROOT / "docs/conformance.md"
AT_ONCE = 6
SECRET_REQUEST = ("ClientSecretCreateParams", "ExpiresAfter")
TESTS = "Tests/Interop/test_conformance.py"


@dataclass
class Table:
    """`lines` holds status and proof by side and row."""

    lines: dict[str, dict[str, tuple[str, str]]] = field(default_factory=lambda: {"client": {}, "server": {}})
    problems: list[str] = field(default_factory=list)


async def fill(server: VivaServer, voice: Voice) -> Table:
    """Plays the scenarios, then sends the probes, and writes down what came back."""
    table, seen = Table(), Seen()
    for scenario in SCENARIOS:
        stage = Stage(server, voice)
        await asyncio.wait_for(scenario(stage), 90)
        for client in stage.clients:
            seen.add(f"`{scenario.__name__}`", client.events)
            table.problems += client.problems
    for session in SECRETS:
        seen.add_secret(await asyncio.to_thread(mint, server, session))
    await probe(server, table, seen)
    table.problems += seen.problems
    for row in conformance.rows("server"):
        if row in seen.where:
            table.lines["server"][row] = ("covered", seen.where[row])
        elif absent := reason(row):
            table.lines["server"][row] = absent
    return table


async def probe(server: VivaServer, table: Table, seen: Seen) -> None:
    """The client's side of the table."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(row: str) -> None:
        model, name = row.rsplit(".", 1)
        if model in SECRET_REQUEST:
            table.lines["client"][row] = ("covered", "`client_secret`: accepted")
        if model not in PROBES or not PROBES[model].knows(name):
            return
        async with gate:
            outcome = await asyncio.wait_for(attempt(server, PROBES[model], name), 60)
        table.lines["client"][row] = (outcome.status, f"probe: {outcome.how}")
        table.problems += [f"{row}: {problem}" for problem in outcome.problems]
        # A response is a race with the fence; an answer to these two is not.
        shown = [event for event in outcome.events if event.type in ("session.updated", "conversation.item.done")]
        if not model.startswith(("Response", "RealtimeResponse", "InputAudio")):
            answers[row] = shown

    answers: dict[str, list[Event]] = {}
    await asyncio.gather(*(one(row) for row in conformance.rows("client")))
    for row in sorted(answers):
        seen.add(f"probe of `{row}`", answers[row])


@pytest.fixture(scope="module")
def table(server: VivaServer, voice: Voice) -> Table:
    return asyncio.run(fill(server, voice))


def document(table: Table) -> str:
    """The table as Markdown."""
    text = [
        "# Conformance",
        "",
        f"Every field of every class that the Realtime events of `openai` {openai.__version__} reach, tried on a live",
        f"server by `{TESTS}`, which writes this file when VIVA_WRITE_CONFORMANCE=1 and fails when it is out of date.",
        "",
        "- **covered**, client: no error came; *echoed* when the answer shows the same value, *accepted* when no",
        "  answer shows it. Server: it came, with a value, in the scenario named, and satisfied its class strictly.",
        "- **refused**: an `error` with this code at this parameter; the session lives on.",
        "- **not sent**: optional, and in no scenario.",
        "- **not applicable**: has no meaning here.",
    ]
    for side, lines in table.lines.items():
        counts = Counter(status for status, _ in lines.values())
        text += ["", f"## From the {side}", "", ", ".join(f"{counts[each]} {each}" for each in sorted(counts)) + "."]
        text += ["", "| Field | Status | Shown by |", "|---|---|---|"]
        text += [f"| `{row}` | {status} | {proof} |" for row, (status, proof) in sorted(lines.items())]
    return "\n".join(text) + "\n"


@pytest.mark.parametrize("side", ["client", "server"])
def test_every_field_of_the_package_is_in_the_table(table: Table, side: str) -> None:
    missing = [row for row in conformance.rows(side) if row not in table.lines[side]]
    assert not missing, f"neither shown nor explained in support/conformance_*.py: {missing}"


def test_no_explanation_is_out_of_date() -> None:
    unknown = [name for name in PROBES if not any(row.startswith(f"{name}.") for row in conformance.rows("client"))]
    assert not unknown, f"probes of what the package no longer has: {unknown}"
    reasons, rows = NOT_APPLICABLE | NOT_SENT, conformance.rows("server")
    idle = [pattern for pattern in reasons if not any(fnmatchcase(row, pattern) for row in rows)]
    assert not idle, f"reasons that explain nothing: {idle}"


def test_every_event_satisfies_its_class_and_every_refusal_is_clear(table: Table) -> None:
    assert not table.problems, "\n".join(table.problems)


def test_the_document_says_what_the_server_does(table: Table) -> None:
    text = document(table)
    if os.environ.get("VIVA_WRITE_CONFORMANCE") == "1":
        DOCUMENT.write_text(text)
    assert DOCUMENT.read_text() == text, "run this test with VIVA_WRITE_CONFORMANCE=1 and read what changed"
