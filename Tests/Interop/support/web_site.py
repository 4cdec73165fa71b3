"""Web sites of other people, whose pages are OpenAI clients in a real browser."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SCRIPTS = Path(__file__).parent / "web"
DOCUMENTED = "api.openai.com/v1/realtime"
MODEL = "gpt-realtime"

# What the scripts tell the test; nothing of it is part of a client.
NOTEBOOK = """
globalThis.seen = [];
globalThis.end = null;
globalThis.record = (event) => seen.push(event);
globalThis.ended = ({ code }) => { end = code; };
"""


class WebSite:
    """Serves one empty page; its origin is what the test is about."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>A client</title>")

            def log_message(self, format: str, *arguments: Any) -> None:
                """Says nothing: pytest shows enough."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stops serving."""
        self.server.shutdown()
        self.server.server_close()


def script(name: str, host: str, model: str = "assistant") -> str:
    """A documented client, unchanged but for the URL."""
    text = (SCRIPTS / f"{name}.js").read_text()
    assert DOCUMENTED in text
    for scheme, secure in (("ws", "wss"), ("http", "https")):
        text = text.replace(f"{secure}://{DOCUMENTED}", f"{scheme}://{host}/v1/realtime")
    return text.replace(MODEL, model)


class Run:
    """What a script did until its end."""

    def __init__(self, page: Page, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while page.evaluate("globalThis.end ?? null") is None:
            assert time.monotonic() < deadline, f"no end after {seconds} s: {page.evaluate('globalThis.seen')}"
            page.wait_for_timeout(50)
        # The close code, or 0.
        self.end: int = page.evaluate("end")
        self.seen: list[dict[str, Any]] = page.evaluate("seen")

    def of(self, type: str) -> list[dict[str, Any]]:
        """The events of this type, oldest first."""
        return [event for event in self.seen if event.get("type") == type]


@contextlib.contextmanager
def browser_page(url: str) -> Iterator[Page]:
    """A page of a fresh headless Chromium, opened at `url`."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, headless=True, args=["--no-sandbox"])
        try:
            page = browser.new_page()
            page.goto(url)
            yield page
        finally:
            browser.close()


def run_script(url: str, code: str, key: str, seconds: float = 60) -> Run:
    """Runs a client on the page at `url`, with the key where the documentation has it."""
    with browser_page(url) as page:
        # Evaluated rather than loaded: the server's own page allows no scripts but its own.
        page.evaluate(f"(async () => {{ {NOTEBOOK} const OPENAI_API_KEY = {json.dumps(key)};\n{code}\n}})()")
        return Run(page, seconds)
