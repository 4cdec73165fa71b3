"""`viva batch` beside live calls, the operator's requests, and what `viva workers` shows of a running server."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from support.client import sdk_client
from support.guest_server import GuestServer
from support.scripted_llm import Question, Says, ScriptedLLM
from support.server import Ports, binary, free_ports

LONG = " ".join(["word"] * 60)


def say(question: Question) -> Says:
    """Jobs take three seconds, live answers none."""
    return Says(LONG, pace=0.05) if "job" in question.said else Says(f"You said: {question.said}")


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    made = ScriptedLLM(say)
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(llm: ScriptedLLM) -> Iterator[GuestServer]:
    """Nobody speaks here, so that it needs no other server's workers."""
    host: Any = SimpleNamespace(ports=Ports(*free_ports(6)))
    model = {
        "name": "scripted", "protocol": "openai", "url": llm.url, "model": "scripted", "slots": 1,
        "cancel_latency_ms": 10,
    }  # fmt: skip
    viva = GuestServer(host, llm.url, {"assistant": {"instructions": "One."}}, workers={"llm": [model]}).start()
    yield viva
    assert viva.process is not None and viva.process.poll() is None, f"it died:\n{viva.log_end()}"
    viva.stop()
    viva.remove()


def ask(office: GuestServer, path: str, body: Any = None, key: str | None = "") -> tuple[int, Any]:
    request = urllib.request.Request(office.admin + path, method="GET" if body is None else "POST")
    if key is not None:
        request.add_header("Authorization", f"Bearer {key or office.key}")
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, data, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.loads(refusal.read())


def metric(office: GuestServer, line: str) -> float:
    with urllib.request.urlopen(office.admin + "/metrics", timeout=10) as answer:
        found = re.search(rf"^{re.escape(line)} (\S+)$", answer.read().decode(), re.M)
    return float(found.group(1)) if found else 0


def test_live_calls_go_before_a_flood_of_jobs_and_no_job_is_lost(office: GuestServer) -> None:
    prompts, results = office.folder / "prompts.jsonl", office.folder / "results.jsonl"
    prompts.write_text("".join(json.dumps({"id": f"job-{each}", "prompt": f"A job: {each}"}) + "\n" for each in range(3)))
    command = [
        str(binary()), "batch", "--config", str(office.config), "--file", str(prompts), "--out", str(results),
        "--priority", "low", "--parallel", "3",
    ]  # fmt: skip

    async def talk() -> None:
        async with sdk_client(office.http + "/v1", office.key, None) as client:
            await client.wait("session.created", timeout=5)
            await client.update(output_modalities=["text"])
            for number in range(3):
                await asyncio.sleep(0.7)
                after = len(client.events)
                await client.say_text(f"hello {number}")
                await client.send("response.create")
                done = await client.wait_response(after=after, timeout=20)
                assert done["response"]["status"] == "completed"
                assert f"hello {number}" in json.dumps(done["response"]["output"])

    batch = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=office.environment)
    try:
        asyncio.run(asyncio.wait_for(talk(), 60))
        output, _ = batch.communicate(timeout=120)
    finally:
        batch.kill()
    assert batch.returncode == 0, output
    answers = [json.loads(line) for line in results.read_text().splitlines()]
    assert sorted(answer["id"] for answer in answers) == ["job-0", "job-1", "job-2"]
    assert all(answer["status"] == "completed" and answer["text"] == LONG for answer in answers)
    labels = 'kind="llm",priority="low",provider="scripted"'
    assert metric(office, f"viva_pool_preemptions_total{{{labels}}}") >= 1
    assert metric(office, 'viva_breaker_state{kind="llm",provider="scripted",state="closed"}') == 1

    # A second run has only the new job to do, whatever the end of the file looks like.
    with results.open("a") as file:
        file.write('{"id": "job-3", "sta')
    with prompts.open("a") as file:
        file.write(json.dumps({"id": "job-3", "prompt": "Another one."}) + "\n")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=office.environment)
    assert done.returncode == 0 and "3 jobs are in" in done.stdout and "1/1 job-3" in done.stdout
    assert json.loads(results.read_text().splitlines()[-1])["text"] == "You said: another one."


def test_an_operator_sees_the_workers_and_sets_their_breakers(office: GuestServer) -> None:
    assert ask(office, "/v1/admin/workers", key=None)[0] == 401
    assert ask(office, "/v1/admin/workers", key="sk-wrong")[0] == 401
    status, seen = ask(office, "/v1/admin/workers")
    assert status == 200 and [each["name"] for each in seen["data"]] == ["moonshine", "scripted", "piper", "espeak"]
    assert seen["pool"]["instances"][0]["slots"] == 1
    path = "/v1/admin/workers/scripted/breaker"
    assert ask(office, path, {"state": "ajar"})[1]["error"]["param"] == "state"
    assert ask(office, "/v1/admin/workers/nobody/breaker", {"state": "closed"})[0] == 404
    assert ask(office, path, {"state": "forced_open"})[0] == 200
    command = [str(binary()), "workers", "--config", str(office.config)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, env=office.environment).stdout
    assert "scripted: breaker forced_open" in shown and "scripted: 0 of 1 slots taken" in shown
    assert metric(office, 'viva_breaker_state{kind="llm",provider="scripted",state="forced_open"}') == 1
    job = {"messages": [{"role": "user", "content": "x"}], "priority": "medium"}
    status, made = ask(office, "/v1/admin/batch/completions", job)
    assert status == 202
    assert ask(office, path, {"state": "closed"})[1]["data"][1]["breaker"]["state"] == "closed"
    assert ask(office, "/v1/admin/batch/completions", job | {"priority": "critical"})[0] == 400
    assert ask(office, "/v1/admin/batch/completions/batch_none")[0] == 404
