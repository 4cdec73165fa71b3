"""An agent that looks up and books with HTTP tools: the service well, slow, failing and gone, the user interrupting.

The calendar is a service of the test's own. The language model is scripted, since SmolLM2 calls no tools by itself;
everything between them is Viva's: what the model is asked, what the service is asked, what the caller sees and hears.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from typing import Any

import openai
import pytest
from conftest import SENTENCES
from support.booking import FREE, Calendar
from support.client import Client, Event, SDKTransport, sdk_client
from support.guest_server import GuestServer
from support.http_service import Reply
from support.microphone import Microphone
from support.order import assert_ordered
from support.scripted_llm import Question, Says, ScriptedLLM, ToolCall
from support.server import VivaServer
from support.speech import Voice, seconds, silence, transcribe
from support.words import word_error

# What people say by voice, as they are heard at their worst: one of the words of a wish is always understood.
LOOK_ALOUD = "Which slots are free on Monday?"
BOOK_ALOUD = "I would like to book the first one, please."
DAY = "Montag, 12. Jänner"
LOOK = ToolCall("find_free_slots", {"day": DAY})
BOOK = ToolCall("book_slot", {"day": DAY, "slot": FREE[0]})
FILLER = "One moment, please."
NOTES = {
    "type": "function",
    "name": "take_note",
    "description": "Shows a note on the caller's screen.",
    "parameters": {"type": "object", "properties": {"text": {"type": "string"}}},
}
WISHES = (
    (LOOK, ("free", "monday")),
    (BOOK, ("book", "first one")),
    (ToolCall("take_note", {"text": "Hello."}), ("note",)),
)
# Words that end what the model says to a tool's error: then a caller knows that it is not the end of the call.
SORRY = "Shall I try again?"


def recruiter(question: Question) -> Says:
    """Looks up and books when it is told to, and says what came of it."""
    if question.last["role"] == "tool":
        return Says(in_words(question.last["content"]))
    wanted = [call for call, words in WISHES if any(word in question.said for word in words)]
    if wanted and question.body.get("tool_choice") != "none":
        return Says(calls=tuple(wanted))
    return Says("Yes, I am here.")


def in_words(output: str) -> str:
    """What a model makes of a tool's output."""
    try:
        found = json.loads(output)
    except json.JSONDecodeError:
        return f"The calendar says {output}."
    if "error" in found:
        return f"I am sorry. {found['error']['message']} {SORRY}"
    if "booked" in found:
        return f"The slot at {found['booked']} is yours."
    return f"There are free slots at {' and at '.join(found['slots'])}."


@pytest.fixture(scope="module")
def calendar() -> Iterator[Calendar]:
    made = Calendar()
    yield made
    made.close()


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    made = ScriptedLLM(recruiter)
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(server: VivaServer, llm: ScriptedLLM, calendar: Calendar) -> Iterator[GuestServer]:
    """A server with agents that have tools."""

    def agent(**settings: Any) -> dict[str, Any]:
        tools = [calendar.tool(name, **settings) for name in ("find_free_slots", "book_slot")]
        return {"instructions": "You arrange interviews.", "tools": tools}

    filler = {"phrases": [FILLER], "after_ms": 300}
    agents = {
        "recruiter": agent(filler=filler, timeout_ms=60_000),
        "hasty": agent(timeout_ms=600),
        "small": agent() | {"workers": {"llm": ["smollm2"]}},
    }
    viva = GuestServer(server, llm.url, agents).start()
    yield viva
    assert viva.process is not None and viva.process.poll() is None, f"it died:\n{viva.log_end()}"
    left = viva.stop()
    assert not left, f"left behind: {[process.command for process in left]}"
    viva.remove()


@pytest.fixture(autouse=True)
def afresh(llm: ScriptedLLM, calendar: Calendar) -> None:
    llm.decide = recruiter
    llm.service.forget()
    calendar.reset()


# What the tests say


def converse(body: Coroutine[Any, Any, None], timeout: float = 90) -> None:
    asyncio.run(asyncio.wait_for(body, timeout))


def open_client(office: GuestServer, agent: str = "recruiter") -> Any:
    return sdk_client(office.http + "/v1", office.key, agent)


async def ask(client: Client, text: str, **response: Any) -> int:
    """A user message by text, to be answered; returns the index before the answer."""
    await client.say_text(text)
    here = len(client.events)
    await client.send("response.create", **({"response": response} if response else {}))
    return here


async def message_after(client: Client, after: int, timeout: float = 30) -> Event:
    """The next response that says something and is no filler, completed."""
    done = await client.wait(
        "response.done",
        after=after,
        timeout=timeout,
        where=lambda event: text_of(event) not in ("", FILLER),
    )
    assert done["response"]["status"] == "completed", done["response"]
    return done


def text_of(done: Event) -> str:
    """What a response said."""
    parts = [part for item in done["response"]["output"] for part in item.get("content", [])]
    return " ".join(part.get("transcript") or part.get("text") or "" for part in parts)


def tool_events(client: Client, after: int = 0) -> list[Event]:
    return [event for event in client.of("viva.tool_call") if event.index >= after]


def assert_clean(client: Client) -> None:
    assert not client.problems, "\n".join(client.problems)
    assert_ordered(client.events)
    assert not client.errors(), client.errors()
    assert client.closed is None


def assert_trusted(calendar: Calendar, office: GuestServer) -> None:
    """The service's own code trusted every request; the SDK does too."""
    assert not calendar.distrusted, calendar.distrusted
    sdk = openai.OpenAI(api_key=office.key, base_url=office.http + "/v1")
    for call in calendar.service.calls:
        unwrapped = sdk.webhooks.unwrap(call.body, call.headers, secret=calendar.secret)
        assert unwrapped.type == "tool.call" and unwrapped.id == call.headers["webhook-id"]
        with pytest.raises(openai.InvalidWebhookSignatureError):
            sdk.webhooks.unwrap(call.body + b" ", call.headers, secret=calendar.secret)


def outputs_in(question: Question) -> list[str]:
    """What tools gave, as the model was shown it."""
    return [message["content"] for message in question.messages if message["role"] == "tool"]


def failure_of(calendar_says: str) -> dict[str, Any]:
    return json.loads(calendar_says)["error"]


# It works


def test_it_looks_up_and_books_by_voice(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM, voice: Voice, server: VivaServer
) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            session = (await client.wait("session.created", timeout=5))["session"]
            # The agent's own functions are no business of the client's.
            assert session["tools"] == []
            await client.append_fast(silence(0.3) + await voice.say(LOOK_ALOUD) + silence(1))
            looked = await message_after(client, 0)
            assert text_of(looked) == "There are free slots at ten o'clock and at half past eleven."
            await client.wait_played()
            here = len(client.events)
            await client.append_fast(await voice.say(BOOK_ALOUD) + silence(1))
            booked = await message_after(client, here)
            assert text_of(booked) == "The slot at ten o'clock is yours."

            assert calendar.booked == [{"day": DAY, "slot": FREE[0]}], "exactly once, as the model wrote it"
            first, second = calendar.calls()
            assert (first["tool"], second["tool"]) == ("find_free_slots", "book_slot")
            assert first["arguments"] == {"day": DAY}
            assert first["session_id"] == second["session_id"] == session["id"]
            assert first["agent"] == "recruiter" and first["type"] == "tool.call"
            assert_trusted(calendar, office)

            check_call(client, LOOK, after=0)
            check_call(client, BOOK, after=here)
            # The model was shown the call and what came of it, and its functions with their schemas.
            question = llm.questions[1]
            [asked] = [message["tool_calls"] for message in question.messages if message.get("tool_calls")]
            assert [json.loads(call["function"]["arguments"]) for call in asked] == [{"day": DAY}]
            assert outputs_in(question) == [json.dumps({"day": DAY, "slots": FREE})]
            assert question.last["tool_call_id"] == asked[0]["id"] == first["call_id"]
            schema = {tool["function"]["name"]: tool["function"]["parameters"] for tool in question.body["tools"]}
            assert schema["book_slot"] == calendar.tool("book_slot")["parameters"]

            heard = [await transcribe(server.asr, client.audio(done.response_id)) for done in (looked, booked)]
            assert word_error(f"{text_of(looked)} {text_of(booked)}", " ".join(heard)) < 0.5, heard
            assert_clean(client)

    converse(body())


def check_call(client: Client, call: ToolCall, after: int) -> None:
    """The order of what a caller sees of one call: the item, the work, the output, the answer."""
    item = next(
        event
        for event in client.of("conversation.item.done")
        if event.index >= after and event["item"]["type"] == "function_call"
    )
    assert item["item"]["name"] == call.name and item["item"]["arguments"] == call.text
    begins, ends = tool_events(client, after)[:2]
    assert begins["call_id"] == ends["call_id"] == item["item"]["call_id"]
    assert begins["name"] == ends["name"] == call.name
    assert (begins["status"], ends["status"]) == ("in_progress", "completed")
    assert ends["duration_ms"] >= 0 and not ends.get("error")
    output = next(
        event
        for event in client.of("conversation.item.done")
        if event.index >= after and event["item"]["type"] == "function_call_output"
    )
    assert output["item"]["call_id"] == item["item"]["call_id"]
    called = next(
        event
        for event in client.of("response.done")
        if event.index >= after and event["response"]["output"][0]["type"] == "function_call"
    )
    answer = next(event for event in client.of("response.created") if event.index > called.index)
    places = [begins.index, ends.index, output.index, answer.index]
    assert places == sorted(places) and begins.index > item.index - 10, client.summary(after)


def test_smollm2_calls_a_tool_that_the_client_requires(office: GuestServer, calendar: Calendar) -> None:
    async def body() -> None:
        async with open_client(office, "small") as client:
            await client.update(output_modalities=["text"])
            choice = {"type": "function", "name": "find_free_slots"}
            # So small a model runs on in a string now and then, until it is cut short: that call is told of its
            # mistake, and the conversation goes on.
            for _ in range(4):
                here = await ask(client, "Which slots are free on Monday?", tool_choice=choice)
                await message_after(client, here, timeout=75)
                if calendar.calls():
                    break
                assert [event["status"] for event in tool_events(client, here)] == ["in_progress", "failed"]
            [message] = calendar.calls()
            assert message["tool"] == "find_free_slots" and set(message["arguments"]) == {"day"}
            assert [event["status"] for event in tool_events(client, here)] == ["in_progress", "completed"]
            assert_trusted(calendar, office)
            assert_clean(client)

    converse(body(), timeout=240)


def test_two_tools_at_once_are_answered_together(office: GuestServer, calendar: Calendar, llm: ScriptedLLM) -> None:
    async def body() -> None:
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            here = await ask(client, "What is free? And please book.")
            await message_after(client, here)
            assert sorted(call["tool"] for call in calendar.calls()) == ["book_slot", "find_free_slots"]
            assert len(llm.questions) == 2, "one answer for both"
            assert len(outputs_in(llm.questions[1])) == 2
            assert len(calendar.booked) == 1
            assert_clean(client)

    converse(body())


def test_a_model_that_numbers_its_calls_anew_books_both_times(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM
) -> None:
    """Some servers name the first call of each answer `call_0`: the service must not take the second for the first."""

    def decide(question: Question) -> Says:
        says = recruiter(question)
        return Says(says.text, tuple(ToolCall(call.name, call.arguments, "call_0") for call in says.calls))

    async def body() -> None:
        llm.decide = decide
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            for _ in range(2):
                here = await ask(client, "Please book ten o'clock.")
                await message_after(client, here)
            assert len(calendar.booked) == 2
            assert len({call.headers["webhook-id"] for call in calendar.service.calls}) == 2
            assert len(outputs_in(llm.questions[-1])) == 2, llm.questions[-1].messages
            assert_clean(client)

    converse(body())


# Slow


def test_while_the_service_is_slow_the_agent_says_so(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM, server: VivaServer
) -> None:
    async def body() -> None:
        release = calendar.hold()
        async with open_client(office) as client:
            here = await ask(client, "What is free?")
            filler = await client.wait("response.done", after=here, where=lambda event: text_of(event) == FILLER)
            release.set()
            answered = await message_after(client, here)
            begins, ends = tool_events(client)
            created = next(
                event for event in client.of("response.created") if event.response_id == filler.response_id
            )
            assert begins.index < created.index < filler.index < ends.index < answered.index
            assert ends["duration_ms"] >= 300, "it was slow"
            assert filler["response"]["status"] == "completed"
            heard = await transcribe(server.asr, client.audio(filler.response_id))
            assert word_error(FILLER, heard) < 0.5, heard
            assert seconds(client.audio(answered.response_id)) > 0.5
            assert text_of(answered).startswith("There are free slots")
            # Nobody asked the model for the filler, and one is enough.
            assert len(llm.questions) == 2
            assert [text_of(done) for done in client.of("response.done")].count(FILLER) == 1
            assert_clean(client)

    converse(body())


def test_a_service_that_is_too_slow_is_given_up(office: GuestServer, calendar: Calendar, llm: ScriptedLLM) -> None:
    async def body() -> None:
        calendar.plan(Reply(delay=5))
        async with open_client(office, "hasty") as client:
            await client.update(output_modalities=["text"])
            here = await ask(client, "What is free?")
            answered = await message_after(client, here, timeout=4)
            _, ends = tool_events(client)
            assert ends["status"] == "failed" and "600 ms" in ends["error"], ends.data
            assert failure_of(outputs_in(llm.questions[-1])[0])["type"] == "timeout"
            assert SORRY in text_of(answered)
            assert len(calendar.calls()) == 1, "it was not asked twice"
            assert_clean(client)

    converse(body())


# Failing


def test_a_booking_that_fails_for_the_moment_is_repeated_and_made_once(
    office: GuestServer, calendar: Calendar
) -> None:
    async def body() -> None:
        # An error, then an answer that is lost on its way, when the booking is made already.
        calendar.plan(Reply(500), Reply(hangs_up=True), None)
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            here = await ask(client, "Please book ten o'clock.")
            answered = await message_after(client, here)
            assert text_of(answered) == "The slot at ten o'clock is yours."
            attempts = calendar.service.calls
            assert len(attempts) == 3
            assert len({attempt.headers["webhook-id"] for attempt in attempts}) == 1, "the same message"
            assert len({attempt.headers["idempotency-key"] for attempt in attempts}) == 1
            assert len({attempt.body for attempt in attempts}) == 1
            assert len(calendar.booked) == 1
            assert [event["status"] for event in tool_events(client)] == ["in_progress", "completed"]
            assert_trusted(calendar, office)
            assert_clean(client)

    converse(body())


REFUSALS = {
    "an object": (Reply(400, b'{"error": {"message": "Mondays are full."}}'), "Mondays are full."),
    "a text": (Reply(403, b'{"error": "Not for you."}'), "Not for you."),
    "nothing": (Reply(404), "HTTP 404"),
    "a page": (Reply(410, b"<html>Gone</html>"), "HTTP 410"),
}


@pytest.mark.parametrize(("refusal", "told"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_not_repeated_and_the_user_is_told(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM, refusal: Reply, told: str
) -> None:
    async def body() -> None:
        calendar.plan(refusal)
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            here = await ask(client, "What is free?")
            answered = await message_after(client, here)
            assert len(calendar.calls()) == 1
            _, ends = tool_events(client)
            assert ends["status"] == "failed" and told in ends["error"], ends.data
            failure = failure_of(outputs_in(llm.questions[-1])[0])
            assert failure["type"] == "http_error" and failure["status"] == refusal.status
            assert told in failure["message"] and told in text_of(answered)
            # The next call is a new one, and works.
            here = await ask(client, "What is free?")
            assert text_of(await message_after(client, here)).startswith("There are free slots")
            assert_clean(client)

    converse(body())


NONSENSE = {
    "no text": (Reply(body=b"\xff\xfe\x00\x01" * 10), "invalid_response"),
    "far too much": (Reply(body=b"x" * (2 << 20)), "invalid_response"),
    "without an end": (Reply(body=iter([b"x" * 65536] * 1000)), "invalid_response"),
    "a redirection": (Reply(302, headers={"Location": "/book_slot"}), "http_error"),
    "a redirection elsewhere": (Reply(307, headers={"Location": "http://192.0.2.1/"}), "http_error"),
}


@pytest.mark.parametrize(("nonsense", "kind"), NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_of_the_service_is_a_tool_error(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM, nonsense: Reply, kind: str
) -> None:
    async def body() -> None:
        calendar.plan(nonsense)
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            here = await ask(client, "What is free?")
            answered = await message_after(client, here)
            assert failure_of(outputs_in(llm.questions[-1])[0])["type"] == kind
            assert SORRY in text_of(answered)
            assert len(calendar.calls()) == 1 and not calendar.booked
            assert_clean(client)

    converse(body())


def test_what_is_no_json_is_given_to_the_model_as_it_is(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM
) -> None:
    async def body() -> None:
        calendar.plan(Reply(body="neun Uhr fünfzehn".encode()))
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            here = await ask(client, "What is free?")
            assert text_of(await message_after(client, here)) == "The calendar says neun Uhr fünfzehn."
            assert outputs_in(llm.questions[-1]) == ["neun Uhr fünfzehn"]
            assert_clean(client)

    converse(body())


@pytest.mark.parametrize("arguments", ['{"day": ', "[1]", '"Monday"', "Monday"])
def test_arguments_that_are_no_object_are_the_models_to_mend(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM, arguments: str
) -> None:
    def decide(question: Question) -> Says:
        if "invalid_arguments" in (question.last["content"] or ""):
            return Says(calls=(LOOK,))
        says = recruiter(question)
        return Says(calls=(ToolCall("find_free_slots", arguments),)) if says.calls else says

    async def body() -> None:
        llm.decide = decide
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            here = await ask(client, "What is free?")
            assert text_of(await message_after(client, here)).startswith("There are free slots")
            assert [call["arguments"] for call in calendar.calls()] == [{"day": DAY}]
            assert [event["status"] for event in tool_events(client)] == [
                "in_progress", "failed", "in_progress", "completed",
            ]  # fmt: skip
            assert_clean(client)

    converse(body())


def test_a_model_that_never_stops_calling_is_made_to_speak(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM
) -> None:
    def decide(question: Question) -> Says:
        may_call = question.tools and question.body.get("tool_choice") != "none"
        return Says(calls=(LOOK,)) if may_call else Says("I cannot find any.")

    async def body() -> None:
        llm.decide = decide
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            here = await ask(client, "What is free?")
            assert text_of(await message_after(client, here)) == "I cannot find any."
            assert 2 <= len(calendar.calls()) <= 20
            assert_clean(client)

    converse(body())


def test_each_question_may_need_its_tools(office: GuestServer, calendar: Calendar) -> None:
    """Of answers that come of tools only so many may follow one another, but a new question begins anew."""

    async def body() -> None:
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            for _ in range(10):
                here = await ask(client, "What is free?")
                assert text_of(await message_after(client, here, timeout=5)).startswith("There are free slots")
            assert len(calendar.calls()) == 10
            assert_clean(client)

    converse(body())


# Gone


def test_when_the_service_is_gone_the_call_goes_on(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM, voice: Voice
) -> None:
    async def body() -> None:
        calendar.service.go_away()
        async with open_client(office) as client:
            await client.append_fast(silence(0.3) + await voice.say(LOOK_ALOUD) + silence(1))
            answered = await message_after(client, 0)
            assert SORRY in text_of(answered)
            _, ends = tool_events(client)
            assert ends["status"] == "failed" and "cannot be reached" in ends["error"], ends.data
            assert failure_of(outputs_in(llm.questions[-1])[0])["type"] == "connection_error"
            assert str(calendar.service.port) not in json.dumps(llm.questions[-1].messages), "it may be said aloud"

            await client.update(output_modalities=["text"])
            here = await ask(client, "Are you still there?")
            assert text_of(await message_after(client, here)) == "Yes, I am here."
            calendar.service.come_back()
            here = await ask(client, "Please book ten o'clock.")
            assert text_of(await message_after(client, here)) == "The slot at ten o'clock is yours."
            assert len(calendar.booked) == 1
            assert_clean(client)

    converse(body())


def test_a_service_that_dies_at_its_work_is_told_as_such(office: GuestServer, calendar: Calendar) -> None:
    async def body() -> None:
        calendar.plan(Reply(delay=20))
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            here = await ask(client, "Please book ten o'clock.")
            await asyncio.to_thread(calendar.service.wait_for_count, 1)
            await asyncio.to_thread(calendar.service.go_away)
            assert SORRY in text_of(await message_after(client, here))
            _, ends = tool_events(client)
            assert ends["status"] == "failed", ends.data
            here = await ask(client, "Are you still there?")
            assert text_of(await message_after(client, here)) == "Yes, I am here."
            assert_clean(client)

    converse(body())


def test_a_caller_who_hangs_up_ends_the_work(office: GuestServer, calendar: Calendar) -> None:
    async def body() -> None:
        calendar.plan(Reply(delay=20))
        async with open_client(office) as client:
            await client.update(output_modalities=["text"])
            await ask(client, "What is free?")
            await asyncio.to_thread(calendar.service.wait_for_count, 1)
        await asyncio.to_thread(calendar.service.wait_for_abandoned)

    converse(body())


# The user, meanwhile


def test_a_user_who_speaks_into_the_work_is_answered_and_nothing_is_booked_twice(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM, voice: Voice
) -> None:
    """What a sensible model does: it books unless it sees that this is under way already."""

    def decide(question: Question) -> Says:
        if "still there" in question.said and question.last["role"] == "user":
            called = any(message.get("tool_calls") for message in question.messages)
            return Says("Yes, I am booking it just now.") if called else Says(calls=(BOOK,))
        return recruiter(question)

    async def body() -> None:
        llm.decide = decide
        release = calendar.hold()
        async with open_client(office) as client, Microphone(client) as microphone:
            await microphone.say(await voice.say(BOOK_ALOUD))
            begins = await client.wait("viva.tool_call", timeout=20)
            filler = await client.wait("response.output_audio.delta", after=begins.index, timeout=10)
            await asyncio.sleep(0.3)
            await microphone.say(await voice.say("Hello, are you still there?"))
            started = await client.wait("input_audio_buffer.speech_started", after=filler.index, timeout=5)
            cut = await client.wait("response.done", after=begins.index, timeout=5)
            assert cut["response"]["status"] in ("cancelled", "completed")
            there = await client.wait(
                "response.done",
                after=started.index,
                timeout=20,
                where=lambda event: text_of(event) == "Yes, I am booking it just now.",
            )
            assert len(tool_events(client)) == 1, "the service was still at work when the user was answered"
            release.set()
            done = await client.wait(
                "response.done",
                after=there.index,
                timeout=20,
                where=lambda event: text_of(event) == "The slot at ten o'clock is yours.",
            )
            assert done["response"]["status"] == "completed"
            ends = tool_events(client)[-1]
            assert len(tool_events(client)) == 2 and ends["status"] == "completed"
            assert len(calendar.booked) == len(calendar.calls("book_slot")) == 1
            assert_clean(client)

    converse(body())


def test_what_came_back_while_the_user_spoke_is_told_with_the_answer(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM, voice: Voice
) -> None:
    async def body() -> None:
        release = calendar.hold()
        async with open_client(office) as client, Microphone(client) as microphone:
            patient = {"type": "server_vad", "silence_duration_ms": 900}
            await client.update(output_modalities=["text"], audio={"input": {"turn_detection": patient}})
            speech = await voice.say(SENTENCES[3])
            await ask(client, "What is free?")
            await client.wait("viva.tool_call", timeout=10)
            speaking = asyncio.create_task(microphone.say(speech))
            started = await client.wait("input_audio_buffer.speech_started", timeout=10)
            release.set()
            ends = await client.wait("viva.tool_call", after=started.index, timeout=5)
            assert ends["status"] == "completed"
            await speaking
            committed = await client.wait("input_audio_buffer.committed", after=ends.index, timeout=10)
            between = client.events[ends.index : committed.index]
            assert not [event for event in between if event.type == "response.created"], "the user had the floor"
            done = await client.wait_response(after=committed.index)
            assert done["response"]["status"] == "completed"
            await asyncio.sleep(1)
            # The model saw both, and answered once.
            assert len(llm.questions) == 2
            assert outputs_in(llm.questions[1]) and "sky" in llm.questions[1].said
            assert_clean(client)

    converse(body())


# The client's own functions


async def client_answers(client: Client, call: dict[str, Any]) -> None:
    assert isinstance(client.transport, SDKTransport)
    here = len(client.events)
    await client.transport.connection.conversation.item.create(
        item={"type": "function_call_output", "call_id": call["call_id"], "output": '{"shown": true}'}
    )
    added = await client.wait("conversation.item.done", after=here, timeout=5)
    assert added["item"]["type"] == "function_call_output"


def test_the_clients_function_stays_the_clients(office: GuestServer, calendar: Calendar, llm: ScriptedLLM) -> None:
    def decide(question: Question) -> Says:
        if question.last["role"] == "tool" and "shown" in question.last["content"]:
            return Says("It is on your screen.")
        return recruiter(question)

    async def body() -> None:
        llm.decide = decide
        async with open_client(office) as client:
            await client.update(output_modalities=["text"], tools=[NOTES])
            here = await ask(client, "Show me a note.")
            done = await client.wait_response(after=here)
            assert sorted(llm.questions[0].tools) == ["book_slot", "find_free_slots", "take_note"]
            [call] = done["response"]["output"]
            assert call["type"] == "function_call" and call["name"] == "take_note"
            arguments = client.of("response.function_call_arguments.done")
            assert [event["arguments"] for event in arguments] == [call["arguments"]] == ['{"text": "Hello."}']
            assert not tool_events(client) and not calendar.calls()
            await client_answers(client, call)
            await asyncio.sleep(0.5)
            assert len(client.of("response.created")) == 1, "the client asks for its answer itself"
            here = len(client.events)
            await client.send("response.create")
            assert text_of(await message_after(client, here)) == "It is on your screen."
            assert_clean(client)

    converse(body())


def test_both_kinds_in_one_answer_wait_for_the_client(
    office: GuestServer, calendar: Calendar, llm: ScriptedLLM
) -> None:
    def decide(question: Question) -> Says:
        if outputs := outputs_in(question):
            return Says(f"I know of {len(outputs)} things.")
        return recruiter(question)

    async def body() -> None:
        llm.decide = decide
        release = calendar.hold()
        async with open_client(office) as client:
            await client.update(tools=[NOTES])
            here = await ask(client, "What is free? Show me a note.")
            done = await client.wait_response(after=here)
            mine, own = sorted(done["response"]["output"], key=lambda item: item["name"], reverse=True)
            assert (mine["name"], own["name"]) == ("take_note", "find_free_slots")
            filler = await client.wait("response.done", after=here, where=lambda event: text_of(event) == FILLER)
            release.set()
            ends = await client.wait("viva.tool_call", after=filler.index, timeout=10)
            assert ends["call_id"] == own["call_id"] and ends["status"] == "completed"
            await asyncio.sleep(0.5)
            last = client.of("response.created")[-1]
            assert last.response_id == filler.response_id, "the answer is the client's to ask for"
            await client_answers(client, mine)
            here = len(client.events)
            await client.send("response.create")
            assert text_of(await message_after(client, here)) == "I know of 2 things."
            assert_clean(client)

    converse(body())


def test_a_name_that_both_have_is_the_clients(office: GuestServer, calendar: Calendar) -> None:
    async def body() -> None:
        own = NOTES | {"name": "find_free_slots"}
        async with open_client(office) as client:
            await client.update(output_modalities=["text"], tools=[own])
            here = await ask(client, "What is free?")
            done = await client.wait_response(after=here)
            assert [item["name"] for item in done["response"]["output"]] == ["find_free_slots"]
            await asyncio.sleep(0.5)
            assert not calendar.calls() and not tool_events(client)
            assert_clean(client)

    converse(body())
