"""Somebody who is told by webhooks what happens in sessions, and what may go wrong with them."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from .http_service import Call, HTTPService, Reply
from .signature import make_secret, problem_of

Message = dict[str, Any]


class Receiver:
    """`fate` says what becomes of a message; None takes it. Only what was taken counts as told."""

    def __init__(self, secret: str | None = None) -> None:
        self.secret = secret or make_secret()
        self._lock = threading.Condition()
        self.service = HTTPService(self._answer)
        self.reset()

    def reset(self) -> None:
        """Nothing was told, nothing goes wrong."""
        self.service.come_back()
        self.service.forget()
        with self._lock:
            self.fate: Callable[[Message], Reply | None] = lambda _: None
            self._fates: deque[Reply | None] = deque()
            self._told: list[Message] = []
            self.distrusted: list[str] = []

    def plan(self, *fates: Reply | None) -> None:
        """What becomes of the next messages."""
        with self._lock:
            self._fates.extend(fates)

    def settings(self, **more: Any) -> dict[str, Any]:
        """An entry of `webhooks:`."""
        url = self.service.url + "/hook?token=x"
        return {"url": url, "secret": self.secret, "retry": "default", "timeout_ms": 60_000} | more

    def of(self, session: str) -> list[Message]:
        """What was told of a session, each message once, in the order of the first time."""
        with self._lock:
            seen: dict[str, Message] = {}
            for message in self._told:
                if message["data"]["session_id"] == session:
                    seen.setdefault(message["id"], message)
            return list(seen.values())

    def wait_for_end(self, *sessions: str, seconds: float = 20) -> None:
        """Waits until the end of each session was told."""
        self.wait_for(
            lambda told: {each["data"]["session_id"] for each in told if each["type"] == "session.ended"}
            >= set(sessions),
            seconds,
        )

    def wait_for(self, condition: Callable[[list[Message]], bool], seconds: float = 20) -> None:
        """Waits until what was told is enough."""
        with self._lock:
            assert self._lock.wait_for(lambda: condition(self._told), seconds), (
                f"after {seconds} s only {[(each['type'], each['data']['session_id']) for each in self._told]}"
            )

    def close(self) -> None:
        self.service.close()

    def _answer(self, call: Call) -> Reply:
        with self._lock:
            if why := problem_of(call.headers, call.body, self.secret):
                self.distrusted.append(why)
                return Reply(401)
            message = json.loads(call.body)
            fate = self._fates.popleft() if self._fates else self.fate(message)
            # What is answered late or not at all has been read all the same.
            if fate is None or fate.status < 300:
                self._told.append(message)
                self._lock.notify_all()
            return fate or Reply(204)
