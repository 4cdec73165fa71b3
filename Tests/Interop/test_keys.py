"""Ephemeral keys and sidebands with the openai package: what a key brings along, and what it lets its holder do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import openai
import pytest
import websockets
from support.client import Client, sdk_client
from support.guest_server import GuestServer
from support.order import assert_ordered
from support.scripted_llm import Says, ScriptedLLM
from support.server import VivaServer

LONG = "one two three four five six seven eight nine ten"
NOTE = {"type": "function", "name": "take_note", "description": "Notes.", "parameters": {"type": "object"}}
SCOPES = ("caller", "listener", "human", "sideband", "admin")


@pytest.fixture(scope="module")
def llm() -> Iterator[ScriptedLLM]:
    made = ScriptedLLM(lambda question: Says(f"You said: {question.said}."))
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(server: VivaServer, llm: ScriptedLLM) -> Iterator[GuestServer]:
    agents = {"assistant": {"instructions": "You are an assistant."}, "second": {"instructions": "You are another."}}
    viva = GuestServer(server, llm.url, agents).start()
    yield viva
    assert viva.process is not None and viva.process.poll() is None, f"it died:\n{viva.log_end()}"
    viva.stop()
    viva.remove()


def converse(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 90))


def api(office: GuestServer, key: str | None = None) -> openai.OpenAI:
    return openai.OpenAI(api_key=key or office.key, base_url=office.http + "/v1", max_retries=0)


def mint(office: GuestServer, key: str | None = None, scope: str | None = None, **fields: Any) -> str:
    """An ephemeral key; `call_id` binds it to a session."""
    own = {"scope": scope, "call_id": fields.pop("call_id", None)}
    own = {name: value for name, value in own.items() if value is not None}
    secret = api(office, key).realtime.client_secrets.create(extra_body={"viva": own} if own else None, **fields)
    return secret.value


def join(office: GuestServer, key: str, session: str) -> Any:
    return sdk_client(office.http + "/v1", key, None, call_id=session)


@contextlib.asynccontextmanager
async def caller(office: GuestServer, key: str | None = None, **options: Any) -> AsyncIterator[tuple[Client, str]]:
    """A session, and its id."""
    async with sdk_client(office.http + "/v1", key or office.key, options.pop("model", None), **options) as client:
        created = await client.wait("session.created", timeout=10)
        yield client, created["session"]["id"]


async def refusal(office: GuestServer, key: str, **query: Any) -> tuple[int, dict[str, Any]]:
    """What an SDK user sees who may not come in: the status, and our error."""
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with sdk_client(office.http + "/v1", key, query.pop("model", None), **query):
            pass
    response = refused.value.response
    assert str(response.status_code) in str(refused.value), "an SDK user reads the status in the exception"
    return response.status_code, json.loads(response.body or b"{}")["error"]


async def answer(client: Client, text: str, **response: Any) -> str:
    """What the agent answers to a typed message, by text."""
    await client.say_text(text)
    here = len(client.events)
    await client.send("response.create", response={"output_modalities": ["text"]} | response)
    done = await client.wait_response(after=here)
    assert done["response"]["status"] == "completed", done["response"]
    return done["response"]["output"][0]["content"][0]["text"]


async def error_of(client: Client, type: str, **fields: Any) -> dict[str, Any]:
    """Sends an event that earns an error."""
    here = len(client.events)
    await client.send(type, event_id="mine", **fields)
    error = (await client.wait("error", after=here, timeout=5))["error"]
    assert error["event_id"] == "mine" and error["type"] == "invalid_request_error", error
    return error


def assert_clean(*clients: Client) -> None:
    for client in clients:
        assert not client.problems, "\n".join(client.problems)
        assert_ordered(client.events)


# What a key brings along


def test_a_key_brings_its_session_and_the_client_may_change_it(office: GuestServer, llm: ScriptedLLM) -> None:
    session = {
        "type": "realtime", "instructions": "Speak like a sailor.", "output_modalities": ["text"], "tools": [NOTE],
        "max_output_tokens": 77, "audio": {"output": {"speed": 1.25}, "input": {"turn_detection": None}},
    }  # fmt: skip
    secret = api(office).realtime.client_secrets.create(
        session=session, expires_after={"anchor": "created_at", "seconds": 60}
    )
    assert secret.value.startswith("ek_") and 50 < secret.expires_at - time.time() <= 61
    assert secret.session.type == "realtime" and secret.session.instructions == "Speak like a sailor."
    assert secret.session.max_output_tokens == 77 and secret.session.tools[0].name == "take_note"

    async def body() -> None:
        # Two sessions of one key, as a page makes them that is loaded twice.
        for text in ("first", "second"):
            async with caller(office, secret.value) as (client, identifier):
                created = client.events[0]["session"]
                assert created["instructions"] == "Speak like a sailor." and created["output_modalities"] == ["text"]
                assert created["tools"][0]["name"] == "take_note" and created["audio"]["output"]["speed"] == 1.25
                assert created["audio"]["input"]["turn_detection"] is None
                assert identifier != secret.session.id
                assert await answer(client, text) == f"You said: {text}."
                question = llm.questions[-1]
                assert question.messages[0] == {"role": "system", "content": "Speak like a sailor."}
                assert question.tools == ["take_note"] and question.body["max_tokens"] == 77
                updated = await client.update(instructions="Speak like a king.", tools=[])
                assert updated["instructions"] == "Speak like a king." and updated["max_output_tokens"] == 77
                await answer(client, text)
                assert llm.questions[-1].messages[0]["content"] == "Speak like a king." and not llm.questions[-1].tools
                assert_clean(client)

    converse(body())


def test_a_key_for_an_agent_opens_no_other(office: GuestServer) -> None:
    key = mint(office, session={"type": "realtime", "model": "second"})

    async def body() -> None:
        for options in ({}, {"model": "second"}):
            async with caller(office, key, **options) as (client, _):
                assert client.events[0]["session"]["model"] == "second"
        status, error = await refusal(office, key, model="assistant")
        assert status == 403 and error["code"] == "model_not_allowed" and "second" in error["message"]

    converse(body())
    assert [model.id for model in api(office, key).models.list()] == ["second"]


def test_a_key_for_transcription_opens_nothing_else(office: GuestServer) -> None:
    key = mint(office, session={"type": "transcription", "audio": {"input": {"turn_detection": None}}})

    async def body() -> None:
        for options in ({}, {"extra_query": {"intent": "transcription"}}):
            async with caller(office, key, **options) as (client, _):
                assert client.events[0]["session"]["type"] == "transcription"
                assert (await error_of(client, "response.create"))["code"] == "unsupported_event"
        talking = mint(office, session={"type": "realtime"})
        status, error = await refusal(office, talking, extra_query={"intent": "transcription"})
        assert status == 400 and error["param"] == "intent"

    converse(body())


BAD_REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "too short": ({"expires_after": {"anchor": "created_at", "seconds": 9}}, "expires_after.seconds"),
    "too long": ({"expires_after": {"anchor": "created_at", "seconds": 7201}}, "expires_after.seconds"),
    "no number": ({"expires_after": {"anchor": "created_at", "seconds": "soon"}}, "expires_after.seconds"),
    "another anchor": ({"expires_after": {"anchor": "last_use", "seconds": 60}}, "expires_after.anchor"),
    "a bad session": (
        {"session": {"type": "realtime", "audio": {"output": {"speed": 9}}}},
        "session.audio.output.speed",
    ),
    "an unknown scope": ({"extra_body": {"viva": {"scope": "king"}}}, "viva.scope"),
    "a caller of a call": ({"extra_body": {"viva": {"scope": "caller", "call_id": "sess_x"}}}, "viva.call_id"),
}


@pytest.mark.parametrize(("fields", "param"), BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_a_bad_request_for_a_key_names_the_field(office: GuestServer, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        api(office).realtime.client_secrets.create(**fields)
    assert refused.value.param == param, refused.value.param
    assert refused.value.code and refused.value.type == "invalid_request_error" and refused.value.message


@pytest.mark.parametrize("seconds", [10, 7200])
def test_the_bounds_of_a_keys_life_are_taken(office: GuestServer, seconds: int) -> None:
    secret = api(office).realtime.client_secrets.create(expires_after={"anchor": "created_at", "seconds": seconds})
    assert abs(secret.expires_at - time.time() - seconds) < 5


def test_an_expired_key_is_told_and_its_session_goes_on(office: GuestServer) -> None:
    secret = api(office).realtime.client_secrets.create(expires_after={"anchor": "created_at", "seconds": 10})

    async def body() -> None:
        async with caller(office, secret.value) as (client, _):
            await asyncio.sleep(max(0.0, secret.expires_at - time.time()) + 1)
            status, error = await refusal(office, secret.value)
            assert status == 401 and error["code"] == "invalid_api_key" and "expired" in error["message"]
            with pytest.raises(openai.AuthenticationError) as refused:
                await asyncio.to_thread(lambda: api(office, secret.value).models.list())
            assert refused.value.code == "invalid_api_key" and "expired" in refused.value.message
            assert await answer(client, "Still there?") == "You said: still there?."
            assert_clean(client)

    converse(body())


# What a key lets its holder do


def test_each_scope_comes_in_where_it_may(office: GuestServer) -> None:
    keys = {scope: mint(office, scope=scope) for scope in SCOPES}
    keys["server"] = office.key

    async def body() -> None:
        async with caller(office) as (_, session):
            for scope, key in keys.items():
                if scope in ("caller", "admin", "server"):
                    async with caller(office, key):
                        pass
                else:
                    status, error = await refusal(office, key)
                    assert status == 403 and error["code"] == "insufficient_scope" and scope in error["message"]
                if scope == "caller":
                    status, error = await refusal(office, key, call_id=session)
                    assert status == 403 and error["code"] == "insufficient_scope" and "sideband" in error["message"]
                else:
                    async with join(office, key, session) as client:
                        created = await client.wait("session.created", timeout=5)
                        assert created["session"]["id"] == session

    converse(body())
    for scope in SCOPES[:-1]:
        with pytest.raises(openai.PermissionDeniedError) as refused:
            mint(office, keys[scope])
        assert refused.value.code == "insufficient_scope" and "admin" in refused.value.message
    # A key of ten minutes must not go on for ever through its children.
    assert mint(office, keys["admin"]).startswith("ek_")
    with pytest.raises(openai.PermissionDeniedError):
        mint(office, keys["admin"], "admin")


ALLOWED = {
    "listener": {},
    "human": {"conversation.item.create", "conversation.item.retrieve", "response.create", "response.cancel"},
    "sideband": {
        "conversation.item.create", "conversation.item.retrieve", "response.create", "response.cancel",
        "session.update", "input_audio_buffer.commit", "input_audio_buffer.clear",
    },
}  # fmt: skip
MESSAGE = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "From the side."}]}
EVENTS: dict[str, dict[str, Any]] = {
    "input_audio_buffer.append": {"audio": "AAAA"},
    "session.update": {"session": {"type": "realtime", "instructions": "Changed from the side."}},
    "input_audio_buffer.commit": {},
    "input_audio_buffer.clear": {},
    "conversation.item.retrieve": {"item_id": "item_of_nobody"},
    "response.cancel": {},
    "conversation.item.create": {"item": MESSAGE},
    "response.create": {"response": {"output_modalities": ["text"]}},
}


@pytest.mark.parametrize("scope", ALLOWED)
def test_a_sideband_sends_what_its_scope_allows(office: GuestServer, scope: str) -> None:
    key = mint(office, scope=scope)

    async def body() -> None:
        async with caller(office) as (client, session), join(office, key, session) as side:
            await side.wait("session.created", timeout=5)
            for type, fields in EVENTS.items():
                here = len(side.events)
                await side.send(type, event_id=type, **fields)
                await side.send("please.fence", event_id="fence")
                fence = await side.wait(
                    "error", after=here, timeout=5, where=lambda event: event["error"]["event_id"] == "fence"
                )
                its = [event["error"] for event in side.events[here : fence.index] if event.type == "error"]
                codes = {error["code"] for error in its if error["event_id"] == type}
                assert ("insufficient_scope" in codes) == (type not in ALLOWED[scope]), (type, its)
            if scope != "listener":
                done = await client.wait("response.done", timeout=10)
                assert done["response"]["output"][0]["content"][0]["text"] == "You said: from the side.."
            assert not client.errors(), "errors are told to those who made them"
            updated = client.of("session.updated")
            assert len(updated) == (scope == "sideband")
            assert_clean(client, side)

    converse(body())


def test_a_sideband_sees_what_the_caller_sees_but_for_the_sound(office: GuestServer) -> None:
    async def body() -> None:
        async with caller(office) as (client, session):
            await answer(client, "Before anybody joined.")
            async with join(office, mint(office, scope="listener"), session) as side:
                joined = await side.wait("session.created", timeout=5)
                assert joined["session"]["id"] == session
                here = len(client.events)
                await client.say_text(LONG)
                await client.send("response.create")
                done = await client.wait_response(after=here)
                seen = await side.wait_response()
                assert seen.data == done.data, "the same event, by its id too"
                sound = ("response.output_audio.delta",)
                mine = [event.data for event in client.events[here:] if event.type not in sound]
                assert [event.data for event in side.events[1:]] == mine
                assert client.of(*sound) and not side.of(*sound)
                assert_clean(client, side)
            # One who leaves is not missed.
            assert await answer(client, "And after.") == "You said: and after.."

    converse(body())


def test_a_sideband_steers_a_session_and_is_closed_at_its_end(office: GuestServer, llm: ScriptedLLM) -> None:
    async def body() -> None:
        async with contextlib.AsyncExitStack() as stack:
            async with caller(office) as (client, session):
                # The other form that the package has for it.
                query = {"call_id": session}
                side = await stack.enter_async_context(
                    sdk_client(office.http + "/v1", mint(office, scope="sideband"), None, extra_query=query)
                )
                await side.update(instructions="Be brief.", output_modalities=["text"])
                changed = await client.wait("session.updated", timeout=5)
                assert changed["session"]["instructions"] == "Be brief."
                item = await side.say_text("From the side.")
                assert (await client.retrieve(item))["content"][0]["text"] == "From the side."
                await side.send("response.create")
                for each in (client, side):
                    done = await each.wait("response.done", timeout=10)
                    assert done["response"]["output"][0]["content"][0]["text"] == "You said: from the side.."
                assert llm.questions[-1].messages[0]["content"] == "Be brief."
                assert_clean(client, side)
            assert await side.wait_closed() == 1000
            status, error = await refusal(office, office.key, call_id=session)
            assert status == 404 and error["code"] == "call_not_found"

    converse(body())


def test_a_human_takes_over_by_stopping_the_agent(office: GuestServer) -> None:
    async def body() -> None:
        async with caller(office) as (client, session), join(office, mint(office, scope="human"), session) as human:
            await client.say_text(LONG)
            await client.send("response.create")
            await client.wait("response.output_audio.delta")
            await human.send("response.cancel")
            done = await client.wait("response.done", timeout=5)
            assert done["response"]["status"] == "cancelled", done["response"]
            said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I am Eve."}]}
            here = len(client.events)
            await human.send("conversation.item.create", item=said)
            added = await client.wait("conversation.item.done", after=here, timeout=5)
            assert added["item"]["content"][0]["text"] == "I am Eve."
            assert_clean(client, human)

    converse(body())


def test_nobody_joins_a_session_that_is_not_theirs(office: GuestServer) -> None:
    async def body() -> None:
        async with caller(office) as (_, mine), caller(office) as (_, second):
            bound = mint(office, scope="sideband", call_id=mine)
            async with join(office, bound, mine) as client:
                await client.wait("session.created", timeout=5)
            attempts = [
                (bound, second),
                (office.other_key, mine),
                (mint(office, office.other_key, "sideband"), mine),
                (office.key, "sess_of_nobody"),
            ]
            for key, session in attempts:
                status, error = await refusal(office, key, call_id=session)
                assert status == 404 and error["code"] == "call_not_found" and error["param"] == "call_id"
            with pytest.raises(openai.NotFoundError):
                mint(office, office.other_key, "sideband", call_id=mine)

    converse(body())
