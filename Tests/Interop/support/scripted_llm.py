"""A language model that says what a test decides, over OpenAI's chat completions, streamed as real servers stream."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .http_service import Call, HTTPService, Reply


@dataclass(frozen=True)
class ToolCall:
    """A function that the model calls. Arguments that are a text are sent as they are, whatever they are."""

    name: str
    arguments: dict[str, Any] | str
    id: str | None = None

    @property
    def text(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments, ensure_ascii=False)


@dataclass(frozen=True)
class Says:
    """One answer: words, then calls."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    # Seconds before the first word, with `until` at most, and before each further one.
    delay: float = 0
    until: threading.Event | None = None
    pace: float = 0


@dataclass(frozen=True)
class Question:
    """What the model was asked: the body of the request."""

    body: dict[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.body["messages"]

    @property
    def last(self) -> dict[str, Any]:
        return self.messages[-1]

    @property
    def said(self) -> str:
        """The user's last words, in lower case."""
        return next((each["content"].lower() for each in reversed(self.messages) if each["role"] == "user"), "")

    @property
    def tools(self) -> list[str]:
        """The names of the functions that it may call."""
        return [tool["function"]["name"] for tool in self.body.get("tools", [])]


class ScriptedLLM:
    """`decide` may be exchanged at any time; `questions` holds what was asked, oldest first."""

    def __init__(self, decide: Callable[[Question], Says] = lambda _: Says("All right.")) -> None:
        self.decide = decide
        self.service = HTTPService(self._answer)
        self._made = 0

    @property
    def url(self) -> str:
        """For `workers.llm`."""
        return self.service.url + "/v1"

    @property
    def questions(self) -> list[Question]:
        return [Question(json.loads(call.body)) for call in self.service.calls]

    def close(self) -> None:
        self.service.close()

    def _answer(self, call: Call) -> Reply:
        if call.path != "/v1/chat/completions":
            return Reply(404)
        question = Question(json.loads(call.body))
        says = self.decide(question)
        self._made += 1
        headers = {"Content-Type": "text/event-stream; charset=utf-8"}
        return Reply(body=_shredded(self._events(says, question)), headers=headers, delay=says.delay, until=says.until)

    def _events(self, says: Says, question: Question) -> Iterator[bytes]:
        stem = {"id": f"chatcmpl-{self._made}", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}

        def event(delta: dict[str, Any], reason: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
            return _event(stem | {"choices": [choice], "usage": None})

        yield event({"role": "assistant", "content": None if says.calls and not says.text else ""})
        words = re.findall(r"\s*\S+", says.text)
        limit = question.body.get("max_tokens") or len(words)
        for word in words[:limit]:
            time.sleep(says.pace)
            yield event({"content": word})
        yield b": a comment, which keeps proxies awake\n\n"
        for index, call in enumerate(says.calls):
            identifier = call.id or f"call_{self._made}_{index}"
            head = {"name": call.name, "arguments": ""}
            yield event({"tool_calls": [{"index": index, "id": identifier, "type": "function", "function": head}]})
            # Real servers cut anywhere: inside a name, a number, an escape.
            for start in range(0, len(call.text), 5):
                piece = {"index": index, "function": {"arguments": call.text[start : start + 5]}}
                yield event({"tool_calls": [piece]})
        yield event({}, "length" if limit < len(words) else "tool_calls" if says.calls else "stop")
        spoken = min(limit, len(words)) + sum(len(call.text) // 4 for call in says.calls)
        asked = sum(len(str(message.get("content") or "")) for message in question.messages) // 4
        usage = {"prompt_tokens": asked, "completion_tokens": spoken, "total_tokens": asked + spoken}
        yield _event(stem | {"choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def _shredded(events: Iterator[bytes]) -> Iterator[bytes]:
    """In pieces that end where the network likes, not where an event or a character does."""
    for event in events:
        for start in range(0, len(event), 97):
            yield event[start : start + 97]
