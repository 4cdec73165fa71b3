"""The HTTP side: page, health, models, metrics, the configuration's errors, and how the server ends."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import processes
from support.client import plain_client
from support.server import VivaServer, binary, fetch

# The page


def test_the_page_is_served_with_a_strict_policy(server: VivaServer) -> None:
    status, headers, body = fetch(server.http + "/")
    assert status == 200 and headers["content-type"].startswith("text/html")
    policy = headers["content-security-policy"]
    assert "default-src" in policy and "unsafe-eval" not in policy, policy
    scripts = re.search(r"script-src ([^;]*)|default-src ([^;]*)", policy)
    assert scripts and "unsafe-inline" not in scripts[0], policy
    assert headers["x-content-type-options"] == "nosniff"
    text = body.decode()
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text), "the page loads from another host"


def test_the_page_is_what_the_ready_line_names(server: VivaServer) -> None:
    address, _, fragment = server.page.partition("#")
    assert address == server.http + "/"
    # Whoever reads it over a shoulder gets a caller's key for two hours, not the server's own.
    assert fragment.startswith("key=ek_") and server.key not in server.page
    assert fetch(address)[0] == 200


def test_every_asset_of_the_page_is_there_with_its_type(server: VivaServer) -> None:
    types = {
        ".js": ("text/javascript", "application/javascript"),
        ".css": ("text/css",),
        ".svg": ("image/svg+xml",),
        ".html": ("text/html",),
        ".ico": ("image/",),
        ".png": ("image/png",),
    }
    wanted = set(re.findall(r"""(?:src|href)=["']?([^"' >]+)""", fetch(server.http + "/")[2].decode()))
    wanted = {name for name in wanted if not name.startswith(("data:", "#"))}
    assert any(name.endswith(".js") for name in wanted) and any(name.endswith(".css") for name in wanted), wanted
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        seen.add(name)
        status, headers, body = fetch(f"{server.http}/{name.removeprefix('./').lstrip('/')}")
        assert status == 200 and body, name
        suffix = Path(name).suffix
        assert headers["content-type"].startswith(types[suffix]), (name, headers["content-type"])
        assert headers["x-content-type-options"] == "nosniff", name
        if suffix == ".js":
            imports = re.findall(r"""(?:from|import)\s*\(?["']([^"']+)["']|addModule\(["']([^"']+)""", body.decode())
            wanted |= {found for pair in imports for found in pair if found} - seen


@pytest.mark.parametrize(
    "path", ["/../config/viva.yaml", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/.env"]
)
def test_nothing_else_is_served(server: VivaServer, path: str) -> None:
    # urllib tidies paths, so the request is written by hand.
    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.ports.listen)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        reply = await asyncio.wait_for(reader.read(65536), 5)
        writer.close()
        return reply

    reply = asyncio.run(ask())
    assert re.match(rb"HTTP/1\.[01] 40[034]", reply), reply[:100]
    assert b"root:" not in reply and b"sk-" not in reply


# Health and models


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_key(server: VivaServer, path: str) -> None:
    assert fetch(server.http + path)[0] == 200
    assert fetch(server.admin + path)[0] == 200


def test_models_need_the_key(server: VivaServer) -> None:
    for key in (None, "sk-viva-wrong", ""):
        status, headers, body = fetch(server.http + "/v1/models", key)
        assert status == 401, key
        assert headers["content-type"].startswith("application/json")
        assert json.loads(body)["error"]["code"] in ("invalid_api_key", "missing_api_key"), body
    status, _, body = fetch(server.http + "/v1/models", server.key)
    assert status == 200
    listed = json.loads(body)
    assert listed["object"] == "list"
    assert {"assistant", "interviewer"} <= {model["id"] for model in listed["data"]}
    assert all(model["object"] == "model" for model in listed["data"])


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/audio/speech", "/nothing"])
def test_an_unknown_path_is_an_openai_shaped_404(server: VivaServer, path: str) -> None:
    status, headers, body = fetch(server.http + path, server.key)
    assert status == 404 and headers["content-type"].startswith("application/json")
    error = json.loads(body)["error"]
    assert error["type"] == "invalid_request_error" and error["message"]
    assert set(error) >= {"type", "code", "message", "param"}


def test_a_wrong_method_is_refused(server: VivaServer) -> None:
    assert fetch(server.http + "/v1/models", server.key, method="DELETE")[0] in (404, 405)
    assert fetch(server.http + "/", method="HEAD")[0] in (200, 405)


def test_a_plain_get_of_the_realtime_path_is_told_to_upgrade(server: VivaServer) -> None:
    status, _, body = fetch(server.http + "/v1/realtime?model=assistant", server.key)
    assert status in (400, 426) and json.loads(body)["error"]["message"], (status, body)


# Metrics

SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\]|\\.)*",?)*)\})? (\S+)(?: \d+)?$')


def parse_metrics(text: str) -> tuple[dict[str, str], dict[tuple[str, str], float]]:
    """Types by name, and values by name and labels; anything that is not Prometheus text fails."""
    types: dict[str, str] = {}
    values: dict[tuple[str, str], float] = {}
    for line in text.splitlines():
        if found := re.match(r"^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$", line):
            assert found[1] not in types, f"a second TYPE of {found[1]}"
            types[found[1]] = found[2]
        elif line.startswith("# HELP ") or not line:
            continue
        else:
            found = SAMPLE.match(line)
            assert found, f"not Prometheus text: {line!r}"
            place = (found[1], found[2] or "")
            assert place not in values, f"{place} twice"
            values[place] = float(found[3])
            family = re.sub(r"_(bucket|sum|count)$", "", found[1])
            assert found[1] in types or family in types, f"{found[1]} has no TYPE"
    return types, values


def metrics(server: VivaServer) -> tuple[dict[str, str], dict[tuple[str, str], float]]:
    status, headers, body = fetch(server.admin + "/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain"), headers
    assert body.endswith(b"\n")
    return parse_metrics(body.decode())


def total(values: dict[tuple[str, str], float], name: str) -> float:
    return sum(value for (each, _), value in values.items() if each == name)


def test_metrics_count_a_turn(server: VivaServer) -> None:
    async def turn() -> float:
        async with plain_client(server.websocket, server.key) as client:
            await client.say_text("What is the capital of France?")
            await client.send("response.create")
            await client.wait_response()
            return total((await asyncio.to_thread(metrics, server))[1], "viva_sessions_active")

    _, before = metrics(server)
    during = asyncio.run(turn())
    types, after = metrics(server)
    assert during >= 1, "no active session while one was open"
    assert types["viva_sessions_active"] == "gauge"
    assert types["viva_stage_latency_seconds"] == "histogram"
    counts = [total(values, "viva_stage_latency_seconds_count") for values in (before, after)]
    assert counts[1] > counts[0], counts
    turns = [name for name in types if "turn" in name or "response" in name]
    assert turns, f"nothing counts turns: {sorted(types)}"
    assert any("worker" in name for name in types), sorted(types)
    assert any("lag" in name for name in types), f"no event-loop lag: {sorted(types)}"


def test_histograms_are_cumulative(server: VivaServer) -> None:
    types, values = metrics(server)
    histograms = [name for name, kind in types.items() if kind == "histogram"]
    assert histograms
    for name in histograms:
        series: dict[str, list[tuple[float, float]]] = {}
        for (each, labels), value in values.items():
            if each == name + "_bucket":
                bound = re.search(r'le="([^"]+)"', labels)
                assert bound, labels
                rest = re.sub(r',?le="[^"]+"', "", labels).strip(",")
                series.setdefault(rest, []).append((float(bound[1].replace("+Inf", "inf")), value))
        assert series, f"{name} has no buckets"
        for labels, buckets in series.items():
            assert buckets == sorted(buckets), f"{name}{{{labels}}} is not cumulative: {buckets}"
            assert buckets[-1][0] == math.inf
            assert values[name + "_count", labels] == buckets[-1][1]
            assert (name + "_sum", labels) in values


def test_no_metric_or_log_holds_the_key(server: VivaServer) -> None:
    assert server.key.encode() not in fetch(server.admin + "/metrics")[2]
    told = [line for line in server.log.read_text().splitlines() if server.key in line]
    assert all("Ready." in line for line in told), told


def test_metrics_are_not_on_the_clients_port(server: VivaServer) -> None:
    assert fetch(server.http + "/metrics")[0] in (401, 404)


# The configuration's errors


@pytest.fixture
def configuration(server: VivaServer, tmp_path: Path) -> Path:
    return Path(shutil.copytree(server.config.parent, tmp_path / "config")) / "viva.yaml"


def check(server: VivaServer, path: Path, command: str = "check-config", **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(binary()), command, "--config", str(path)],
        capture_output=True,
        text=True,
        env=server.environment | environment,
        timeout=30,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_good_configuration_is_told_so(server: VivaServer, configuration: Path) -> None:
    status, output = check(server, configuration)
    assert status == 0 and "ok" in output, output
    assert server.key not in output


MISTAKES = {
    "out of range": (r"send_ahead_ms: 400", "send_ahead_ms: 50", "audio.send_ahead_ms", "100"),
    "not a number": (r"send_ahead_ms: 400", "send_ahead_ms: soon", "audio.send_ahead_ms", ""),
    "unknown key": (r"send_ahead_ms: 400", "send_ahed_ms: 400", "send_ahed_ms", "send_ahead_ms"),
    "unknown protocol": (r"protocol: espeak", "protocol: telepathy", "workers.tts", "wyoming"),
    "bad url": (r"url: tcp://", "url: ftp://", "workers.asr", "tcp://"),
    "unknown default agent": (r"default_agent: assistant", "default_agent: nobody", "default_agent", "assistant"),
    "bad port": (r"listen: \S+", "listen: 127.0.0.1:99999", "server.listen", "port"),
}


@pytest.mark.parametrize(("old", "new", "key", "allowed"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_by_file_line_and_key(
    server: VivaServer, configuration: Path, old: str, new: str, key: str, allowed: str
) -> None:
    text, count = re.subn(old, new, configuration.read_text(), count=1)
    assert count == 1
    configuration.write_text(text)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if new in each)
    for command in ("check-config", "serve"):
        status, output = check(server, configuration, command)
        assert status != 0, output
        assert f"viva.yaml:{line}" in output, (line, output)
        assert key in output and allowed in output, output


def test_broken_yaml_is_named_by_line(server: VivaServer, configuration: Path) -> None:
    configuration.write_text(configuration.read_text() + "\nlimits: [1, 2\n")
    status, output = check(server, configuration)
    assert status != 0 and re.search(r"viva\.yaml:\d+", output), output


def test_a_mistake_in_an_agent_is_named(server: VivaServer, configuration: Path) -> None:
    agent = configuration.parent / "agents" / "monologue.yaml"
    text = agent.read_text().replace("temperature: 0", "temperature: 9")
    agent.write_text(text)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "temperature" in each)
    status, output = check(server, configuration)
    assert status != 0 and f"monologue.yaml:{line}" in output and "sampling.temperature" in output, output


def test_a_public_bind_without_tls_is_refused(server: VivaServer, configuration: Path) -> None:
    status, output = check(server, configuration, "serve", VIVA_LISTEN="0.0.0.0:18080")
    assert status != 0 and "server.listen" in output and "tls" in output.lower(), output


def test_a_missing_configuration_is_told(server: VivaServer, tmp_path: Path) -> None:
    status, output = check(server, tmp_path / "nothing.yaml")
    assert status != 0 and "nothing.yaml" in output, output


def test_a_port_in_use_is_told(server: VivaServer, configuration: Path) -> None:
    status, output = check(server, configuration, "serve")
    assert status != 0 and str(server.ports.listen) in output, output


# How it ends


@pytest.fixture
def another() -> Iterator[VivaServer]:
    viva = VivaServer().start()
    yield viva
    viva.kill()
    viva.remove()


def test_control_c_leaves_no_process(another: VivaServer) -> None:
    assert len(another.children()) >= 3
    # Also with a session in the middle of a sentence.
    asyncio.run(interrupt_in_mid_sentence(another))
    assert another.process is not None and another.process.returncode == 0, another.log_end()


async def interrupt_in_mid_sentence(viva: VivaServer) -> None:
    async with plain_client(viva.websocket, viva.key, "monologue") as client:
        await client.wait("response.output_audio.delta", timeout=30)
        left = await asyncio.to_thread(viva.stop, signal.SIGINT)
        assert not left, [process.command for process in left]
        assert await client.wait_closed() in (1001, 1012)


def test_the_workers_die_with_a_killed_server(another: VivaServer) -> None:
    children = another.children()
    assert another.process is not None and len(children) >= 3
    os.kill(another.process.pid, signal.SIGKILL)
    another.process.wait()
    left = processes.wait_until_gone(children, 5)
    assert not left, [process.command for process in left]
