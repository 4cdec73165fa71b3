"""A calendar of interview slots behind two tools, as a team would write it; and what may go wrong with it."""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import replace
from typing import Any

from .http_service import Call, HTTPService, Reply
from .signature import make_secret, problem_of

TOKEN = "calendar-token"
FREE = ["ten o'clock", "half past eleven"]


class Calendar:
    """`plan` names the fates of the next requests; without one a request is simply served."""

    def __init__(self) -> None:
        self.secret = make_secret()
        self.service = HTTPService(self._answer)
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Nothing is booked, nothing was asked, nothing goes wrong."""
        self.service.come_back()
        self.service.forget()
        with self._lock:
            # What was done, and what was answered, by the id of the message.
            self._done: dict[str, Reply] = {}
            self._fates: deque[Reply | None] = deque()
            self.booked: list[dict[str, Any]] = []
            self.distrusted: list[str] = []

    def plan(self, *fates: Reply | None) -> None:
        """What becomes of the next requests, whatever they ask; None is to be served. One that hangs up, or answers
        late, has done its work before."""
        with self._lock:
            self._fates.extend(fates)

    def hold(self) -> threading.Event:
        """The next request is answered once the event is set, or after a minute."""
        release = threading.Event()
        self.plan(Reply(delay=60, until=release))
        return release

    def calls(self, tool: str | None = None) -> list[dict[str, Any]]:
        """The bodies of what came, of one tool if told."""
        bodies = [json.loads(call.body) for call in self.service.calls]
        return [body for body in bodies if tool is None or body["tool"] == tool]

    def tool(self, name: str, **settings: Any) -> dict[str, Any]:
        """One of the two functions, for an agent's file."""
        described: dict[str, Any] = {
            "find_free_slots": ("Finds free interview slots on a day.", {"day": {"type": "string"}}),
            "book_slot": ("Books an interview slot.", {"day": {"type": "string"}, "slot": {"type": "string"}}),
        }
        description, properties = described[name]
        return {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": properties, "required": list(properties)},
            "url": f"{self.service.url}/{name}",
            "secret": self.secret,
            "headers": {"Authorization": f"Bearer {TOKEN}"},
            "retry": "default",
        } | settings

    def close(self) -> None:
        self.service.close()

    def _answer(self, call: Call) -> Reply:
        with self._lock:
            if why := problem_of(call.headers, call.body, self.secret):
                self.distrusted.append(why)
                return _json(401, {"error": f"not trusted: {why}"})
            if call.headers.get("authorization") != f"Bearer {TOKEN}":
                return _json(401, {"error": "no token"})
            fate = self._fates.popleft() if self._fates else None
            if fate is not None and (fate.status != 200 or fate.body):
                return fate
            identifier = call.headers["webhook-id"]
            # A message that comes again is answered as before, and nothing is done twice.
            if identifier not in self._done:
                self._done[identifier] = self._serve(json.loads(call.body))
            served = self._done[identifier]
            if fate is None:
                return served
            return replace(served, delay=fate.delay, until=fate.until, hangs_up=fate.hangs_up)

    def _serve(self, message: dict[str, Any]) -> Reply:
        arguments = message["arguments"]
        if message["tool"] == "find_free_slots":
            return _json(200, {"day": arguments["day"], "slots": FREE})
        if arguments["slot"] not in FREE:
            return _json(422, {"error": {"message": f"There is no slot at {arguments['slot']}."}})
        self.booked.append(arguments)
        return _json(200, {"booked": arguments["slot"]})


def _json(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})
