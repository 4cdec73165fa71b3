"""A Realtime session whose server side a test writes itself: for what real workers do not do on demand."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, WebSocketRoute


class ScriptedSession:
    """Answers the page's next WebSocket to /v1/realtime. `received` holds what the page sent."""

    def __init__(self, page: Page) -> None:
        self.received: list[dict[str, Any]] = []
        self._page = page
        self._socket: WebSocketRoute | None = None
        page.route_web_socket(lambda url: "/v1/realtime" in url, self._attach)

    def send(self, type: str, **fields: Any) -> None:
        """A server event."""
        assert self._socket is not None, "the page has opened no session yet"
        self._socket.send(json.dumps({"type": type, "event_id": "event_scripted", **fields}))

    def settle(self) -> None:
        """Until the page has drawn what it was sent."""
        self._page.evaluate("new Promise(done => setTimeout(() => requestAnimationFrame(() => done()), 100))")

    def say(self, item: str, words: str) -> None:
        """A whole answer in text."""
        response = f"resp_{item}"
        self.send("response.created", response={"id": response})
        self.send("response.output_text.delta", response_id=response, item_id=item, delta=words)
        self.send("response.output_text.done", response_id=response, item_id=item, text=words)
        self.send("response.done", response={"id": response, "status": "completed"})

    def call(self, call_id: str, name: str, arguments: dict[str, Any]) -> None:
        """The agent calls a tool."""
        item = {"id": f"item_{call_id}", "type": "function_call", "call_id": call_id, "name": name, "arguments": ""}
        self.send("response.output_item.added", item=item)
        self.send("response.output_item.done", item=item | {"arguments": json.dumps(arguments), "status": "completed"})

    def call_status(
        self, call_id: str, status: str, duration_ms: int | None = None, error: str | None = None
    ) -> None:
        """How an HTTP tool of the agent fares."""
        self.send(
            "viva.tool_call", call_id=call_id, name="any", status=status, duration_ms=duration_ms, error=error
        )

    def call_output(self, call_id: str, output: str) -> None:
        """What the tool answered."""
        item = {"id": f"item_{call_id}_out", "type": "function_call_output", "call_id": call_id, "output": output}
        self.send("conversation.item.done", item=item)

    def _attach(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        socket.on_message(lambda text: self.received.append(json.loads(text)))
        socket.send(json.dumps({"type": "session.created", "session": {"id": "sess_scripted", "type": "realtime"}}))
