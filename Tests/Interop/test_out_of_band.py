"""Responses beside the conversation: in parallel, with an input of their own, told apart by metadata, without trace."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from support.client import Client, Event, sdk_client
from support.guest_server import GuestServer
from support.order import assert_ordered
from support.scripted_llm import Question, Says, ScriptedLLM, ToolCall
from support.server import VivaServer
from support.speech import seconds, transcribe
from support.words import word_error

LONG = "Red roses grow near the wall, and the bees come every morning."
# What makes the model wait until a test lets it go on.
WAIT = "wait"
CLASSIFY = {
    "type": "function", "name": "classify", "description": "Names a topic.",
    "parameters": {"type": "object", "properties": {"topic": {"type": "string"}}},
}  # fmt: skip


class Model(ScriptedLLM):
    """Repeats what the user said, in time or when it is let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        super().__init__(self.say)

    def say(self, question: Question) -> Says:
        if question.body.get("tool_choice") == "required":
            return Says(calls=(ToolCall("classify", {"topic": "garden"}),))
        until = self.go_on if WAIT in question.said else None
        text = LONG if "garden" in question.said else f"You said: {question.said}"
        return Says(text, delay=30 if until else 0, until=until)


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    made = Model()
    yield made
    made.go_on.set()
    made.close()


@pytest.fixture(scope="module")
def office(server: VivaServer, model: Model) -> Iterator[GuestServer]:
    viva = GuestServer(server, model.url, {"assistant": {"instructions": "You are an assistant."}}).start()
    yield viva
    assert viva.process is not None and viva.process.poll() is None, f"it died:\n{viva.log_end()}"
    viva.stop()
    viva.remove()


@pytest.fixture(autouse=True)
def afresh(model: Model) -> Iterator[None]:
    model.go_on.clear()
    model.service.forget()
    yield
    model.go_on.set()


def converse(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 90))


def open_client(office: GuestServer) -> Any:
    return sdk_client(office.http + "/v1", office.key)


def message(text: str, role: str = "user") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def beside(topic: str, *input: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A response of its own, by text."""
    own: dict[str, Any] = {"conversation": "none", "metadata": {"topic": topic}, "output_modalities": ["text"]}
    return own | ({"input": list(input)} if input else {}) | more


async def finished(client: Client, topic: str, timeout: float = 30) -> Event:
    """The end of the response with this topic."""

    def is_it(event: Event) -> bool:
        return (event["response"].get("metadata") or {}).get("topic") == topic

    return await client.wait("response.done", timeout=timeout, where=is_it)


def text_of(done: Event) -> str:
    [part] = done["response"]["output"][0]["content"]
    return part.get("text") or part.get("transcript") or ""


def shown(question: Question) -> list[str]:
    """What the model was shown beside its instructions."""
    return [each["content"] for each in question.messages if each["role"] != "system"]


def assert_clean(client: Client) -> None:
    assert not client.problems, "\n".join(client.problems)
    assert not client.errors(), client.errors()
    assert_ordered(client.events)


def test_it_comes_while_the_agent_speaks_and_leaves_no_trace(office: GuestServer, model: Model) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            await client.say_text("Tell me about your garden.")
            await client.send("response.create")
            first = await client.wait("response.output_audio.delta")
            await client.send("response.create", response=beside("note", message("Is it about plants?")))
            note = await finished(client, "note")
            spoken = await client.wait(
                "response.done", where=lambda event: event.response_id == first.response_id
            )
            assert note.index < spoken.index, "it did not wait for the agent to stop speaking"
            assert text_of(note) == "You said: is it about plants?" and text_of(spoken) == LONG
            assert note["response"]["conversation_id"] is None and spoken["response"]["conversation_id"]
            assert spoken["response"]["status"] == note["response"]["status"] == "completed"
            assert not spoken["response"].get("metadata")
            # The model saw its own input only, and the conversation knows nothing of it.
            assert shown(model.questions[1]) == ["Is it about plants?"]
            made = {item["id"] for item in note["response"]["output"]}
            told = {event["item"]["id"] for event in client.of("conversation.item.added", "conversation.item.done")}
            assert not made & told
            await client.say_text("Thank you.")
            here = len(client.events)
            await client.send("response.create", response={"output_modalities": ["text"]})
            await client.wait_response(after=here)
            assert shown(model.questions[2]) == ["Tell me about your garden.", LONG, "Thank you."]
            assert_clean(client)

    converse(body())


def test_several_run_at_once_and_one_too_many_is_refused(office: GuestServer, model: Model) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            await client.wait("session.created", timeout=5)
            for number in range(8):
                await client.send("response.create", response=beside(f"{number}", message(f"wait {number}")))
            await client.send("response.create", event_id="ninth", response=beside("ninth", message("wait")))
            refused = (await client.wait("error", timeout=10))["error"]
            assert refused["event_id"] == "ninth" and refused["code"] == "too_many_responses"
            assert "8" in refused["message"] and refused["param"] == "response.conversation"
            # The conversation's own has its own place.
            await client.say_text("Hello.")
            await client.send("response.create", response={"output_modalities": ["text"]})
            own = await client.wait(
                "response.done", where=lambda event: event["response"]["conversation_id"] is not None
            )
            assert text_of(own) == "You said: hello."
            assert len(client.of("response.done")) == 1
            model.go_on.set()
            for number in range(8):
                done = await finished(client, f"{number}")
                assert text_of(done) == f"You said: wait {number}"
            assert not client.problems and len(client.errors()) == 1
            assert_ordered(client.events)

    converse(body())


def test_its_input_may_refer_to_items(office: GuestServer, model: Model) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            first = await client.say_text("Roses are red.")
            await client.say_text("Violets are blue.")
            reference = {"type": "item_reference", "id": first}
            own = beside("colour", reference, message("Which colour?"), instructions="Name a colour.")
            await client.send("response.create", response=own)
            await finished(client, "colour")
            question = model.questions[-1]
            assert shown(question) == ["Roses are red.", "Which colour?"]
            assert question.messages[0] == {"role": "system", "content": "Name a colour."}
            # Without an input it reads the conversation.
            await client.send("response.create", response=beside("all"))
            await finished(client, "all")
            assert shown(model.questions[-1]) == ["Roses are red.", "Violets are blue."]
            # With an empty one it reads nothing.
            await client.send("response.create", response=beside("none") | {"input": []})
            await finished(client, "none")
            assert shown(model.questions[-1]) == []
            assert_clean(client)

            unknown = beside("lost", message("Hello."), {"type": "item_reference", "id": "item_of_nobody"})
            await client.send("response.create", event_id="lost", response=unknown)
            error = (await client.wait("error", timeout=5))["error"]
            assert error["param"] == "response.input[1].id" and "item_of_nobody" in error["message"], error

    converse(body())


def test_its_voice_is_no_part_of_the_conversations_sound(office: GuestServer, server: VivaServer) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            await client.wait("session.created", timeout=5)
            spoken = beside("aloud", message("Tell me about your garden."), output_modalities=["audio"])
            await client.send("response.create", response=spoken)
            done = await finished(client, "aloud")
            assert text_of(done) == LONG and done["response"]["output_modalities"] == ["audio"]
            assert done.response_id is not None
            audio = client.audio(done.response_id)
            heard = await transcribe(server.asr, audio)
            assert word_error(LONG, heard) < 0.5, heard
            # It goes to a file, say: nobody listens, so it need not come at the pace of speech.
            deltas = client.of("response.output_audio.delta")
            assert seconds(audio) > 1.5 and deltas
            assert not client.of("conversation.item.added")
            assert_clean(client)

    converse(body())


def test_it_is_cancelled_by_its_id_alone(office: GuestServer, model: Model) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            await client.say_text("Please wait for me.")
            await client.send("response.create", response={"output_modalities": ["text"]})
            await client.send("response.create", response=beside("side", message("wait")))
            side = await client.wait("response.created", where=lambda event: bool(event["response"]["metadata"]))
            await client.send("response.cancel", response_id=side.response_id)
            done = await finished(client, "side")
            assert done["response"]["status"] == "cancelled"
            assert done["response"]["status_details"]["reason"] == "client_cancelled"
            assert len(client.of("response.done")) == 1, "the conversation's own goes on"
            await asyncio.to_thread(model.service.wait_for_abandoned)
            model.go_on.set()
            own = await client.wait(
                "response.done", where=lambda event: event["response"]["conversation_id"] is not None
            )
            assert own["response"]["status"] == "completed"
            assert_clean(client)

    converse(body())


def test_it_may_call_functions_of_its_own(office: GuestServer, model: Model) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            await client.wait("session.created", timeout=5)
            own = beside("topic", message("My roses are red."), tools=[CLASSIFY], tool_choice="required")
            await client.send("response.create", response=own)
            done = await finished(client, "topic")
            [call] = done["response"]["output"]
            assert call["name"] == "classify" and call["arguments"] == '{"topic": "garden"}'
            arguments = client.of("response.function_call_arguments.done", response=done.response_id)
            assert [event["call_id"] for event in arguments] == [call["call_id"]]
            await client.say_text("Hello.")
            await client.send("response.create", response={"output_modalities": ["text"]})
            await client.wait("response.done", after=done.index + 1)
            assert not model.questions[-1].tools and shown(model.questions[-1]) == ["Hello."]
            assert_clean(client)

    converse(body())


def test_an_input_of_its_own_in_the_conversation_stays(office: GuestServer, model: Model) -> None:
    """With `input` but no `conversation: "none"` the model reads the input, and its answer joins the conversation."""

    async def body() -> None:
        async with open_client(office) as client:
            await client.say_text("Roses are red.")
            own = {"output_modalities": ["text"], "input": [message("Say hello.")], "metadata": {"topic": "greeting"}}
            await client.send("response.create", response=own)
            done = await finished(client, "greeting")
            assert shown(model.questions[-1]) == ["Say hello."]
            item = done["response"]["output"][0]["id"]
            assert (await client.retrieve(item))["content"][0]["text"] == "You said: say hello."
            await client.send("response.create", response=beside("all"))
            await finished(client, "all")
            assert shown(model.questions[-1]) == ["Roses are red.", "You said: say hello."]
            assert_clean(client)

    converse(body())


def test_the_end_of_the_session_ends_them(office: GuestServer, model: Model) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            await client.wait("session.created", timeout=5)
            await client.send("response.create", response=beside("late", message("wait")))
            await asyncio.to_thread(model.service.wait_for_count, 1)
        await asyncio.to_thread(model.service.wait_for_abandoned)

    converse(body())
